package dev.cipherlink.chat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// What operators do to people: send them out of a room, and silence them. Thread-safe.
final class Moderation {

    private final People people;
    private final Rooms rooms;
    private final EventFormat format;
    private final ChatClock clock;
    private final Map<Ban, Long> bannedUntil = new ConcurrentHashMap<>();

    /// Who was sent out of which room.
    private record Ban(String room, String name) {
    }

    Moderation(People people, Rooms rooms, EventFormat format, ChatClock clock) {
        this.people = people;
        this.rooms = rooms;
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

    /// Sends all sessions of a person out of a room, for a while, unless the effect fails.
    void kick(ChatSession operator, String name, String whom) throws ChatException {
        requireOperator(operator);
        Room room = rooms.find(name);
        Person person = people.find(whom);
        if (room == null || person == null || !room.people().contains(person)) {
            throw new ChatException(whom + " is not in " + name);
        }
        var ban = new Ban(name, People.fold(whom));
        Long until = clock.nanos() + ChatConfig.KICK_TIME.toNanos();
        bannedUntil.put(ban, until);
        var out = new ArrayList<ChatSession>();
        Effect sentOut = rooms.sendOut(room, person, out);
        out.forEach(ChatSession::moved);
        operator.later(isKept -> {
            sentOut.settle(isKept);
            if (isKept) {
                tell(out, operator.name() + " removed you from " + name + "; you can join it again in "
                        + ChatConfig.KICK_TIME.toSeconds() + " s");
            } else {
                bannedUntil.remove(ban, until);
            }
        });
    }

    /// Lets a person say nothing for a while, unless the effect fails.
    void mute(ChatSession operator, String whom, Duration time) throws ChatException {
        requireOperator(operator);
        people.mute(whom, time, operator,
                sessions -> tell(sessions, operator.name() + " muted you for " + time.toSeconds() + " s"));
    }

    /// Lets a person speak again, unless the effect fails.
    void unmute(ChatSession operator, String whom) throws ChatException {
        requireOperator(operator);
        people.unmute(whom, operator, sessions -> tell(sessions, operator.name() + " lets you speak again"));
    }

    private static void requireOperator(ChatSession session) throws ChatException {
        if (!session.isOperator()) {
            throw new ChatException("only operators may do that; ask one to authorize you with --operator");
        }
    }

    private void tell(Collection<ChatSession> sessions, String notice) {
        byte[] encoded = format.encode(new ChatEvent.Notice(notice));
        sessions.forEach(session -> session.mention(encoded));
    }

    /// Forgets what is over.
    void sweep() {
        long now = clock.nanos();
        bannedUntil.values().removeIf(until -> until - now <= 0);
    }
}
