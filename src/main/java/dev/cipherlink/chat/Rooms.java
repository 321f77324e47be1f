package dev.cipherlink.chat;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatService.RoomSummary;
import dev.cipherlink.chat.People.Person;
import dev.cipherlink.command.Event;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/// The rooms that have members; a room ends when its last member leaves. Thread-safe.
final class Rooms {

    private final ChatLog log;
    private final Map<String, Room> byName = new ConcurrentHashMap<>();

    Rooms(ChatLog log) {
        this.log = log;
    }

    /// Takes a session in, unless it is there already.
    ///
    /// @param isTold whether the others are told of a person who was not there
    /// @throws ChatException if there are too many rooms, or the session is in too many
    void enter(ChatSession session, Person person, String name, boolean isTold) throws ChatException {
        if (session.rooms().stream().anyMatch(room -> room.name().equals(name))) {
            return;
        }
        if (!byName.containsKey(name) && byName.size() >= ChatConfig.MAX_ROOMS) {
            throw new ChatException("there are " + ChatConfig.MAX_ROOMS + " rooms already; JOIN one of them");
        }
        Room room = findOrMake(name);
        try {
            while (!room.enter(session, person, isTold)) {
                byName.remove(name, room);
                room = findOrMake(name);
            }
        } finally {
            forgetIfGone(room);
        }
    }

    private Room findOrMake(String name) {
        return byName.computeIfAbsent(name, _ -> new Room(name, log));
    }

    /// Lets a session go.
    ///
    /// @return false if it is not there
    boolean leave(ChatSession session, String name) {
        Room room = byName.get(name);
        if (room == null || !room.leave(session)) {
            return false;
        }
        forgetIfGone(room);
        return true;
    }

    /// Sends all sessions of a person out.
    ///
    /// @return those sessions
    List<ChatSession> sendOut(Room room, Person person) {
        List<ChatSession> out = room.sendOut(person);
        forgetIfGone(room);
        return out;
    }

    void leaveAll(ChatSession session) {
        for (Room room : session.rooms()) {
            room.leave(session);
            forgetIfGone(room);
        }
    }

    private void forgetIfGone(Room room) {
        if (room.isGone()) {
            byName.remove(room.name(), room);
        }
    }

    /// Null if nobody is there.
    Room find(String name) {
        return byName.get(name);
    }

    int count() {
        return byName.size();
    }

    /// The rooms with people or messages in them, by name.
    List<RoomSummary> summaries() {
        var found = new TreeMap<String, RoomSummary>();
        Map<String, Long> kept = log.rooms();
        kept.forEach((name, last) -> found.put(name, new RoomSummary(name, 0, last)));
        byName.values().forEach(room -> found.put(room.name(),
                new RoomSummary(room.name(), room.peopleCount(), kept.getOrDefault(room.name(), 0L))));
        return found.values().stream().limit(ChatConfig.MAX_ROOMS).toList();
    }

    /// The sessions in a room. It exists while somebody is in it; what was said stays in the log.
    ///
    /// Its monitor orders all that happens in it; one thread sends the events in this order, when they are durable, to the
    /// members at that time. A new member gets the events that are due from then on.
    static final class Room {

        private final String name;
        private final ChatLog log;
        /// Those that are told what is said here.
        private final Map<ChatSession, Person> members = new LinkedHashMap<>();
        /// How many sessions each person has here.
        private final Map<Person, Integer> people = new HashMap<>();
        /// Of the last message that was told.
        private long lastId;
        private boolean isGone;

        Room(String name, ChatLog log) {
            this.name = name;
            this.log = log;
            lastId = log.newest(name, 1).stream().mapToLong(Event.Message::id).findFirst().orElse(0);
        }

        String name() {
            return name;
        }

        /// Takes a session in. Does nothing if the session is closed, or not this person's any more.
        ///
        /// @param isTold whether the others are told of a person who was not here
        /// @return false if the room is gone: there may be another one of this name
        /// @throws ChatException if the session is in too many rooms
        synchronized boolean enter(ChatSession session, Person person, boolean isTold) throws ChatException {
            if (isGone) {
                return false;
            }
            boolean wasHere = people.containsKey(person);
            try {
                if (session.enter(this, person) && !members.containsKey(session)) {
                    members.put(session, person);
                    people.merge(person, 1, Integer::sum);
                }
            } finally {
                isGone = members.isEmpty();
            }
            if (isTold && !wasHere && members.containsKey(session)) {
                announce(new Event.Joined(name, person.name()), session);
            }
            return true;
        }

        /// Lets a session go. The caller forgets the room when it is gone.
        ///
        /// @return false if it is not here
        synchronized boolean leave(ChatSession session) {
            Person person = members.get(session);
            if (person == null) {
                return false;
            }
            remove(session, person);
            announceGone(person, session);
            return true;
        }

        private void remove(ChatSession session, Person person) {
            members.remove(session);
            session.exit(this);
            session.forgetSkipped(name);
            people.computeIfPresent(person, (_, count) -> count == 1 ? null : count - 1);
            isGone = members.isEmpty();
        }

        /// @param except not told
        private void announceGone(Person person, ChatSession except) {
            if (!people.containsKey(person)) {
                announce(new Event.Left(name, person.name()), except);
            }
        }

        /// Sends all sessions of a person out.
        ///
        /// @return those sessions; they are to be told
        synchronized List<ChatSession> sendOut(Person person) {
            List<ChatSession> out = members.entrySet().stream().filter(member -> member.getValue() == person)
                    .map(Map.Entry::getKey).toList();
            out.forEach(session -> remove(session, person));
            announceGone(person, null);
            return out;
        }

        /// Says something to everybody but the session that says it; they are told when it is durable.
        ///
        /// @return the message's id; 0 if the session is not here
        synchronized long say(ChatSession from, String text, Instant at, LongSupplier ids) {
            Person person = members.get(from);
            if (person == null) {
                return 0;
            }
            var message = new Event.Message(name, ids.getAsLong(), person.name(), at, text);
            log.append(message);
            log.afterCommit(() -> tell(message, from));
            return message.id();
        }

        /// Announces a join or leave, behind the messages before it.
        private void announce(Event event, ChatSession except) {
            log.afterCommit(() -> mention(event, except));
        }

        private void mention(Event event, ChatSession except) {
            List<ChatSession> told = announced();
            byte[] encoded = event.encode();
            told.stream().filter(session -> session != except).forEach(session -> session.mention(encoded));
        }

        /// Not under the monitor: speakers wait for it, and other sessions for them.
        private void tell(Event.Message message, ChatSession from) {
            List<ChatSession> told;
            long previous;
            synchronized (this) {
                told = List.copyOf(members.keySet());
                previous = lastId;
                lastId = message.id();
            }
            byte[] encoded = message.encode();
            from.said(message);
            for (ChatSession session : told) {
                if (session != from) {
                    session.tell(this, message, encoded, previous);
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

        /// The sessions that are told of absences.
        synchronized List<ChatSession> announced() {
            return members.size() > ChatConfig.MAX_ANNOUNCED_SESSIONS ? List.of() : List.copyOf(members.keySet());
        }
    }
}
