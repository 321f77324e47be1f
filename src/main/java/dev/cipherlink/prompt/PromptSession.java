package dev.cipherlink.prompt;

import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.connect.SealedCommands;
import dev.cipherlink.connect.SealingKeys;
import dev.cipherlink.prompt.Chat.ChatParts;
import dev.cipherlink.prompt.Chat.Switches;
import dev.cipherlink.prompt.Requests.PendingCommands;
import dev.cipherlink.prompt.SlashCommand.ChatHelp;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// Runs typed lines: sends them, and shows their results. Nothing here blocks on the network.
///
/// Each method that runs something returns a future of its exit status, for callers that have to wait, such as a pipe.
final class PromptSession {
    private static final long LOSS_PATIENCE_MILLIS = 3_000;
    private static final CompletableFuture<ExitStatus> DONE = CompletableFuture.completedFuture(ExitStatus.DONE);

    /// Commands that need the REPL around the session.
    interface Host {
        void leave();

        /// Takes the whole screen until a key is pressed.
        ExitStatus showTop();

        /// Shows the last answer page by page.
        ExitStatus showMore();

        /// Writes the last answer to a file.
        ExitStatus save(String file);
    }

    private final ChatConnection connection;
    private final Dialect dialect;
    private final JoinedRooms rooms;
    private final Optional<SealedMessages> mail;
    private final EventView events;
    private final Deliveries deliveries;
    private final ChatLines lines;
    private final Screen screen;
    private final Requests requests;
    private final RoomVisits visits;
    private final Switches switches;
    private final Host host;
    private final CountDownLatch ended = new CountDownLatch(1);

    PromptSession(ChatConnection connection, SealedCommands sealing, ChatParts parts, Screen screen, Host host) {
        this.connection = connection;
        this.dialect = parts.dialect();
        this.rooms = parts.rooms();
        this.lines = parts.lines();
        this.switches = parts.switches();
        this.screen = screen;
        this.host = host;
        this.mail = (dialect == Dialect.CHAT ? sealing.keys() : Optional.<SealingKeys>empty()).map(known -> new SealedMessages(connection,
                known, text -> screen.remark(lines.remark(text)), text -> screen.warning(lines.warning(text))));
        this.events = new EventView(rooms, lines, screen, mail);
        this.deliveries = new Deliveries(connection, lines, events, rooms, mail);
        this.requests = new Requests(connection, sealing, screen, lines);
        this.visits = new RoomVisits(connection, requests, events, parts, screen);
    }

    /// The current room; empty for none.
    String room() {
        return rooms.current();
    }

    RoomVisits visits() {
        return visits;
    }

    PendingCommands pending() {
        return requests.pending();
    }

    Deliveries deliveries() {
        return deliveries;
    }

    EventView events() {
        return events;
    }

    CompletableFuture<ExitStatus> run(String typed) {
        return switch (dialect.parse(typed)) {
            case TypedLine.Nothing _ -> nothing();
            case TypedLine.Text(String text) -> say(text);
            case TypedLine.Request request -> request(request);
            case TypedLine.Slash(SlashCommand command, String rest) -> slash(command, rest);
            case TypedLine.Unknown(String word, var near) -> refuse("there is no " + TerminalText.escapeLine(word)
                    + near.map(found -> ", did you mean " + found + "?").orElse("; " + (dialect == Dialect.STORE ? "help" : "/help") + " lists all"));
        };
    }

    /// Enter on an empty line reconnects at once instead of after the delay.
    private CompletableFuture<ExitStatus> nothing() {
        if (!connection.isUp()) {
            connection.retryNow();
        }
        return DONE;
    }

    /// Commands that change the REPL's own state are not only sent: the REPL tracks their effect.
    private CompletableFuture<ExitStatus> request(TypedLine.Request request) {
        String[] words = request.rest().split(" ", 2);
        return switch (request.verb()) {
            case JOIN -> visits.join(request.rest());
            case LEAVE -> visits.leave(request.rest());
            case SAY -> words.length == 2 ? deliveries.say(words[0], words[1]) : requests.ask(request.command());
            case TELL -> words.length == 2 ? deliveries.tell(words[0], words[1]) : requests.ask(request.command());
            case HISTORY -> visits.history(request.command(), "");
            default -> requests.ask(request.command());
        };
    }

    private CompletableFuture<ExitStatus> slash(SlashCommand command, String rest) {
        return switch (command) {
            case JOIN, ROOM -> visits.join(rest);
            case LEAVE -> visits.leave(rest.isEmpty() ? rooms.current() : rest);
            case MSG -> tell(rest);
            case REPLY -> rooms.lastSender().isEmpty() ? refuse("nobody has written to you yet")
                    : tell(rooms.lastSender() + " " + rest);
            case WHOIS -> rest.isEmpty() ? usage(command) : aboutKey(command, mail -> mail.whois(rest));
            case VERIFY -> rest.isEmpty() ? usage(command) : aboutKey(command, mail -> {
                String[] words = rest.split("\\s+", 2);
                return mail.verify(words[0], words.length == 2 ? words[1] : "");
            });
            case SAY -> rest.isEmpty() ? usage(command) : say(rest);
            case ME -> rest.isEmpty() ? usage(command) : say(ChatLines.ACTION + rest);
            case IGNORE -> remark(events.ignore(rest));
            case NICK -> refuse("your name belongs to your key: the server's operator gives it another one, by keys revoke and "
                    + "authorize --name NAME");
            case WHO -> requests.ask(("WHO " + (rest.isEmpty() ? rooms.current() : rest)).strip());
            case ROOMS -> requests.ask("ROOMS");
            case HISTORY -> rooms.current().isEmpty() ? refuse("you are in no room; /join #room enters one")
                    : visits.history(("HISTORY " + rooms.current() + " " + rest).strip(), rooms.current());
            case SEARCH -> search(rest);
            case SOCKETS -> requests.ask("SOCKETS");
            case INFO -> requests.ask("INFO");
            case TOP -> CompletableFuture.completedFuture(host.showTop());
            case MODE -> remark(connection.mode() + ", window " + connection.window() + ", " + connection.inFlight()
                    + " in flight, " + connection.queued() + " waiting");
            case KICK -> inRoom("KICK", rest, command);
            case MUTE -> mute(rest, command);
            case MORE -> CompletableFuture.completedFuture(host.showMore());
            case SAVE -> rest.isEmpty() ? usage(command) : CompletableFuture.completedFuture(host.save(rest));
            case SET -> remark(switches.set(rest));
            case HELP -> done(() -> new ChatHelp(dialect).about(rest).forEach(line -> screen.asked(lines.plain(line))));
            case QUIT -> done(host::leave);
        };
    }

    private static CompletableFuture<ExitStatus> done(Runnable action) {
        action.run();
        return DONE;
    }

    private CompletableFuture<ExitStatus> remark(String text) {
        screen.asked(lines.remark(text));
        return DONE;
    }

    private CompletableFuture<ExitStatus> refuse(String why) {
        screen.error(lines.error(why));
        return CompletableFuture.completedFuture(ExitStatus.REFUSED);
    }

    private CompletableFuture<ExitStatus> usage(SlashCommand command) {
        return refuse("usage: " + command.word() + " " + command.arguments());
    }

    private CompletableFuture<ExitStatus> say(String text) {
        if (rooms.current().isEmpty()) {
            return refuse("you are in no room: /join #room enters one, /help lists the commands"
                    + MistakenLine.of(text).map(MistakenLine::command).filter(command -> !command.isEmpty())
                    .map(command -> "; did you mean " + TerminalText.escapeLine(PendingCommands.head(command)) + "?").orElse(""));
        }
        return deliveries.say(rooms.current(), text);
    }

    private CompletableFuture<ExitStatus> tell(String rest) {
        String[] words = rest.split("\\s+", 2);
        return words.length < 2 || words[1].isBlank() ? usage(SlashCommand.MSG) : deliveries.seal(words[0], words[1]);
    }

    /// A command about somebody's key, which shows lines.
    private CompletableFuture<ExitStatus> aboutKey(SlashCommand command, Function<SealedMessages, CompletableFuture<List<String>>> question) {
        if (mail.isEmpty()) {
            return refuse("with a shared key nobody has a key of one's own");
        }
        return question.apply(mail.get()).handle((answer, failure) -> {
            if (failure != null) {
                screen.error(lines.error(command.word() + ": " + Deliveries.failure(failure, false)));
                return ExitStatus.REFUSED;
            }
            answer.forEach(line -> screen.asked(lines.plain(TerminalText.escapeLine(line))));
            return ExitStatus.DONE;
        });
    }

    private CompletableFuture<ExitStatus> inRoom(String verb, String rest, SlashCommand command) {
        if (rest.isEmpty() || !rest.startsWith("#") && rooms.current().isEmpty()) {
            return usage(command);
        }
        return requests.ask(verb + " " + (rest.startsWith("#") ? rest : rooms.current() + " " + rest));
    }

    private CompletableFuture<ExitStatus> mute(String rest, SlashCommand command) {
        String[] words = rest.split("\\s+");
        return rest.isEmpty() || words.length > 2 ? usage(command)
                : requests.ask("MUTE " + words[0] + " " + (words.length == 2 ? words[1] : "600"));
    }

    private CompletableFuture<ExitStatus> search(String text) {
        if (text.isEmpty()) {
            return usage(SlashCommand.SEARCH);
        }
        var found = events.shown().search(text);
        screen.asked(lines.divider(found.size() + " lines with " + TerminalText.escapeLine(text)));
        found.forEach(screen::asked);
        return DONE;
    }

    /// Blocks until the direct messages that have come are shown, for a few seconds at most.
    void drain() throws InterruptedException {
        if (mail.isPresent()) {
            mail.get().drain();
        }
    }

    /// Blocks until the connection has ended for good.
    ExitStatus awaitEnd() throws InterruptedException {
        ended.await();
        return ExitStatus.UNREACHABLE;
    }

    void ended(IOException cause) {
        screen.error(lines.error("connection to " + connection.server() + " lost for good: " + FailureText.of(cause)));
        ended.countDown();
    }

    /// Reports a connection loss, unless it is over in a moment. Queued lines are sent later; unanswered ones are
    /// reported one by one.
    void lost(IOException cause) {
        CompletableFuture.delayedExecutor(LOSS_PATIENCE_MILLIS, TimeUnit.MILLISECONDS).execute(() -> {
            if (!connection.isUp()) {
                screen.warning(lines.warning("link lost: " + FailureText.of(cause) + "; what you type is kept and sent later; "
                        + "Enter tries again at once, Ctrl-C twice leaves"));
            }
        });
    }

    void connected(ConnectionState.Connected state) {
        String news = "link restored after " + DurationText.measured(state.away().toNanos())
                + (state.isResumed() ? "; the session goes on" : ", in a new session: the server had forgotten the old one");
        String unknown = state.unknown() == 0 ? "" : "; the outcome of " + state.unknown() + " requests is unknown";
        if (!state.isResumed() || state.away().toMillis() >= LOSS_PATIENCE_MILLIS) {
            screen.warning(lines.warning(news + unknown));
        }
        if (state.isResumed()) {
            visits.catchUp();
        } else {
            visits.enterAgain();
        }
    }
}
