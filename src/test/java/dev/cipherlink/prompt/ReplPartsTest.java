package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.console.Glyphs;
import dev.cipherlink.prompt.Chat.Switches;
import dev.cipherlink.prompt.ChatCompleter.ServerLists;
import dev.cipherlink.prompt.ChatCompleter.SpaceParser;
import dev.cipherlink.prompt.Requests.PendingCommands;
import dev.cipherlink.prompt.SlashCommand.ChatHelp;
import dev.cipherlink.prompt.TerminalScreen.MessageBudget;
import dev.cipherlink.prompt.TopView.TopPage;
import dev.cipherlink.prompt.TopView.TopSamples;
import dev.cipherlink.text.Quotes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jline.reader.Candidate;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.Parser;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The small parts of the REPL, each by itself.
class ReplPartsTest {
    private static final Palette COLOURS = new Palette(true);
    private static final Glyphs GLYPHS = new Glyphs(true);

    private static List<String> answer(String command, byte[] payload, Duration took, boolean isLate) {
        return new AnswerLines(COLOURS, GLYPHS).of(new Screen.Answer(command, 1, Reply.ok(payload), took), isLate).stream()
                .map(AttributedString::toString).toList();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void anAnswerIsShownSafely() {
        assertEquals(List.of("a\\x1b[2J", "b"), answer("GET k", utf8("a\u001b[2J\nb\n"), Duration.ZERO, false));
        assertEquals(List.of("(empty)"), answer("GET k", utf8("\n"), Duration.ZERO, false));
        assertEquals(List.of("(nothing)"), answer("KEYS", new byte[0], Duration.ZERO, false));
        assertEquals(List.of("binary, 3 bytes; to keep them: /save FILE, or cipherlink kv GET k > FILE"),
                answer("GET k", new byte[] {(byte) 0xFF, 0, 1, '\n'}, Duration.ZERO, false));
    }

    /// Issue 14.4: KEYS stopped at 1,000 and did not say so.
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"KEYS k|1000|'there may be more keys: KEYS k 1000 k999'", "KEYS|1000|'there may be more keys: KEYS \"\" 1000 k999'",
        "'KEYS  2 a'|2|'there may be more keys: KEYS \"\" 2 k1'", "keys k 3 k1|3|'there may be more keys: KEYS k 3 k2'", "KEYS k|999|'… 499 more lines: /save FILE keeps all'", "KEYS k 3|2|k1"})
    void asManyKeysAsWereAskedForMayNotBeAll(String command, int count, String last) {
        String keys = IntStream.range(0, count).mapToObj(i -> "k" + i + "\n").collect(Collectors.joining());
        List<String> shown = answer(command, utf8(keys), Duration.ZERO, false);
        assertEquals(last, shown.getLast());
    }

    /// The prompt refused `""` as a prefix, and a key that begins with a quote.
    @ParameterizedTest
    @ValueSource(strings = {"plain", "\"quoted", "'\\"})
    void theCommandForMoreKeysCanBeTyped(String lastKey) {
        String shown = answer("KEYS  1", utf8(lastKey + "\n"), Duration.ZERO, false).getLast();
        String typed = shown.substring("there may be more keys: ".length());
        assertEquals("KEYS  1 " + lastKey, new String(Quotes.resolve(utf8(typed)), StandardCharsets.UTF_8));
    }

    @Test
    void aSlowAnswerShowsItsTimeAndALateOneWhatItAnswers() {
        assertEquals(List.of("OK (0.83s)"), answer("SET k v", utf8("OK\n"), Duration.ofMillis(830), false));
        assertEquals(List.of("SET k → OK"), answer("SET k a secret value", utf8("OK\n"), Duration.ofMillis(10), true));
        assertEquals(List.of("KEYS → ", "a", "b"), answer("KEYS", utf8("a\nb\n"), Duration.ofMillis(10), true));
    }

    /// Issue 14.27: seconds and ids are for programs.
    @Test
    void listsOfTheChatAreInWords() {
        assertEquals(List.of("ann              here, last request 3 s ago", "bob              away, last request 1:02:13 ago"),
                answer("WHO #ops", utf8("ann here 3\nbob away 3733\n"), Duration.ZERO, false));
        assertEquals(List.of("#dev                 1 person", "#ops                 12 people"),
                answer("ROOMS", utf8("#dev 1 0\n#ops 12 1764230000000\n"), Duration.ZERO, false));
        assertEquals(List.of("ann here 3"), answer("GET k", utf8("ann here 3\n"), Duration.ZERO, false));
    }

    @Test
    void aLongAnswerIsCutAndSaysSo() {
        String text = IntStream.range(0, 700).mapToObj(i -> i + "\n").collect(Collectors.joining());
        List<String> lines = answer("KEYS", utf8(text), Duration.ZERO, false);
        assertEquals(501, lines.size());
        assertEquals("… 200 more lines: /save FILE keeps all", lines.getLast());
    }

    @ParameterizedTest
    @CsvSource({"'', ' key version value'", "' ', 'key version value'", "' k', ' version value'", "' k ', 'version value'",
        "' k 1 ', value", "' k 1 x', ''"})
    void hintsNameTheArgumentsStillToCome(String typed, String hint) {
        assertEquals(hint, LineHighlighter.hint("key version value", typed));
    }

    private static boolean isMarkedWrong(String line) {
        return new LineHighlighter(Dialect.CHAT, COLOURS, new Switches()).highlight(line, true).styleAt(0).equals(COLOURS.wrong());
    }

    @Test
    void aCommandThatCannotBeIsMarked() {
        assertTrue(isMarkedWrong("/nothing"));
        assertTrue(isMarkedWrong("/joi #ops"));
        assertTrue(isMarkedWrong("GTE key"));
        assertFalse(isMarkedWrong("/joi"));
        assertFalse(isMarkedWrong("GET key"));
        assertFalse(isMarkedWrong("NASA called"));
        assertFalse(isMarkedWrong("//etc/hosts"));
        assertEquals("CAS k version value",
                new LineHighlighter(Dialect.CHAT, COLOURS, new Switches()).highlight("CAS k", true).toString());
        assertEquals("CAS k", new LineHighlighter(Dialect.CHAT, COLOURS, new Switches()).highlight("CAS k", false).toString());
    }

    @Test
    void directMessagesNeverAndValuesOnlyOnRequestGoToTheDisk() {
        var careful = new TypedHistory(Dialect.CHAT, false);
        var open = new TypedHistory(Dialect.CHAT, true);
        for (String line : List.of("/msg ann x", "/reply x", "TELL ann x", "hello\n/msg ann x")) {
            assertFalse(careful.isForDisk(line), line);
            assertFalse(open.isForDisk(line), line);
        }
        for (String line : List.of("SET k v", "PUT NX k v", "APPEND k v", "CAS k 1 v", "SETRANGE k 0 v", "PUBLISH c v", "ECHO v", "SEET k v",
                "set k v", "/mgs ann x", "GET k\nSET k v")) {
            assertFalse(careful.isForDisk(line), line);
            assertTrue(open.isForDisk(line), line);
        }
        for (String line : List.of("GET k", "hello", "SAY #lobby hello", "/help")) {
            assertTrue(careful.isForDisk(line), line);
        }
        assertFalse(new TypedHistory(Dialect.STORE, false).isForDisk("st k v"));
    }

    @Test
    void aFloodIsCounted() {
        var budget = new MessageBudget(2);
        assertTrue(budget.take(0));
        assertTrue(budget.take(1));
        assertFalse(budget.take(2));
        assertFalse(budget.take(999_999_999));
        assertEquals(0, budget.takeLeftOut(999_999_999));
        assertEquals(2, budget.takeLeftOut(1_000_000_000));
        assertTrue(budget.take(1_000_000_000));
        assertEquals(0, budget.takeLeftOut(3_000_000_000L));
    }

    private static List<String> completions(String line, String answer) {
        var asked = new ArrayList<String>();
        var lists = new ServerLists(command -> {
            asked.add(new String(command, StandardCharsets.UTF_8));
            return answer == null ? new CompletableFuture<>() : CompletableFuture.completedFuture(Reply.ok(utf8(answer)));
        });
        var rooms = new JoinedRooms(false);
        rooms.show("#ops");
        rooms.members("#ops", List.of("ann", "bob"));
        List<Candidate> found = new ArrayList<>();
        var parsed = (CompletingParsedLine) new SpaceParser().parse(line, line.length(), Parser.ParseContext.COMPLETE);
        new ChatCompleter(Dialect.CHAT, rooms, lists).complete(null, parsed, found);
        return found.stream().map(Candidate::value).toList();
    }

    @Test
    void completesVerbsKeysRoomsAndNames() {
        assertTrue(completions("GE", "").contains("GET"));
        assertTrue(completions("/j", "").contains("/join"));
        assertEquals(List.of("apple", "apricot"), completions("GET ap", "apple\napricot\n"));
        assertEquals(List.of("#dev", "#ops"), completions("/join #", "#dev 2 1\n#ops 1 5\n"));
        assertEquals(List.of("ann", "bob"), completions("/msg ", ""));
        assertEquals(List.of("ann:", "bob:"), completions("an", ""));
        assertEquals(List.of("ann", "bob"), completions("hello a", ""));
        assertEquals(List.of(), completions("SET k v", ""));
    }

    @Test
    void aServerThatDoesNotAnswerCompletesNothing() {
        assertEquals(List.of(), completions("GET ap", null));
    }

    @Test
    void stopsWaitingForWhatIsUnderWay() {
        var pending = new PendingCommands();
        var first = pending.add("SET k a secret");
        var second = pending.add("GET k");
        assertTrue(pending.remove(second));
        assertEquals(List.of("SET k"), pending.stopWaiting());
        assertFalse(pending.remove(first));
        assertEquals(0, pending.size());
    }

    @Test
    void drawsAGraphOfTheLastValues() {
        var page = new TopPage(COLOURS, GLYPHS);
        assertEquals("▁▅█", page.sparkline(List.of(0.0, 5.0, 10.0), 10));
        assertEquals("▅█", page.sparkline(List.of(0.0, 5.0, 10.0), 2));
        assertEquals(".+@", new TopPage(COLOURS, new Glyphs(false)).sparkline(List.of(0.0, 5.0, 10.0), 10));
        assertEquals("", page.sparkline(List.of(), 10));
    }

    @Test
    void ratesAreBetweenTwoSamplesLessOurOwnRequest() {
        var samples = new TopSamples();
        samples.add(0, 1_000_000, Map.of("requests", "10", "bytes_in", "0"));
        samples.add(2_000_000_000L, 2_000_000, Map.of("requests", "31", "bytes_in", "4096"));
        assertEquals(List.of(10.0), samples.requestRates());
        assertEquals(List.of(1.0, 2.0), samples.roundTripMillis());
        assertEquals(2048, samples.bytesInRate());
    }

    @ParameterizedTest
    @CsvSource({"40", "80", "200"})
    void theLiveViewFitsTheScreen(int width) {
        var samples = new TopSamples();
        for (int i = 0; i < 400; i++) {
            samples.add(i * 1_000_000_000L, 1_000_000, Map.of("requests", String.valueOf(i * 50), "connections", "3",
                    "heap_used_bytes", "1000000", "heap_max_bytes", "4000000", "version", "1", "uptime_seconds", "70"));
        }
        for (AttributedString line : new TopPage(COLOURS, GLYPHS).draw("host:1", samples, "", width)) {
            assertTrue(line.columnLength() <= width, line.toString());
        }
    }

    @Test
    void helpKnowsEveryCommand() {
        String all = String.join("\n", new ChatHelp(Dialect.CHAT).about(""));
        Arrays.stream(SlashCommand.values()).forEach(command -> assertTrue(all.contains(command.word()), command.word()));
        LineHighlighter.VERBS.forEach(verb -> assertTrue(all.contains(verb), verb));
        assertTrue(new ChatHelp(Dialect.CHAT).about("").stream().allMatch(line -> line.length() <= 80));
        assertEquals(List.of("CAS key version value   sets if the version is still that",
                "  such as: CAS greeting 7 hello again"), new ChatHelp(Dialect.CHAT).about("cas"));
        assertEquals(List.of("/join #room   enter a room, or go to one that you are in"), new ChatHelp(Dialect.CHAT).about("join").subList(2, 3));
    }
}
