package dev.cipherlink.prompt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Verb;
import dev.cipherlink.console.Glyphs;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.Output.AnswerWriter;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.prompt.Chat.ChatParts;
import dev.cipherlink.prompt.Chat.Switches;
import dev.cipherlink.prompt.ChatCompleter.ServerLists;
import dev.cipherlink.prompt.ChatCompleter.SpaceParser;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import dev.cipherlink.prompt.PlainChat.PlainScreen;
import dev.cipherlink.prompt.StatusLine.LinkState;
import dev.cipherlink.prompt.StatusLine.StatusFacts;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jline.reader.Candidate;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Issue 13.16: what a peer sends never acts on the terminal. Every field of the wire is fed with what terminals act on, and
/// every byte that reaches the terminal is looked at.
class TerminalSafetyTest {
    /// Sequences that must not come out: window titles, colours and moves of the cursor, in seven bits and in eight, a bell, a deletion,
    /// text that runs backwards, and a row that begins anew.
    private static final List<String> FORBIDDEN = List.of("\u001b]0;own", "\u001b[66", "\u001bP", "\u009b66", "\u009d0;own", "\u0090",
            "\u007f", "\b", "\u0007", "\u0000", "\u202e", "\u2066", "\u200f", "\u061c", "\u2028", "\ufeff", "\udb40\udc01", "\rFALSE",
            "\nFALSE");
    private static final String HOSTILE = "seen\u001b]0;own\u0007\u001b[66;66H\u001bPq\u009b66;66H\u009d0;own\u0090\u007f\b\u0000"
            + "\u202e\u2066\u200f\u061c\u2028\ufeff\udb40\udc01\rFALSE ";
    private static final String HOSTILE_LINES = HOSTILE + "\nFALSE";

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final Palette palette = new Palette(true);
    private final JoinedRooms rooms = new JoinedRooms(false);
    private final ChatLines lines = new ChatLines(palette, new Glyphs(true), ZoneOffset.UTC);
    private final ChatParts parts = new ChatParts(Dialect.CHAT, rooms, lines, new Switches(), palette, new Glyphs(true));
    private EditedLine reader;
    private TerminalScreen screen;

    @BeforeEach
    void openTerminal() throws IOException {
        Terminal terminal = new LineDisciplineTerminal("test", "xterm-256color", written, UTF_8);
        written.reset(); // what the terminal is asked at first
        reader = new EditedLine(terminal);
        reader.setHighlighter(new LineHighlighter(Dialect.CHAT, palette, parts.switches()));
        screen = new TerminalScreen(reader, parts, TerminalSafetyTest::facts);
    }

    private static StatusFacts facts() {
        return new StatusFacts(new LinkState.Linked(Duration.ZERO, Duration.ZERO), HOSTILE, HOSTILE, HOSTILE,
                List.of(new JoinedRooms.Unread(HOSTILE, 1, 1)), HOSTILE, 0, 1, 0, HOSTILE);
    }

    /// @param least how often the harmless part of what was sent has to be there at least
    private void assertSafe(String text, int least) {
        for (String forbidden : FORBIDDEN) {
            assertFalse(text.contains(forbidden), () -> TerminalText.escapeLine(forbidden) + " in " + TerminalText.escapeLine(text));
        }
        int seen = text.split("seen", -1).length - 1;
        assertTrue(seen >= least, seen + " of " + least + ": " + TerminalText.escapeLine(text));
    }

    private String shown() throws InterruptedException {
        screen.start();
        screen.stop();
        return written.toString(UTF_8);
    }

    @Test
    void eventsAreShownSafely() throws Exception {
        rooms.show("#r");
        var view = new EventView(rooms, lines, screen, Optional.empty());
        view.own(HOSTILE);
        int sent = 0;
        for (Class<?> kind : Event.class.getPermittedSubclasses()) {
            RecordComponent[] fields = kind.getRecordComponents();
            for (int hostile = 0; hostile < fields.length; hostile++) {
                if (fields[hostile].getType() == String.class || fields[hostile].getType() == byte[].class) {
                    view.received(event(kind, fields, hostile).encode());
                    sent++;
                }
            }
        }
        assertTrue(sent >= 15, sent + " fields");
        assertSafe(shown(), 3); // a decoder refuses rooms and names of other characters
    }

    private static Event event(Class<?> kind, RecordComponent[] fields, int hostile) throws ReflectiveOperationException {
        Object[] values = new Object[fields.length];
        for (int i = 0; i < fields.length; i++) {
            values[i] = fields[i].getType() == long.class ? Long.valueOf(100 + hostile)
                    : fields[i].getType() == Instant.class ? Instant.EPOCH
                    : fields[i].getType() == byte[].class ? (i == hostile ? HOSTILE : "payload").getBytes(UTF_8)
                    : i == hostile ? HOSTILE : fields[i].getName().equals("room") ? "#r" : "name";
        }
        Class<?>[] types = Arrays.stream(fields).map(RecordComponent::getType).toArray(Class<?>[]::new);
        return (Event) kind.getDeclaredConstructor(types).newInstance(values);
    }

    /// Whatever a decoder lets through one day.
    @Test
    void linesOfTheChatAreShownSafely() throws Exception {
        Instant now = Instant.EPOCH;
        lines.own(HOSTILE);
        List<AttributedString> all = List.of(lines.message(now, HOSTILE, HOSTILE, HOSTILE_LINES), lines.direct(now, HOSTILE, HOSTILE, HOSTILE_LINES),
                lines.said(now, HOSTILE, HOSTILE_LINES, new DeliveryState.Failed(HOSTILE_LINES)),
                lines.told(now, HOSTILE, HOSTILE_LINES, new DeliveryState.Stored()), lines.presence(now, HOSTILE, HOSTILE, "joined"),
                lines.notice(now, HOSTILE_LINES), lines.typed(HOSTILE_LINES), lines.remark("connected as " + HOSTILE_LINES),
                lines.warning(HOSTILE_LINES), lines.error(HOSTILE_LINES), lines.divider(HOSTILE_LINES), lines.plain(HOSTILE_LINES));
        all.forEach(screen::message);
        all.forEach(screen::asked);
        all.forEach(line -> screen.own(line, new DeliveryState.Queued()));
        all.forEach(screen::warning);
        all.forEach(screen::error);
        assertSafe(shown(), 5 * all.size());
    }

    @Test
    void answersAreShownSafely() throws Exception {
        screen.answer(new Screen.Answer("GET " + HOSTILE, 0, Reply.ok(HOSTILE.replace("\u0000", "").getBytes(UTF_8)), Duration.ZERO));
        screen.answer(new Screen.Answer("GET " + HOSTILE, 7, Reply.error(HOSTILE), Duration.ofSeconds(1)));
        screen.answer(new Screen.Answer("GET " + HOSTILE, 7, Reply.ok(new byte[] {0}), Duration.ofSeconds(1)));
        assertSafe(shown(), 4);
    }

    /// The name that a SYN_ACK gives, rooms, and what waits for an answer.
    @Test
    void theStatusLineIsSafe() {
        assertSafe(new StatusLine(palette, new Glyphs(true)).draw(facts(), 5_000).toAnsi(reader.getTerminal()), 6);
    }

    @Test
    void theLineBeingTypedIsSafeAndKeepsItsLength() {
        String shown = new LineHighlighter(Dialect.CHAT, palette, parts.switches()).highlight(reader, HOSTILE).toString();
        assertSafe(shown, 1);
        assertEquals(HOSTILE.length(), shown.length());
        assertTrue(shown.startsWith("seen?]0;own??[66;66H"), shown);
    }

    /// The chosen candidate goes into the line.
    @Test
    void completionOffersNothingThatIsNotSafe() {
        var lists = new ServerLists(_ -> CompletableFuture.completedFuture(Reply.ok((HOSTILE + "\ngood\n").getBytes(UTF_8))));
        rooms.met(HOSTILE);
        var parsed = new SpaceParser().parse("GET ", 4, org.jline.reader.Parser.ParseContext.COMPLETE);
        var offered = new ArrayList<Candidate>();
        new ChatCompleter(Dialect.CHAT, rooms, lists).complete(reader, parsed, offered);
        assertEquals(List.of("good"), offered.stream().map(Candidate::value).filter(value -> !value.startsWith("FALSE")).toList());
        offered.forEach(candidate -> assertSafe(candidate.value() + candidate.displ(), 0));
    }

    private Output output(boolean json, boolean isTerminal) {
        return new Output(new ProcessEnvironment(new ByteArrayInputStream(new byte[0]), written, written, Map.of(), Path.of(""), Path.of(""),
                new Terminals(isTerminal, isTerminal, isTerminal)), new Output.Options(0, json, false, null));
    }

    @Test
    void commandsAreSafeOnATerminal() {
        Output terminal = output(false, true);
        new AnswerWriter(terminal, false).write(Verb.GET, Reply.ok(HOSTILE.getBytes(UTF_8)), Optional.empty(), false);
        new AnswerWriter(terminal, false).writeOnly(Verb.GET, Reply.ok(HOSTILE.getBytes(UTF_8)));
        terminal.line(HOSTILE);
        terminal.errorLine(HOSTILE);
        terminal.notice(HOSTILE);
        terminal.flush();
        assertSafe(written.toString(UTF_8), 5);
    }

    @Test
    void jsonIsSafeOnATerminalAndMeansTheSame() {
        Output terminal = output(true, true);
        new AnswerWriter(terminal, false).write(Verb.GET, Reply.ok(HOSTILE_LINES.getBytes(UTF_8)), Optional.of(7), false);
        terminal.errorLine(Json.error(new CliException(ExitStatus.REFUSED, HOSTILE_LINES), Optional.empty()));
        terminal.flush();
        assertSafe(written.toString(UTF_8), 2);
        String first = written.toString(UTF_8).lines().findFirst().orElseThrow();
        assertEquals("\"" + HOSTILE_LINES + "\"", unescaped(first.substring(first.indexOf("\"seen"), first.lastIndexOf('}'))));
    }

    private static String unescaped(String json) {
        return java.util.regex.Pattern.compile("\\\\u([0-9a-fA-F]{4})").matcher(json)
                .replaceAll(match -> java.util.regex.Matcher.quoteReplacement(
                        String.valueOf((char) Integer.parseInt(match.group(1), 16))))
                .replace("\\b", "\b").replace("\\r", "\r").replace("\\n", "\n");
    }

    /// As docs/security.md says: what goes into a pipe is exact to the byte.
    @Test
    void pipesGetTheBytes() {
        Output pipe = output(false, false);
        new AnswerWriter(pipe, false).writeOnly(Verb.GET, Reply.ok((HOSTILE_LINES + "\n").getBytes(UTF_8)));
        pipe.flush();
        assertEquals(HOSTILE_LINES, written.toString(UTF_8));
    }

    @Test
    void aMessageInAPipeIsOneLine() {
        var plain = new PlainScreen(output(false, false));
        plain.message(lines.message(Instant.EPOCH, "#r", "ann", HOSTILE_LINES));
        assertSafe(written.toString(UTF_8), 1);
        assertEquals(1, written.toString(UTF_8).lines().count());
    }
}
