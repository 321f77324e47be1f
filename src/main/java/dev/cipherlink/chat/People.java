package dev.cipherlink.chat;

import dev.cipherlink.budget.TokenBucket;
import dev.cipherlink.chat.ChatConfig.ChatClock;
import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatService.Presence;
import dev.cipherlink.command.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;

/// Names, their holders, mutes, and the direct messages that wait. Its monitor guards everything here.
///
/// A name is a key's, or that of the first live session that claims it. A key that comes takes its name from a session
/// that only claimed it; so does a claim to a name that only unconnected sessions hold by a claim.
///
/// Direct messages wait in a mailbox: that of the key that has the name when they are sent, even if the name changes hands
/// later; for a name that is only claimed, that of the name. A fingerprint is longer than any name.
final class People {

    private final ChatConfig config;
    private final ChatLog log;
    private final ChatClock clock;
    private final Function<String, Optional<String>> keyOf;
    private final Map<String, Person> byName = new HashMap<>();
    private final Map<String, Long> mutedUntil = new HashMap<>();
    /// Ids of direct messages that are not durable yet.
    private final Set<Long> openDirects = new HashSet<>();

    /// @param keyOf whose name it is, if it is that of a key
    People(ChatConfig config, ChatLog log, ChatClock clock, Function<String, Optional<String>> keyOf) {
        this.config = config;
        this.log = log;
        this.clock = clock;
        this.keyOf = keyOf;
        log.mutes().forEach((name, until) ->
                mutedUntil.put(name, clock.nanos() + Duration.between(clock.now(), until).toNanos()));
    }

    /// Upper and lower case make no other name.
    static String fold(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /// The result of [#claim].
    ///
    /// @param displaced the sessions that lost it: they only claimed what is a key's, or have no connection
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
        if (!session.hasKey() && keyOf.apply(session.name()).isPresent()) {
            throw new ChatException("the name " + session.name() + " belongs to a key; connect under another name");
        }
        Person holder = byName.get(name);
        boolean isOthers = holder != null && !holder.owner().equals(session.owner());
        if (isOthers && !session.hasKey() && !isLeft(holder)) {
            throw new ChatException("the name " + session.name()
                    + " is held by another session; connect under another name");
        }
        List<ChatSession> displaced = isOthers ? List.copyOf(holder.sessions) : List.of();
        displaced.forEach(this::release);
        if (holder == null || isOthers) {
            holder = new Person(session.name(), session.owner(), isOthers ? holder.allowance() : newAllowance());
            byName.put(name, holder);
            log.learn(name, mailbox(holder));
        }
        holder.sessions.add(session);
        session.setLastActive(clock.nanos());
        session.setPerson(holder);
        return new Claim(holder, displaced);
    }

    /// Whether a name that others hold may be claimed: with a shared key it is no more than a claim, and a session that claims it
    /// while its holder has no connection most likely is that holder's.
    private static boolean isLeft(Person holder) {
        return holder.sessions.stream().noneMatch(session -> session.hasKey() || session.isAttached());
    }

    private TokenBucket newAllowance() {
        return new TokenBucket(config.messagesPerSecond(), config.messagesPerSecond() * ChatConfig.BURST_SECONDS,
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
            session.moved();
            tellWaiting(session);
        }
    }

    /// The session takes no part any more.
    private void exit(ChatSession session) {
        Person person = session.person();
        if (person != null && person.present.remove(session)) {
            session.moved();
            if (person.present.isEmpty()) {
                person.setAway(false);
            }
        }
    }

    /// The session takes no part any more, and has no name.
    synchronized void release(ChatSession session) {
        exit(session);
        Person person = session.person();
        if (person != null) {
            session.setPerson(null);
            person.sessions.remove(session);
        }
    }

    /// Tells of the direct messages that wait and were not told here, as many as there is room for. They wait until a
    /// client has acknowledged them.
    synchronized void tellWaiting(ChatSession session) {
        Person person = session.person();
        if (person == null || !person.present.contains(session)) {
            return;
        }
        String mailbox = mailbox(person);
        for (Event.Direct direct : log.waiting(mailbox)) {
            if (direct.id() <= session.lastDirect()) {
                continue;
            }
            if (openDirects.contains(direct.id())
                    || !session.tell(direct.encode(), () -> received(person, mailbox, direct.id()))) {
                return;
            }
            session.setLastDirect(direct.id());
        }
    }

    private synchronized void received(Person person, String mailbox, long id) {
        if (log.delivered(mailbox, id)) {
            person.present.stream().filter(session -> session.lastDirect() < id).forEach(ChatSession::missDirect);
        }
    }

    /// Keeps a direct message; its person is told when it is durable.
    ///
    /// @return its id
    /// @throws ChatException if nobody has that name, or too many messages wait there
    synchronized long tell(String to, ChatSession from, String text, LongSupplier ids) throws ChatException {
        String mailbox = mailbox(to);
        Person sender = from.person();
        if (sender == null) {
            throw new ChatException("somebody else holds the name " + from.name() + " now");
        }
        var direct = new Event.Direct(ids.getAsLong(), sender.name(), clock.now(), text);
        if (!log.keep(mailbox, direct)) {
            throw new ChatException("too many messages are waiting already, for " + to + " or of yours; some have to be read first");
        }
        openDirects.add(direct.id());
        log.afterCommit(() -> durable(fold(to), mailbox, direct.id()));
        return direct.id();
    }

    private synchronized void durable(String name, String mailbox, long id) {
        openDirects.remove(id);
        Person person = byName.get(name);
        if (person != null && mailbox(person).equals(mailbox)) {
            person.present.forEach(this::tellWaiting);
        }
    }

    private static String mailbox(Person person) {
        return person.owner() instanceof String key ? key : fold(person.name());
    }

    /// The mailbox of the last holder of this name.
    private String mailbox(String name) throws ChatException {
        Optional<String> found = keyOf.apply(name)
                .or(() -> Optional.ofNullable(byName.get(fold(name))).map(People::mailbox))
                .or(() -> log.mailbox(fold(name)));
        return found.orElseThrow(() -> new ChatException("nobody is called " + name));
    }

    /// Mutes somebody.
    synchronized void mute(String name, Duration time) throws ChatException {
        mailbox(name);
        mutedUntil.put(fold(name), clock.nanos() + time.toNanos());
        log.mute(fold(name), clock.now().plus(time));
    }

    /// Ends a mute.
    synchronized void unmute(String name) throws ChatException {
        if (mutedUntil.remove(fold(name)) == null) {
            throw new ChatException(name + " is not muted");
        }
        log.unmute(fold(name));
    }

    /// The sessions of a name's holder that take part.
    synchronized List<ChatSession> presentSessions(String name) {
        Person person = byName.get(fold(name));
        return person == null ? List.of() : List.copyOf(person.present);
    }

    /// The holder of a name; null if there is none.
    synchronized Person find(String name) {
        return byName.get(fold(name));
    }

    /// The people who take part.
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

    synchronized boolean isPresent(ChatSession session) {
        Person person = session.person();
        return person != null && person.present.contains(session);
    }

    synchronized List<ChatSession> presentSessions(Person person) {
        return List.copyOf(person.present);
    }

    /// Forgets those who are gone and have nothing left to be counted, and mutes that are over.
    synchronized void forgetGone() {
        long now = clock.nanos();
        byName.values().removeIf(person -> person.sessions.isEmpty() && person.allowance().isFull(now));
        // Their records go when they are read: there is no request here to write with.
        mutedUntil.values().removeIf(until -> until - now <= 0);
    }

    /// The holder of a name, with all sessions. Guarded by [People]. Its own monitor orders the events about its
    /// absence.
    static final class Person {

        private final String name;
        private final Object owner;
        private final TokenBucket allowance;
        /// Those that have claimed the name.
        final Set<ChatSession> sessions = new LinkedHashSet<>();
        /// Those that take part: they get direct messages.
        final Set<ChatSession> present = new LinkedHashSet<>();
        /// Read without a lock by every request.
        private volatile boolean isAway;

        Person(String name, Object owner, TokenBucket allowance) {
            this.name = name;
            this.owner = owner;
            this.allowance = allowance;
        }

        String name() {
            return name;
        }

        Object owner() {
            return owner;
        }

        TokenBucket allowance() {
            return allowance;
        }

        boolean isAway() {
            return isAway;
        }

        void setAway(boolean away) {
            isAway = away;
        }
    }
}
