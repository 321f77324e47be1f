package dev.cipherlink.cli;

import dev.cipherlink.client.ConnectionState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/// Puts the REPL together: on a terminal with everything, elsewhere as a plain line client.
final class Chat {
    private static final int HISTORY_LINES = 10_000;

    private final Surroundings surroundings;
    private final Output output;
    private final Settings settings;
    private final boolean colour;

    /// @param colour whether colours are wished, as far as the terminal has them
    Chat(Surroundings surroundings, Output output, Settings settings, boolean colour) {
        this.surroundings = surroundings;
        this.output = output;
        this.settings = settings;
        this.colour = colour;
    }

    /// Connects, and blocks until somebody leaves.
    ///
    /// @param keys which it owns from now on
    /// @param room to enter first; empty for none
    ExitStatus run(ClientKeys keys, String room) throws IOException, InterruptedException {
        boolean isTerminal = isTerminal();
        try (ChatConnection connection = ChatConnection.open(keys, isTerminal ? patient() : settings)) {
            if (isTerminal) {
                try (Terminal terminal = terminal()) {
                    return onTerminal(connection, terminal, room);
                }
            }
            return plainly(connection, room);
        }
    }

    /// Somebody who sits there decides how long to wait.
    private Settings patient() {
        return settings.isSet(Setting.CLIENT_RECONNECT_FOR) ? settings : settings.with(new OptionLayer()
                .put(Setting.CLIENT_RECONNECT_FOR, "chat", "7d").layer(surroundings.folder()));
    }

    private boolean isTerminal() {
        Terminals terminals = surroundings.terminals();
        String type = surroundings.environment().getOrDefault("TERM", "");
        return terminals.stdin() && terminals.stdout() && !type.isEmpty() && !type.equals("dumb") && !output.isJson();
    }

    private Terminal terminal() throws IOException {
        return TerminalBuilder.builder().system(true).provider(TerminalBuilder.PROP_PROVIDER_FFM).dumb(false)
                .type(surroundings.environment().get("TERM"))
                .encoding(surroundings.isUtf8Locale() ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII)
                .graphemeCluster(false).nativeSignals(true).signalHandler(Terminal.SignalHandler.SIG_IGN).build();
    }

    private ExitStatus plainly(ChatConnection connection, String room) throws IOException, InterruptedException {
        var chat = new PlainChat(surroundings, output, settings.duration(Setting.CLIENT_TIMEOUT));
        var screen = new PlainScreen(output);
        var session = new ChatSession(connection, parts(false, new Glyphs(surroundings.isUtf8Locale())), screen, chat);
        start(connection, session, screen, new ChatLines(new Palette(false), new Glyphs(false), ZoneId.systemDefault()));
        return chat.run(session, room);
    }

    private ExitStatus onTerminal(ChatConnection connection, Terminal terminal, String room)
            throws IOException, InterruptedException {
        ChatParts parts = parts(colour, new Glyphs(surroundings.isUtf8Locale()));
        LineReaderImpl reader = reader(connection, terminal, parts);
        var repl = new Repl(terminal, connection, parts, surroundings.folder());
        var holder = new CompletableFuture<ChatSession>();
        var transfer = new TransferBar(parts.glyphs());
        var screen = new TerminalScreen(reader, parts, () -> facts(connection, parts, holder.join(), transfer));
        var session = new ChatSession(connection, parts, screen, repl);
        holder.complete(session);
        start(connection, session, screen, parts.lines());
        session.visits().appear();
        screen.remark(Repl.greeting(connection, connection.name(), parts.lines()));
        return repl.run(session, screen, room);
    }

    private static ChatParts parts(boolean colour, Glyphs glyphs) {
        var palette = new Palette(colour);
        return new ChatParts(new Rooms(), new ChatLines(palette, glyphs, ZoneId.systemDefault()), new Switches(), palette, glyphs);
    }

    private void start(ChatConnection connection, ChatSession session, Screen screen, ChatLines lines) {
        session.events().own(connection.name());
        connection.start(new ChatConnection.Listener() {
            @Override
            public void received(byte[] event) {
                session.events().received(event);
            }

            @Override
            public void connected(ConnectionState.Connected state) {
                session.connected(state);
            }

            @Override
            public void lost(IOException cause) {
                session.lost(cause);
            }

            @Override
            public void ended(IOException cause) {
                screen.error(lines.error("connection to " + connection.server() + " lost for good: " + FailureText.of(cause)));
            }
        });
    }

    private static StatusFacts facts(ChatConnection connection, ChatParts parts, ChatSession session,
            TransferBar transfer) {
        return new StatusFacts(connection.state(), connection.server().toString(), connection.name(), parts.rooms().current(),
                parts.rooms().unread(), connection.mode(), connection.inFlight(), connection.window(), connection.queued(),
                session.pending().oldest().map(oldest -> waitingFor(oldest, connection, transfer)).orElse(""));
    }

    private static String waitingFor(PendingCommands.Oldest oldest, ChatConnection connection, TransferBar transfer) {
        String bar = connection.progress().map(progress -> transfer.text(progress, oldest.waited(), System.nanoTime())).orElse("");
        return bar.isEmpty() ? oldest.text() : oldest.text() + " " + bar;
    }

    private LineReaderImpl reader(ChatConnection connection, Terminal terminal, ChatParts parts) throws IOException {
        var lists = new ServerLists(command -> connection.isUp() ? connection.request(command)
                : CompletableFuture.failedFuture(new IOException("no connection")));
        LineReaderBuilder builder = LineReaderBuilder.builder().terminal(terminal).appName("cipherlink")
                .parser(new SpaceParser())
                .highlighter(new LineHighlighter(parts.palette(), parts.switches()))
                .completer(new ChatCompleter(parts.rooms(), lists))
                .history(new TypedHistory(settings.isOn(Setting.HISTORY_SECRETS)))
                .variable(LineReader.SECONDARY_PROMPT_PATTERN, parts.glyphs().ellipsis() + " ")
                .variable(LineReader.HISTORY_SIZE, HISTORY_LINES)
                .variable(LineReader.HISTORY_FILE_SIZE, HISTORY_LINES)
                .variable(LineReader.BELL_STYLE, "none")
                .variable(LineReader.LIST_MAX, 200)
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .option(LineReader.Option.HISTORY_IGNORE_SPACE, true)
                .option(LineReader.Option.ERASE_LINE_ON_FINISH, true)
                .option(LineReader.Option.INSERT_BRACKET, false);
        Optional<Path> file = settings.file(Setting.HISTORY_FILE);
        if (file.isPresent()) {
            TypedHistory.prepare(file.get());
            builder.variable(LineReader.HISTORY_FILE, file.get());
        }
        LineReaderImpl reader = (LineReaderImpl) builder.build();
        PasteWidget.install(reader);
        return reader;
    }
}
