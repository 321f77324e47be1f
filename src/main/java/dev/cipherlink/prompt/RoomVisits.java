package dev.cipherlink.prompt;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.Event;
import dev.cipherlink.prompt.Chat.ChatParts;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.net.ProtocolException;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/// Enters and leaves rooms, and shows their histories. Thread-safe; does not block.
final class RoomVisits {
    private static final int HISTORY_ON_JOIN = 20;
    private static final int MAX_SHOWN_MEMBERS = 20;
    private static final int MAX_MISSED = 1_000;
    private static final CompletableFuture<ExitStatus> DONE = CompletableFuture.completedFuture(ExitStatus.DONE);

    private final ChatConnection connection;
    private final Requests requests;
    private final EventView events;
    private final Screen screen;
    private final JoinedRooms rooms;
    private final ChatLines lines;

    RoomVisits(ChatConnection connection, Requests requests, EventView events, ChatParts parts, Screen screen) {
        this.connection = connection;
        this.requests = requests;
        this.events = events;
        this.screen = screen;
        this.rooms = parts.rooms();
        this.lines = parts.lines();
    }

    private CompletableFuture<ExitStatus> refuse(String why) {
        screen.error(lines.error(why));
        return CompletableFuture.completedFuture(ExitStatus.REFUSED);
    }

    /// Switches to a room, and enters it first if necessary.
    CompletableFuture<ExitStatus> join(String room) {
        String name = room.startsWith("#") || room.isEmpty() ? room : "#" + room;
        if (name.isEmpty()) {
            return refuse("usage: /join #room");
        }
        if (rooms.contains(name)) {
            show(name);
            return DONE;
        }
        return requests.exchange("JOIN " + name, _ -> {
            show(name);
            learnMembers(name, true);
            past("HISTORY " + name + " " + HISTORY_ON_JOIN, "", false).thenAccept(status -> {
                if (status == ExitStatus.DONE) {
                    events.isComplete(name);
                }
            });
        }, false);
    }

    /// Enters the first room.
    CompletableFuture<ExitStatus> enter(Chat.Begin begin) {
        return begin.since().isPresent() ? follow(begin.room(), begin.since().getAsLong()) : join(begin.room());
    }

    /// Enters a room, shows everything said in it since a message, and then new messages as they come.
    ///
    /// @param since the id of that message; 0 for the whole history
    private CompletableFuture<ExitStatus> follow(String room, long since) {
        String name = room.startsWith("#") ? room : "#" + room;
        events.hold(name);
        return requests.exchange("JOIN " + name, _ -> {
            show(name);
            learnMembers(name, true);
        }, false).thenCompose(status -> status == ExitStatus.DONE ? past(name, since) : CompletableFuture.completedFuture(status));
    }

    private CompletableFuture<ExitStatus> past(String room, long since) {
        var last = new AtomicLong(since);
        return requests.exchange("HISTORY " + room + " " + MAX_MISSED + " " + since, reply -> {
            try {
                List<Event> past = Event.decodeAll(reply.payload());
                events.missed(room, past);
                past.forEach(event -> last.set(event instanceof Event.Message message ? message.id() : last.get()));
            } catch (ProtocolException e) {
                screen.error(lines.error("HISTORY: " + FailureText.of(e)));
            }
        }, false).thenCompose(status -> {
            if (status == ExitStatus.DONE && last.get() > since) {
                return past(room, last.get());
            }
            events.isComplete(room);
            events.release(room);
            return CompletableFuture.completedFuture(status);
        });
    }

    private void show(String room) {
        screen.remark(lines.divider(room));
        rooms.show(room).forEach(screen::message);
    }

    CompletableFuture<ExitStatus> leave(String room) {
        if (room.isEmpty()) {
            return refuse("you are in no room");
        }
        return requests.exchange("LEAVE " + room, _ -> {
            screen.remark(lines.remark("left " + TerminalText.escapeLine(room)));
            rooms.leave(room).ifPresent(this::show);
        }, false);
    }

    /// @param titled the room to name before the messages; empty for none
    CompletableFuture<ExitStatus> history(String command, String titled) {
        return past(command, titled, true);
    }

    private CompletableFuture<ExitStatus> past(String command, String titled, boolean isAsked) {
        return requests.exchange(command, reply -> {
            try {
                List<Event> past = Event.decodeAll(reply.payload());
                if (!titled.isEmpty()) {
                    screen.asked(lines.divider(titled + ", the last " + past.size()));
                }
                events.history(past, isAsked);
            } catch (ProtocolException e) {
                screen.error(lines.error("HISTORY: " + FailureText.of(e)));
            }
        }, false);
    }

    private void learnMembers(String room, boolean isShown) {
        connection.request(new Command.Who(room).encode()).thenAccept(reply -> {
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

    /// Announces our presence, so that the server delivers waiting direct messages.
    void appear() {
        connection.request(new Command.Back().encode());
    }

    /// After a reconnect with a new session: the server has forgotten which rooms we were in.
    void enterAgain() {
        appear();
        for (String room : rooms.joined()) {
            connection.request(new Command.Join(room).encode()).thenAccept(reply -> {
                if (reply.isError()) {
                    screen.error(lines.error("JOIN " + room + ": " + TerminalText.escapeLine(reply.reason())));
                    rooms.leave(room);
                    return;
                }
                learnMembers(room, false);
                catchUp(room);
            });
        }
    }

    /// After a reconnect with the same session: the server knows our rooms, but after a restart it has forgotten messages
    /// that it had not delivered to us.
    void catchUp() {
        rooms.joined().forEach(this::catchUp);
    }

    private void catchUp(String room) {
        OptionalLong newest = events.newest(room);
        if (newest.isEmpty()) {
            past("HISTORY " + room + " " + HISTORY_ON_JOIN, "", false);
            return;
        }
        requests.exchange("HISTORY " + room + " " + MAX_MISSED + " " + newest.getAsLong(), reply -> {
            try {
                List<Event> past = Event.decodeAll(reply.payload());
                events.missed(room, past);
                if (past.size() == MAX_MISSED && !events.newest(room).equals(newest)) {
                    catchUp(room);
                }
            } catch (ProtocolException e) {
                screen.error(lines.error("HISTORY: " + FailureText.of(e)));
            }
        }, false);
    }
}
