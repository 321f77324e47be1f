package dev.cipherlink.chat;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/// The sessions in a room. It exists while somebody is in it; what was said stays in the log.
///
/// Its monitor orders all that happens in it: every session is told of the same messages in the same order. What is told
/// stands in a line until everything before it is known to be durable, or to have failed.
final class Room {

    /// Something to be told to all sessions but one.
    private static final class Told {
        private final ChatEvent event;
        private final ChatSession except;
        private boolean isSettled;
        private boolean isKept;

        Told(ChatEvent event, ChatSession except) {
            this.event = event;
            this.except = except;
        }
    }

    private final String name;
    private final ChatLog log;
    private final EventFormat format;
    private final Map<ChatSession, Person> sessions = new LinkedHashMap<>();
    /// How many sessions each person has here.
    private final Map<Person, Integer> people = new HashMap<>();
    private final ArrayDeque<Told> line = new ArrayDeque<>();
    /// Of the last message that was told.
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
    /// @param isTold whether the others are told of a person who was not here
    /// @return false if the room is gone: there may be another one of this name
    /// @throws ChatException if the session is in too many rooms
    synchronized boolean add(ChatSession session, Person person, boolean isTold) throws ChatException {
        if (isGone) {
            return false;
        }
        boolean isIn = false;
        try {
            isIn = session.enter(this, person);
        } finally {
            isGone = !isIn && sessions.isEmpty();
        }
        if (isIn && sessions.putIfAbsent(session, person) == null && people.merge(person, 1, Integer::sum) == 1 && isTold) {
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

    /// Says something to everybody but the session that says it; they are told when the effect is settled, and everything
    /// said before.
    ///
    /// @return the message's id; 0 if the session is not here
    synchronized long say(ChatSession from, String text, Instant at, LongSupplier ids) {
        Person person = sessions.get(from);
        if (person == null) {
            return 0;
        }
        var message = new ChatEvent.Message(name, ids.getAsLong(), person.name(), at, text);
        log.append(message);
        var told = new Told(message, from);
        line.add(told);
        from.later(isKept -> settle(told, message, isKept));
        return message.id();
    }

    private synchronized void settle(Told told, ChatEvent.Message message, boolean isKept) {
        log.settle(message, isKept);
        told.isSettled = true;
        told.isKept = isKept;
        tellSettled();
    }

    private void mention(ChatEvent event, ChatSession except) {
        var told = new Told(event, except);
        told.isSettled = true;
        told.isKept = true;
        line.add(told);
        tellSettled();
    }

    private void tellSettled() {
        while (!line.isEmpty() && line.peek().isSettled) {
            Told next = line.remove();
            if (next.isKept && next.event instanceof ChatEvent.Message message) {
                tell(message, next.except);
            } else if (next.isKept && sessions.size() <= ChatConfig.MAX_ANNOUNCED_SESSIONS) {
                byte[] encoded = format.encode(next.event);
                sessions.keySet().stream().filter(session -> session != next.except)
                        .forEach(session -> session.mention(encoded));
            }
        }
    }

    private void tell(ChatEvent.Message message, ChatSession from) {
        byte[] encoded = format.encode(message);
        from.said(message);
        for (ChatSession session : sessions.keySet()) {
            if (session != from) {
                session.tell(message, encoded, lastId);
            }
        }
        lastId = message.id();
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
