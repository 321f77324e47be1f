package dev.cipherlink.chat;

import dev.cipherlink.chat.ChatConfig.ChatClock;
import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatService.EventFormat;
import dev.cipherlink.chat.People.Person;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// What operators do to people: send them out of a room, and silence them. Thread-safe.
final class Moderation {

    private final People people;
    private final Rooms rooms;
    private final ChatLog log;
    private final EventFormat format;
    private final ChatClock clock;
    private final Map<Ban, Long> bannedUntil = new ConcurrentHashMap<>();

    /// Who was sent out of which room.
    private record Ban(String room, String name) {
    }

    Moderation(People people, Rooms rooms, ChatLog log, EventFormat format, ChatClock clock) {
        this.people = people;
        this.rooms = rooms;
        this.log = log;
        this.format = format;
        this.clock = clock;
    }

    /// @throws ChatException if the session's person was sent out of the room; it says for how long
    void requireNotBanned(ChatSession session, String room) throws ChatException {
        long now = clock.nanos();
        long left = bannedUntil.getOrDefault(new Ban(room, People.fold(session.name())), now) - now;
        if (left > 0) {
            throw new ChatException("you were removed from " + room + "; try again in "
                    + Math.ceilDiv(left, 1_000_000_000L) + " s");
        }
    }

    /// Sends all sessions of a person out of a room, for a while. They are told, also by an event with their own name.
    void kick(ChatSession operator, String name, String whom) throws ChatException {
        requireOperator(operator);
        Room room = rooms.find(name);
        Person person = people.find(whom);
        if (room == null || person == null || !room.people().contains(person)) {
            throw new ChatException(whom + " is not in " + name);
        }
        bannedUntil.put(new Ban(name, People.fold(whom)), clock.nanos() + ChatConfig.KICK_TIME.toNanos());
        List<ChatSession> out = rooms.sendOut(room, person);
        out.forEach(ChatSession::movedByOther);
        log.afterCommit(() -> {
            tell(out, new ChatEvent.Left(name, person.name()));
            tell(out, new ChatEvent.Notice(operator.name() + " removed you from " + name + "; you can join it again in "
                    + ChatConfig.KICK_TIME.toSeconds() + " s"));
        });
    }

    /// Lets a person say nothing for a while.
    void mute(ChatSession operator, String whom, Duration time) throws ChatException {
        requireOperator(operator);
        people.mute(whom, time);
        tellLater(whom, operator.name() + " muted you for " + time.toSeconds() + " s");
    }

    /// Lets a person speak again.
    void unmute(ChatSession operator, String whom) throws ChatException {
        requireOperator(operator);
        people.unmute(whom);
        tellLater(whom, operator.name() + " lets you speak again");
    }

    private void tellLater(String whom, String notice) {
        log.afterCommit(() -> tell(people.presentSessions(whom), new ChatEvent.Notice(notice)));
    }

    private static void requireOperator(ChatSession session) throws ChatException {
        if (!session.isOperator()) {
            throw new ChatException("only operators may do that; ask one to authorize you with --operator");
        }
    }

    private void tell(Collection<ChatSession> sessions, ChatEvent event) {
        byte[] encoded = format.encode(event);
        sessions.forEach(session -> session.mention(encoded));
    }

    /// Forgets what is over.
    void sweep() {
        long now = clock.nanos();
        bannedUntil.values().removeIf(until -> until - now <= 0);
    }
}
