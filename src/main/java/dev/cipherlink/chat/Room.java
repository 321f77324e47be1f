package dev.cipherlink.chat;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/// The sessions in a room. It exists while somebody is in it; what was said stays in the log.
///
/// Its monitor orders all that happens in it: every session is told of the same messages in the same order. What is told
/// stands in a line until everything before it is known to be durable, or to have failed. Who asks to come in or to leave is in
/// or out at once, for all requests that follow, and is back where it was if that fails.
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

    private static final class Member {
        private final Person person;
        /// Who is on the way out hears on until it is known that it leaves.
        private boolean isIn = true;

        Member(Person person) {
            this.person = person;
        }
    }

    private final String name;
    private final ChatLog log;
    private final EventFormat format;
    /// Those that are told what is said here.
    private final Map<ChatSession, Member> members = new LinkedHashMap<>();
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

    /// Takes a session in, unless the effect fails. Does nothing if the session is closed, or not this person's any more.
    ///
    /// @param isTold whether the others are told of a person who was not here
    /// @return to be called when it is known whether it failed; null if the room is gone: there may be another one of this name
    /// @throws ChatException if the session is in too many rooms
    synchronized Effect enter(ChatSession session, Person person, boolean isTold) throws ChatException {
        if (isGone) {
            return null;
        }
        boolean wasHere = people.containsKey(person);
        try {
            comeIn(session, person);
        } finally {
            isGone = members.isEmpty();
        }
        Told joined = isTold && !wasHere && isIn(session) ? line(new ChatEvent.Joined(name, person.name()), session) : null;
        return isKept -> settleIn(session, joined, isKept);
    }

    private synchronized void settleIn(ChatSession session, Told joined, boolean isKept) {
        if (!isKept && isIn(session)) {
            goOut(session);
            forget(session);
        }
        settle(joined, isKept);
    }

    private void comeIn(ChatSession session, Person person) throws ChatException {
        if (session.enter(this, person) && !isIn(session)) {
            members.put(session, new Member(person));
            people.merge(person, 1, Integer::sum);
        }
    }

    private boolean isIn(ChatSession session) {
        Member member = members.get(session);
        return member != null && member.isIn;
    }

    /// Lets a session go that has ended or lost its name. The caller forgets the room when it is gone.
    synchronized void remove(ChatSession session) {
        if (isIn(session)) {
            Person person = goOut(session);
            forget(session);
            settle(left(person, session), true);
        }
    }

    /// It is not here any more, but hears on.
    private Person goOut(ChatSession session) {
        Member member = members.get(session);
        member.isIn = false;
        session.exit(this);
        people.computeIfPresent(member.person, (_, count) -> count == 1 ? null : count - 1);
        return member.person;
    }

    private void forget(ChatSession session) {
        members.remove(session);
        session.forgetSkipped(name);
        isGone = members.isEmpty();
    }

    /// What stands in the line for a person who went.
    ///
    /// @param except not told
    /// @return null if the person is here with another session
    private Told left(Person person, ChatSession except) {
        return people.containsKey(person) ? null : line(new ChatEvent.Left(name, person.name()), except);
    }

    /// Lets a session go that asks for it, unless that fails.
    ///
    /// @return to be called when that is known; null if the session is not here
    synchronized Effect leave(ChatSession session) {
        if (!isIn(session)) {
            return null;
        }
        Person person = goOut(session);
        Told left = left(person, session);
        return isKept -> settleOut(List.of(session), person, left, isKept);
    }

    /// Sends all sessions of a person out, unless that fails; then they are told, too, by an event with their own name.
    ///
    /// @param out takes those sessions
    /// @return to be called when it is known whether it failed
    synchronized Effect sendOut(Person person, List<ChatSession> out) {
        members.forEach((session, member) -> {
            if (member.isIn && member.person == person) {
                out.add(session);
            }
        });
        out.forEach(this::goOut);
        Told left = left(person, null);
        byte[] own = format.encode(new ChatEvent.Left(name, person.name()));
        return isKept -> {
            settleOut(out, person, left, isKept);
            if (isKept) {
                out.forEach(session -> session.mention(own));
            }
        };
    }

    private synchronized void settleOut(List<ChatSession> out, Person person, Told left, boolean isKept) {
        for (ChatSession session : out) {
            if (!isKept) {
                comeBack(session, person);
            }
            if (!isIn(session)) {
                forget(session);
            }
        }
        settle(left, isKept || !people.containsKey(person));
    }

    private void comeBack(ChatSession session, Person person) {
        try {
            comeIn(session, person);
        } catch (ChatException e) {
            // It is in as many other rooms meanwhile.
        }
    }

    /// Says something to everybody but the session that says it; they are told when the effect is settled, and everything
    /// said before.
    ///
    /// @return the message's id; 0 if the session is not here
    synchronized long say(ChatSession from, String text, Instant at, LongSupplier ids) {
        if (!isIn(from)) {
            return 0;
        }
        var message = new ChatEvent.Message(name, ids.getAsLong(), members.get(from).person.name(), at, text);
        log.append(message);
        Told said = line(message, from);
        from.later(isKept -> settleSaid(said, message, isKept));
        return message.id();
    }

    private synchronized void settleSaid(Told said, ChatEvent.Message message, boolean isKept) {
        log.settle(message, isKept);
        settle(said, isKept);
    }

    private Told line(ChatEvent event, ChatSession except) {
        var told = new Told(event, except);
        line.add(told);
        return told;
    }

    /// @param told null if there is nothing to tell
    private void settle(Told told, boolean isKept) {
        if (told != null) {
            told.isSettled = true;
            told.isKept = isKept;
            tellSettled();
        }
    }

    private void tellSettled() {
        while (!line.isEmpty() && line.peek().isSettled) {
            Told next = line.remove();
            if (next.isKept && next.event instanceof ChatEvent.Message message) {
                tell(message, next.except);
            } else if (next.isKept && members.size() <= ChatConfig.MAX_ANNOUNCED_SESSIONS) {
                byte[] encoded = format.encode(next.event);
                members.keySet().stream().filter(session -> session != next.except)
                        .forEach(session -> session.mention(encoded));
            }
        }
    }

    private void tell(ChatEvent.Message message, ChatSession from) {
        byte[] encoded = format.encode(message);
        from.said(message);
        for (ChatSession session : members.keySet()) {
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
        return members.size() > ChatConfig.MAX_ANNOUNCED_SESSIONS ? List.of() : List.copyOf(members.keySet());
    }
}
