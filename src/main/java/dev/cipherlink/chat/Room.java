package dev.cipherlink.chat;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatService.EventFormat;
import dev.cipherlink.chat.People.Person;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/// The sessions in a room. It exists while somebody is in it; what was said stays in the log.
///
/// Its monitor orders all that happens in it; one thread tells of that in this order, when it is durable, to those who are there
/// then. Whoever comes in is told what is due from then on.
final class Room {

    private final String name;
    private final ChatLog log;
    private final EventFormat format;
    /// Those that are told what is said here.
    private final Map<ChatSession, Person> members = new LinkedHashMap<>();
    /// How many sessions each person has here.
    private final Map<Person, Integer> people = new HashMap<>();
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
            announce(new ChatEvent.Joined(name, person.name()), session);
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
            announce(new ChatEvent.Left(name, person.name()), except);
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
        var message = new ChatEvent.Message(name, ids.getAsLong(), person.name(), at, text);
        log.append(message);
        log.afterCommit(() -> tell(message, from));
        return message.id();
    }

    /// Tells who came or went, behind what was said before.
    private void announce(ChatEvent event, ChatSession except) {
        log.afterCommit(() -> mention(event, except));
    }

    private void mention(ChatEvent event, ChatSession except) {
        List<ChatSession> told = announced();
        byte[] encoded = format.encode(event);
        told.stream().filter(session -> session != except).forEach(session -> session.mention(encoded));
    }

    /// Not under the monitor: those who say something wait for that, and others for them.
    private void tell(ChatEvent.Message message, ChatSession from) {
        List<ChatSession> told;
        long previous;
        synchronized (this) {
            told = List.copyOf(members.keySet());
            previous = lastId;
            lastId = message.id();
        }
        byte[] encoded = format.encode(message);
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

    /// The sessions that are told who is away.
    synchronized List<ChatSession> announced() {
        return members.size() > ChatConfig.MAX_ANNOUNCED_SESSIONS ? List.of() : List.copyOf(members.keySet());
    }
}
