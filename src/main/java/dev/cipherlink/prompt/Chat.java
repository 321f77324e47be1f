package dev.cipherlink.prompt;

import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.command.Reply;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.connect.SealedCommands;
import dev.cipherlink.connect.SealedCommands.Wishes;
import dev.cipherlink.console.Glyphs;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.prompt.ChatCompleter.ServerLists;
import dev.cipherlink.prompt.ChatCompleter.SpaceParser;
import dev.cipherlink.prompt.PlainChat.PlainScreen;
import dev.cipherlink.prompt.Requests.PendingCommands;
import dev.cipherlink.prompt.StatusLine.StatusFacts;
import dev.cipherlink.prompt.StatusLine.TransferBar;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jline.reader.LineReader;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/// Assembles the REPL: with line editing on a terminal, as a plain line client elsewhere.
public final class Chat {
    private static final int HISTORY_LINES = 10_000;

    private final ProcessEnvironment surroundings;
    private final Output output;
    private final Settings settings;
    private final Dialect dialect;
    private final Wishes sealing;
    private final boolean colour;

    /// @param dialect [Dialect#STORE] for a prompt of the store, without rooms
    /// @param sealing which values are sealed; direct messages always are
    /// @param colour  whether to use colours, as far as the terminal has them
    public Chat(ProcessEnvironment surroundings, Output output, Settings settings, Dialect dialect, Wishes sealing, boolean colour) {
        this.surroundings = surroundings;
        this.output = output;
        this.settings = settings;
        this.dialect = dialect;
        this.sealing = sealing;
        this.colour = colour;
    }

    /// Where to begin.
    ///
    /// @param room  to enter; empty for none
    /// @param since the id of a message: shows everything that was said in the room after it, and stays until interrupted
    public record Begin(String room, OptionalLong since) {
    }

    /// Connects, and blocks until the user leaves.
    ///
    /// @param keys owned by this method from now on
    public ExitStatus run(ClientKeys keys, Begin begin) throws IOException, InterruptedException {
        boolean isTerminal = isTerminal();
        SealedCommands sealed = sealed(keys);
        try (ChatConnection connection = ChatConnection.open(keys, isTerminal ? patient() : settings)) {
            sealed.resolve(connection.name(), command -> answer(connection, command), news -> output.notice("cipherlink: " + news));
            if (isTerminal) {
                try (Terminal terminal = terminal()) {
                    return onTerminal(connection, sealed, terminal, begin);
                }
            }
            return plainly(connection, sealed, begin);
        }
    }

    /// With the keys of people loaded, where direct messages need them.
    private SealedCommands sealed(ClientKeys keys) {
        var sealed = new SealedCommands(keys, settings, sealing);
        try {
            if (dialect == Dialect.CHAT) {
                sealed.keys();
            }
            return sealed;
        } catch (CliException e) {
            keys.close();
            throw e;
        }
    }

    private Reply answer(ChatConnection connection, byte[] command) throws InterruptedException {
        Duration timeout = settings.duration(Setting.CLIENT_TIMEOUT);
        try {
            return connection.request(command).get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new CliException(ExitStatus.UNREACHABLE, "the server does not tell the keys of people: "
                    + (e instanceof TimeoutException ? "no answer within " + DurationText.format(timeout) : FailureText.of(e.getCause())))
                    .withCause(e);
        }
    }

    /// Reconnects for up to 7 days unless set otherwise: at a prompt the user decides how long to wait.
    private Settings patient() {
        return settings.isSet(Setting.CLIENT_RECONNECT_FOR) ? settings : settings.with(new OptionLayer()
                .put(Setting.CLIENT_RECONNECT_FOR, "chat", "7d").layer(surroundings.folder()));
    }

    /// Whether the terminal can do line editing; if not, the REPL is a plain line client.
    public boolean isTerminal() {
        Terminals terminals = surroundings.terminals();
        String type = surroundings.environment().getOrDefault("TERM", "");
        return terminals.stdin() && terminals.stdout() && !type.isEmpty() && !type.equals("dumb") && !output.isJson();
    }

    private Terminal terminal() throws IOException {
        try {
            return terminal(surroundings.environment().get("TERM"));
        } catch (IllegalStateException _) {
            return terminal("ansi"); // some terminfo entries cannot be read, such as mach-gnu
        }
    }

    private static Terminal terminal(String type) throws IOException {
        return TerminalBuilder.builder().system(true).provider(TerminalBuilder.PROP_PROVIDER_FFM).dumb(false)
                .type(type)
                // whatever the locale is: containers and ssh often have none
                .encoding(StandardCharsets.UTF_8).stdinEncoding(StandardCharsets.UTF_8).stdoutEncoding(StandardCharsets.UTF_8)
                .graphemeCluster(false).nativeSignals(true).signalHandler(Terminal.SignalHandler.SIG_IGN).build();
    }

    private ExitStatus plainly(ChatConnection connection, SealedCommands sealed, Begin begin) throws IOException, InterruptedException {
        PlainChat.LineScreen screen = output.isJson() ? new JsonScreen(output) : new PlainScreen(output);
        var chat = new PlainChat(surroundings, screen, settings.duration(Setting.CLIENT_TIMEOUT));
        var session = new PromptSession(connection, sealed, parts(new JoinedRooms(true), false), screen, chat);
        start(connection, session);
        return chat.run(session, begin);
    }

    private ExitStatus onTerminal(ChatConnection connection, SealedCommands sealed, Terminal terminal, Begin begin)
            throws IOException, InterruptedException {
        ChatParts parts = parts(new JoinedRooms(false), colour);
        EditedLine reader = reader(connection, terminal, parts);
        var repl = new Repl(terminal, connection, parts, surroundings.folder());
        var holder = new CompletableFuture<PromptSession>();
        var transfer = new TransferBar(parts.glyphs());
        var screen = new TerminalScreen(reader, parts, () -> facts(connection, parts, holder.join(), transfer));
        var session = new PromptSession(connection, sealed, parts, screen, repl);
        holder.complete(session);
        ((TypedHistory) reader.getHistory()).onFailure(failure -> screen.error(parts.lines().error(
                "what is typed is not kept any more: " + FailureText.withFile(failure))));
        start(connection, session);
        if (dialect == Dialect.CHAT) {
            session.visits().appear();
        }
        screen.remark(Repl.greeting(connection, parts));
        return repl.run(session, screen, begin);
    }

    private ChatParts parts(JoinedRooms rooms, boolean hasColour) {
        var palette = new Palette(hasColour);
        var glyphs = new Glyphs(surroundings.isUtf8Locale());
        return new ChatParts(dialect, rooms, new ChatLines(palette, glyphs, ZoneId.systemDefault()), new Switches(), palette, glyphs);
    }

    private static void start(ChatConnection connection, PromptSession session) {
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
                session.ended(cause);
            }
        });
    }

    private static StatusFacts facts(ChatConnection connection, ChatParts parts, PromptSession session,
            TransferBar transfer) {
        return new StatusFacts(connection.state(), connection.server().toString(), connection.name(), parts.rooms().current(),
                parts.rooms().unread(), connection.mode(), connection.inFlight(), connection.window(), connection.queued(),
                session.pending().oldest().map(oldest -> waitingFor(oldest, connection, transfer)).orElse(""));
    }

    private static String waitingFor(PendingCommands.Oldest oldest, ChatConnection connection, TransferBar transfer) {
        String bar = connection.progress().map(progress -> transfer.text(progress, oldest.waited(), System.nanoTime())).orElse("");
        return bar.isEmpty() ? oldest.text() : oldest.text() + " " + bar;
    }

    private EditedLine reader(ChatConnection connection, Terminal terminal, ChatParts parts) {
        var lists = new ServerLists(command -> connection.isUp() ? connection.request(command)
                : CompletableFuture.failedFuture(new IOException("no connection")));
        var reader = new EditedLine(terminal);
        reader.setParser(new SpaceParser());
        reader.setHighlighter(new LineHighlighter(dialect, parts.palette(), parts.switches()));
        reader.setCompleter(new ChatCompleter(dialect, parts.rooms(), lists));
        reader.setVariable(LineReader.SECONDARY_PROMPT_PATTERN, parts.glyphs().ellipsis() + " ");
        reader.setVariable(LineReader.HISTORY_SIZE, HISTORY_LINES);
        reader.setVariable(LineReader.HISTORY_FILE_SIZE, HISTORY_LINES);
        reader.setVariable(LineReader.BELL_STYLE, "none");
        reader.setVariable(LineReader.LIST_MAX, 200);
        reader.setOpt(LineReader.Option.DISABLE_EVENT_EXPANSION);
        reader.setOpt(LineReader.Option.HISTORY_IGNORE_SPACE);
        reader.setOpt(LineReader.Option.ERASE_LINE_ON_FINISH);
        reader.unsetOpt(LineReader.Option.INSERT_BRACKET);
        Optional<Path> file = settings.file(Setting.HISTORY_FILE);
        if (file.isPresent()) {
            try {
                reader.setVariable(LineReader.HISTORY_FILE, TypedHistory.prepare(dialect.history(file.get())));
            } catch (IOException e) {
                output.notice("cipherlink: what is typed is not kept, since its file cannot be used: " + FailureText.withFile(e));
            }
        }
        reader.setHistory(new TypedHistory(dialect, settings.isOn(Setting.HISTORY_SECRETS))); // reads the file
        return reader;
    }

    /// The parts that the classes of the REPL share.
    record ChatParts(Dialect dialect, JoinedRooms rooms, ChatLines lines, Switches switches, Palette palette, Glyphs glyphs) {
    }

    /// The switches of `/set`, which last as long as the REPL. Thread-safe.
    static final class Switches {
        static final String HINTS = "hints";
        static final String BELL = "bell";
        static final String STATUS = "status";

        private final Map<String, Boolean> values = new ConcurrentHashMap<>(Map.of(HINTS, true, BELL, true, STATUS, true));

        boolean isOn(String name) {
            return values.get(name);
        }

        /// @param words such as `hints off`
        /// @return the text to show
        String set(String words) {
            String[] parts = words.toLowerCase(Locale.ROOT).split("\\s+");
            boolean known = parts.length == 2 && values.containsKey(parts[0]) && (parts[1].equals("on") || parts[1].equals("off"));
            if (known) {
                values.put(parts[0], parts[1].equals("on"));
            }
            return known || words.isEmpty() ? describe() : "/set takes one of " + String.join(", ", new TreeMap<>(values).keySet())
                    + ", and on or off";
        }

        private String describe() {
            return new TreeMap<>(values).entrySet().stream().map(each -> each.getKey() + (each.getValue() ? " on" : " off"))
                    .collect(Collectors.joining(", "));
        }
    }
}
