package dev.cipherlink.cli;

import dev.cipherlink.client.ConnectionState;
import dev.cipherlink.client.OutcomeUnknownException;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Runs what is typed: sends it, and shows what comes of it. Nothing here blocks on the network.
///
/// Every method that runs something gives a future of how that ends, for those who have to wait, such as a pipe.
final class ChatSession {
    private static final int HISTORY_ON_JOIN = 20;
    private static final long LOSS_PATIENCE_MILLIS = 3_000;
    private static final int MAX_SHOWN_MEMBERS = 20;
    private static final int MAX_MISSED = 1_000;
    private static final CompletableFuture<ExitStatus> DONE = CompletableFuture.completedFuture(ExitStatus.DONE);

    /// What only the REPL around it can do.
    interface Host {
        void leave();

        /// Takes the whole screen until a key is pressed.
        void showTop();

        /// Writes the last answer to a file.
        void save(String file);
    }

    private final ChatConnection connection;
    private final Rooms rooms;
    private final EventView events;
    private final Deliveries deliveries;
    private final ChatLines lines;
    private final Screen screen;
    private final PendingCommands pending = new PendingCommands();
    private final Switches switches;
    private final Host host;

    ChatSession(ChatConnection connection, ChatParts parts, Screen screen, Host host) {
        this.connection = connection;
        this.rooms = parts.rooms();
        this.lines = parts.lines();
        this.switches = parts.switches();
        this.screen = screen;
        this.host = host;
        this.events = new EventView(rooms, lines, screen);
        this.deliveries = new Deliveries(connection, lines, events);
    }

    PendingCommands pending() {
        return pending;
    }

    Deliveries deliveries() {
        return deliveries;
    }

    EventView events() {
        return events;
    }

    CompletableFuture<ExitStatus> run(String typed) {
        return switch (TypedLine.parse(typed)) {
            case TypedLine.Nothing _ -> nothing();
            case TypedLine.Text(String text) -> say(text);
            case TypedLine.Request request -> request(request);
            case TypedLine.Slash(SlashCommand command, String rest) -> slash(command, rest);
            case TypedLine.UnknownSlash(String word, var near) -> refuse("there is no " + TerminalText.escapeLine(word)
                    + near.map(found -> ", did you mean " + found + "?").orElse("; /help lists all"));
        };
    }

    /// Enter on an empty line ends the wait for the next attempt to connect.
    private CompletableFuture<ExitStatus> nothing() {
        if (!connection.isUp()) {
            connection.retryNow();
        }
        return DONE;
    }

    /// Commands that change what the REPL knows take the way of its own.
    private CompletableFuture<ExitStatus> request(TypedLine.Request request) {
        String[] words = request.rest().split(" ", 2);
        return switch (request.verb()) {
            case JOIN -> join(request.rest());
            case LEAVE -> leave(request.rest());
            case SAY -> words.length == 2 ? deliveries.say(words[0], words[1]) : ask(request.command());
            case TELL -> words.length == 2 ? deliveries.tell(words[0], words[1]) : ask(request.command());
            case HISTORY -> history(request.command(), "");
            default -> ask(request.command());
        };
    }

    private CompletableFuture<ExitStatus> slash(SlashCommand command, String rest) {
        return switch (command) {
            case JOIN, ROOM -> join(rest);
            case LEAVE -> leave(rest.isEmpty() ? rooms.current() : rest);
            case MSG -> tell(rest);
            case REPLY -> rooms.lastSender().isEmpty() ? refuse("nobody has written to you yet")
                    : tell(rooms.lastSender() + " " + rest);
            case SAY -> rest.isEmpty() ? usage(command) : say(rest);
            case WHO -> ask(("WHO " + (rest.isEmpty() ? rooms.current() : rest)).strip());
            case ROOMS -> ask("ROOMS");
            case HISTORY -> rooms.current().isEmpty() ? refuse("you are in no room; /join #room enters one")
                    : history(("HISTORY " + rooms.current() + " " + rest).strip(), rooms.current());
            case SEARCH -> search(rest);
            case SOCKETS -> ask("SOCKETS");
            case INFO -> ask("INFO");
            case TOP -> done(host::showTop);
            case MODE -> remark(connection.mode() + ", window " + connection.window() + ", " + connection.inFlight()
                    + " in flight, " + connection.queued() + " waiting");
            case KICK -> inRoom("KICK", rest, command);
            case MUTE -> mute(rest, command);
            case SAVE -> rest.isEmpty() ? usage(command) : done(() -> host.save(rest));
            case SET -> remark(switches.set(rest));
            case HELP -> done(() -> ChatHelp.about(rest).forEach(line -> screen.asked(lines.plain(line))));
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
                    + NearestMatch.find(TypedLine.firstWord(text), LineHighlighter.VERBS).filter(_ -> text.length() > 2)
                    .map(verb -> "; did you mean " + verb + "?").orElse(""));
        }
        return deliveries.say(rooms.current(), text);
    }

    private CompletableFuture<ExitStatus> tell(String rest) {
        String[] words = rest.split("\\s+", 2);
        return words.length < 2 || words[1].isBlank() ? usage(SlashCommand.MSG) : deliveries.tell(words[0], words[1]);
    }

    private CompletableFuture<ExitStatus> inRoom(String verb, String rest, SlashCommand command) {
        if (rest.isEmpty() || !rest.startsWith("#") && rooms.current().isEmpty()) {
            return usage(command);
        }
        return ask(verb + " " + (rest.startsWith("#") ? rest : rooms.current() + " " + rest));
    }

    private CompletableFuture<ExitStatus> mute(String rest, SlashCommand command) {
        String[] words = rest.split("\\s+");
        return rest.isEmpty() || words.length > 2 ? usage(command)
                : ask("MUTE " + words[0] + " " + (words.length == 2 ? words[1] : "600"));
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

    /// Any command: its answer is shown as it is.
    private CompletableFuture<ExitStatus> ask(String command) {
        return exchange(command, reply -> { }, true);
    }

    /// @param good what to do with a good answer
    /// @param isShown whether a good answer is shown too
    private CompletableFuture<ExitStatus> exchange(String command, Consumer<Reply> good, boolean isShown) {
        long begun = System.nanoTime();
        int turn = screen.turn();
        PendingCommands.Entry entry = pending.add(command);
        return connection.request(command.getBytes(StandardCharsets.UTF_8)).handle((reply, failure) -> {
            boolean isAwaited = pending.remove(entry);
            if (failure != null) {
                return failed(command, failure);
            }
            if (isAwaited && (isShown || reply.isError())) {
                screen.answer(new Screen.Answer(command, turn, reply, Duration.ofNanos(System.nanoTime() - begun)));
            }
            if (!reply.isError()) {
                good.accept(reply);
            }
            return reply.isError() ? ExitStatus.REFUSED : ExitStatus.DONE;
        });
    }

    private ExitStatus failed(String command, Throwable failure) {
        boolean leavesTrace = Connection.mayHaveChangedData(command.getBytes(StandardCharsets.UTF_8));
        screen.error(lines.error(TerminalText.escapeLine(PendingCommands.head(command)) + ": "
                + Deliveries.failure(failure, leavesTrace)));
        return leavesTrace && failure instanceof OutcomeUnknownException ? ExitStatus.UNKNOWN_OUTCOME : ExitStatus.UNREACHABLE;
    }

    /// Goes to a room, entering it first if need be.
    CompletableFuture<ExitStatus> join(String room) {
        String name = room.startsWith("#") || room.isEmpty() ? room : "#" + room;
        if (name.isEmpty()) {
            return usage(SlashCommand.JOIN);
        }
        if (rooms.contains(name)) {
            show(name);
            return DONE;
        }
        return exchange("JOIN " + name, _ -> {
            show(name);
            learnMembers(name, true);
            history("HISTORY " + name + " " + HISTORY_ON_JOIN, "");
        }, false);
    }

    private void show(String room) {
        screen.remark(lines.divider(room));
        rooms.show(room).forEach(screen::message);
    }

    private CompletableFuture<ExitStatus> leave(String room) {
        if (room.isEmpty()) {
            return refuse("you are in no room");
        }
        return exchange("LEAVE " + room, _ -> {
            screen.remark(lines.remark("left " + TerminalText.escapeLine(room)));
            rooms.leave(room).ifPresent(this::show);
        }, false);
    }

    /// @param titled the room to name in front of the messages; empty for none
    private CompletableFuture<ExitStatus> history(String command, String titled) {
        return exchange(command, reply -> {
            try {
                List<Event> past = Event.decodeAll(reply.payload());
                if (!titled.isEmpty()) {
                    screen.asked(lines.divider(titled + ", the last " + past.size()));
                }
                events.history(past);
            } catch (ProtocolException e) {
                screen.error(lines.error("HISTORY: " + FailureText.of(e)));
            }
        }, false);
    }

    private void learnMembers(String room, boolean isShown) {
        connection.request(("WHO " + room).getBytes(StandardCharsets.UTF_8)).thenAccept(reply -> {
            if (reply.isError()) {
                return;
            }
            List<String> members = reply.text().lines().map(TypedLine::firstWord).toList();
            rooms.members(room, members);
            if (isShown) {
                screen.remark(lines.remark(members.size() == 1 ? "nobody else is here" : members.size() + " here: " + TerminalText.escapeLine(String.join(", ",
                        members.subList(0, Math.min(MAX_SHOWN_MEMBERS, members.size()))))
                        + (members.size() > MAX_SHOWN_MEMBERS ? " and more" : "")));
            }
        });
    }

    /// Tells the server that somebody is here, so that it hands out the direct messages that wait.
    void appear() {
        connection.request("BACK".getBytes(StandardCharsets.US_ASCII));
    }

    /// After a connection with a new session: the server has forgotten where we were.
    private void enterAgain() {
        appear();
        for (String room : rooms.joined()) {
            long newest = events.newest(room);
            connection.request(("JOIN " + room).getBytes(StandardCharsets.UTF_8)).thenAccept(reply -> {
                if (reply.isError()) {
                    screen.error(lines.error("JOIN " + room + ": " + TerminalText.escapeLine(reply.reason())));
                    rooms.leave(room);
                    return;
                }
                learnMembers(room, false);
                if (newest > 0) {
                    missed(room, newest);
                }
            });
        }
    }

    private void missed(String room, long newest) {
        exchange("HISTORY " + room + " " + MAX_MISSED + " " + newest, reply -> {
            try {
                List<Event> past = Event.decodeAll(reply.payload());
                if (!past.isEmpty()) {
                    screen.remark(lines.divider(past.size() + " messages missed in " + room));
                    events.history(past);
                }
            } catch (ProtocolException e) {
                screen.error(lines.error("HISTORY: " + FailureText.of(e)));
            }
        }, false);
    }

    /// Tells of a loss, unless it is over in a moment. What waits is sent later; what was sent is told of one by one.
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
                + (state.isResumed() ? "; nothing was lost" : ", in a new session: the server had forgotten the old one");
        String unknown = state.unknown() == 0 ? "" : "; the outcome of " + state.unknown() + " requests is unknown";
        if (!state.isResumed() || state.away().toMillis() >= LOSS_PATIENCE_MILLIS) {
            screen.warning(lines.warning(news + unknown));
        }
        if (!state.isResumed()) {
            enterAgain();
        }
    }
}
