package dev.cipherlink.chat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// Names: who holds them, who may speak, and what waits for them. Its monitor guards everything here.
///
/// A name is a key's, or that of the first live session that claims it. A key that comes takes its name from a session
/// that only claimed it.
final class People {

    private final ChatConfig config;
    private final ChatLog log;
    private final EventFormat format;
    private final ChatClock clock;
    private final Predicate<String> isReserved;
    private final Map<String, Person> byName = new HashMap<>();
    private final Map<String, Long> mutedUntil = new HashMap<>();

    /// @param isReserved whether a name belongs to a key
    People(ChatConfig config, ChatLog log, EventFormat format, ChatClock clock, Predicate<String> isReserved) {
        this.config = config;
        this.log = log;
        this.format = format;
        this.clock = clock;
        this.isReserved = isReserved;
        log.mutes().forEach((name, until) ->
                mutedUntil.put(name, clock.nanos() + Duration.between(clock.now(), until).toNanos()));
    }

    /// Upper and lower case make no other name.
    static String fold(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /// Who holds a name now.
    ///
    /// @param displaced the sessions that lost it: they only claimed what is a key's
    record Claim(Person person, List<ChatSession> displaced) {
    }

    /// Gives the session its name.
    ///
    /// @throws ChatException if somebody else holds it
    synchronized Claim claim(ChatSession session) throws ChatException {
        if (session.isClosed()) {
            throw new ChatException("the session is ending");
        }
        if (session.person() != null) {
            return new Claim(session.person(), List.of());
        }
        String name = fold(session.name());
        if (!session.hasKey() && isReserved.test(session.name())) {
            throw new ChatException("the name " + session.name() + " belongs to a key; connect under another name");
        }
        Person holder = byName.get(name);
        boolean isOthers = holder != null && !holder.owner().equals(session.owner());
        if (isOthers && !holder.sessions.isEmpty() && !session.hasKey()) {
            throw new ChatException("the name " + session.name()
                    + " is held by another session; connect under another name");
        }
        List<ChatSession> displaced = isOthers ? List.copyOf(holder.sessions) : List.of();
        displaced.forEach(this::release);
        if (holder == null || isOthers) {
            holder = new Person(session.name(), session.owner(), isOthers ? holder.allowance() : newAllowance());
            byName.put(name, holder);
            log.learn(name);
        }
        holder.sessions.add(session);
        session.setLastActive(clock.nanos());
        session.setPerson(holder);
        return new Claim(holder, displaced);
    }

    private Allowance newAllowance() {
        return new Allowance(config.messagesPerSecond(), config.messagesPerSecond() * ChatConfig.BURST_SECONDS,
                clock.nanos());
    }

    /// Takes one from what a person may send.
    ///
    /// @throws ChatException if that is used up; it says for how long
    synchronized void requireAllowance(Person person) throws ChatException {
        long wait = person.allowance().take(clock.nanos());
        if (wait > 0) {
            throw new ChatException("too much at once; try again in "
                    + Math.max(1, Math.ceilDiv(wait, 1_000_000)) + " ms");
        }
    }

    /// @throws ChatException if a person is silenced; it says for how long
    synchronized void requireVoice(Person person) throws ChatException {
        Long until = mutedUntil.get(fold(person.name()));
        long left = until == null ? 0 : until - clock.nanos();
        if (left > 0) {
            throw new ChatException("you are muted; try again in " + Math.ceilDiv(left, 1_000_000_000L) + " s");
        }
    }

    /// The session takes part from now on; it is told what waits for its person.
    synchronized void enter(ChatSession session) {
        Person person = session.person();
        if (person != null && !session.isClosed() && person.present.add(session)) {
            tellWaiting(session);
        }
    }

    /// The session takes no part any more, and has no name.
    synchronized void release(ChatSession session) {
        Person person = session.person();
        if (person != null) {
            session.setPerson(null);
            person.sessions.remove(session);
            person.present.remove(session);
            if (person.present.isEmpty()) {
                person.setAway(false);
            }
        }
    }

    /// Tells of direct messages that waited, as many as there is room for.
    synchronized void tellWaiting(ChatSession session) {
        Person person = session.person();
        if (person == null || !person.present.contains(session)) {
            return;
        }
        String name = fold(person.name());
        for (ChatEvent.Direct direct : log.waiting(name)) {
            if (!tellAll(person, format.encode(direct))) {
                return;
            }
            log.delivered(name, direct.id());
        }
    }

    /// Tells a person of a direct message, or keeps it.
    ///
    /// @throws ChatException if nobody has that name, or too many messages wait there
    synchronized void tell(String to, ChatEvent.Direct direct) throws ChatException {
        requireKnown(to);
        Person person = byName.get(fold(to));
        boolean isTold = person != null && log.waiting(fold(to)).isEmpty() && tellAll(person, format.encode(direct));
        if (!isTold && !log.keep(fold(to), direct)) {
            throw new ChatException("too many messages are waiting for " + to + " already");
        }
    }

    /// @return whether any session was told
    private static boolean tellAll(Person person, byte[] direct) {
        var missed = new ArrayList<ChatSession>();
        for (ChatSession session : person.present) {
            if (!session.tell(direct)) {
                missed.add(session);
            }
        }
        if (missed.size() == person.present.size()) {
            return false;
        }
        missed.forEach(ChatSession::missDirect);
        return true;
    }

    private void requireKnown(String name) throws ChatException {
        if (!byName.containsKey(fold(name)) && !log.knows(fold(name)) && !isReserved.test(name)) {
            throw new ChatException("nobody is called " + name);
        }
    }

    /// Silences somebody.
    ///
    /// @return the sessions to be told of it
    synchronized Set<ChatSession> mute(String name, Duration time) throws ChatException {
        requireKnown(name);
        mutedUntil.put(fold(name), clock.nanos() + time.toNanos());
        log.mute(fold(name), clock.now().plus(time));
        return sessions(name);
    }

    /// Lets somebody speak again.
    ///
    /// @return the sessions to be told of it
    synchronized Set<ChatSession> unmute(String name) throws ChatException {
        if (mutedUntil.remove(fold(name)) == null) {
            throw new ChatException(name + " is not muted");
        }
        log.unmute(fold(name));
        return sessions(name);
    }

    private Set<ChatSession> sessions(String name) {
        Person person = byName.get(fold(name));
        return person == null ? Set.of() : Set.copyOf(person.present);
    }

    /// Who holds a name; null if nobody does.
    synchronized Person find(String name) {
        return byName.get(fold(name));
    }

    /// Who takes part.
    synchronized List<Person> present() {
        return byName.values().stream().filter(person -> !person.present.isEmpty()).toList();
    }

    /// How these people are, by name.
    synchronized List<Presence> describe(Iterable<Person> people) {
        var lines = new ArrayList<Presence>();
        people.forEach(person -> lines.add(new Presence(person.name(), person.isAway(), idle(person))));
        lines.sort(Comparator.comparing(Presence::name));
        return lines;
    }

    synchronized boolean isIdle(Person person) {
        return !person.present.isEmpty() && idle(person).compareTo(config.idleAfter()) >= 0;
    }

    private Duration idle(Person person) {
        long now = clock.nanos();
        return Duration.ofNanos(person.sessions.stream().mapToLong(session -> now - session.lastActive()).min().orElse(0));
    }

    synchronized List<ChatSession> presentSessions(Person person) {
        return List.copyOf(person.present);
    }

    /// Forgets those who are gone and have nothing left to be counted, and mutes that are over.
    synchronized void forgetGone() {
        long now = clock.nanos();
        byName.values().removeIf(person -> person.sessions.isEmpty() && person.allowance().isFull(now));
        mutedUntil.entrySet().removeIf(mute -> {
            boolean isOver = mute.getValue() - now <= 0;
            if (isOver) {
                log.unmute(mute.getKey());
            }
            return isOver;
        });
    }
}
