package dev.cipherlink.chat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/// The sessions in a room. It exists while somebody is in it; what was said stays in the log.
///
/// Its monitor orders all that happens in it: every session is told of the same messages in the same order.
final class Room {

    private final String name;
    private final ChatLog log;
    private final EventFormat format;
    private final Map<ChatSession, Person> sessions = new LinkedHashMap<>();
    /// How many sessions each person has here.
    private final Map<Person, Integer> people = new HashMap<>();
    private long lastId;
    private boolean isGone;

    Room(String name, ChatLog log, EventFormat format) {
        this.name = name;
        this.log = log;
        this.format = format;
        lastId = log.newest(name, 1).stream().mapToLong(ChatEvent.Message::id).findFirst().orElse(0);
    }

    String name() {
        return name;
    }

    /// Takes a session in.
    ///
    /// @return false if the room is gone: there may be another one of this name
    /// @throws ChatException if the session is in too many rooms
    synchronized boolean add(ChatSession session, Person person) throws ChatException {
        if (isGone) {
            return false;
        }
        boolean isIn = false;
        try {
            isIn = session.enter(this, person);
        } finally {
            isGone = !isIn && sessions.isEmpty();
        }
        if (isIn && sessions.putIfAbsent(session, person) == null && people.merge(person, 1, Integer::sum) == 1) {
            mention(new ChatEvent.Joined(name, person.name()), session);
        }
        return true;
    }

    /// Lets a session go. The caller forgets the room when it is gone.
    ///
    /// @return whether the session was here
    synchronized boolean remove(ChatSession session) {
        Person person = sessions.remove(session);
        if (person == null) {
            return false;
        }
        session.exit(this);
        boolean wasLast = people.merge(person, -1, Integer::sum) == 0;
        if (wasLast) {
            people.remove(person);
            mention(new ChatEvent.Left(name, person.name()), session);
        }
        isGone = sessions.isEmpty();
        return true;
    }

    /// Sends all sessions of a person out. They are told, too, by an event with their own name.
    ///
    /// @return those sessions
    synchronized List<ChatSession> remove(Person person) {
        var out = new ArrayList<ChatSession>();
        sessions.forEach((session, whose) -> {
            if (whose == person) {
                out.add(session);
            }
        });
        out.forEach(this::remove);
        byte[] left = format.encode(new ChatEvent.Left(name, person.name()));
        out.forEach(session -> session.mention(left));
        return out;
    }

    /// Says something to everybody but the session that says it.
    ///
    /// @return the message's id; 0 if the session is not here
    synchronized long say(ChatSession from, String text, Instant at, LongSupplier ids) {
        Person person = sessions.get(from);
        if (person == null) {
            return 0;
        }
        var message = new ChatEvent.Message(name, ids.getAsLong(), person.name(), at, text);
        log.append(message);
        byte[] encoded = format.encode(message);
        long previous = lastId;
        lastId = message.id();
        from.said(message);
        for (ChatSession session : sessions.keySet()) {
            if (session != from) {
                session.tell(message, encoded, previous);
            }
        }
        return lastId;
    }

    private void mention(ChatEvent event, ChatSession except) {
        if (sessions.size() > ChatConfig.MAX_ANNOUNCED_SESSIONS) {
            return;
        }
        byte[] encoded = format.encode(event);
        for (ChatSession session : sessions.keySet()) {
            if (session != except) {
                session.mention(encoded);
            }
        }
    }

    synchronized boolean isGone() {
        return isGone;
    }

    /// The people here.
    synchronized Set<Person> people() {
        return Set.copyOf(people.keySet());
    }

    synchronized int peopleCount() {
        return people.size();
    }

    /// The sessions that are told who is away.
    synchronized List<ChatSession> announced() {
        return sessions.size() > ChatConfig.MAX_ANNOUNCED_SESSIONS ? List.of() : List.copyOf(sessions.keySet());
    }
}
