package dev.cipherlink.chat;

import dev.cipherlink.chat.ChatConfig.ChatClock;
import dev.cipherlink.chat.ChatSession.ChatIdentity;
import dev.cipherlink.chat.ChatSession.Subscriber;
import dev.cipherlink.chat.People.Person;
import dev.cipherlink.chat.Rooms.Room;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply.Outcome;
import dev.cipherlink.metrics.MetricsReport;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

/// The chat of a server: `docs/protocol.md` section 7.
///
/// A session takes part once it has joined a room or called [#back]; from then on it gets events, and its person is
/// here. The first JOIN makes a room. A session is not told of its own messages.
///
/// A message is in the history at once, and is told to others when it is durable. Requests that claim a name, speak
/// or silence write to the [ChatLog.ChatRecords].
///
/// Thread-safe; never blocks.
public final class ChatService {

    private final ChatConfig config;
    private final ChatLog log;
    private final ChatClock clock;
    private final People people;
    private final Rooms rooms;
    /// When a person who was removed from a room may join it again, in nanoseconds of the clock.
    private final Map<Ban, Long> bannedUntil = new ConcurrentHashMap<>();
    private final AtomicLong lastId;
    private final LongAdder messages = new LongAdder();
    private final LongAdder directs = new LongAdder();
    private final LongAdder skipped = new LongAdder();

    /// @param keyOf the key that has a name, if one has: nobody else may claim it, and messages for it wait for that key
    public ChatService(ChatConfig config, ChatLog log, ChatClock clock, Function<String, Optional<String>> keyOf) {
        this.config = config;
        this.log = log;
        this.clock = clock;
        rooms = new Rooms(log);
        people = new People(config, log, clock, keyOf);
        lastId = new AtomicLong(log.lastId());
    }

    /// A session that takes no part yet. The caller closes it.
    public ChatSession open(ChatIdentity identity, Subscriber subscriber) {
        return new ChatSession(identity, subscriber, skipped::increment);
    }

    /// The session has ended for good: it leaves its rooms, and gives up its name if it was the last that held it.
    public void close(ChatSession session) {
        session.close();
        rooms.leaveAll(session);
        people.release(session);
    }

    /// The session has sent a request: its person is not idle.
    public void touch(ChatSession session) {
        Person person = session.person();
        if (person != null) {
            session.setLastActive(clock.nanos());
            if (person.isAway()) {
                setAway(person, false);
            }
        }
    }

    /// There is room again for events of a session that had refused one.
    public void roomAgain(ChatSession session) {
        if (session.tellSkipped()) {
            people.tellWaiting(session);
        }
    }

    /// Enters a room; does nothing if the session is in it.
    public void join(ChatSession session, String name) throws ChatException {
        Person person = claim(session);
        people.requireAllowance(person);
        requireNotBanned(session, name);
        rooms.enter(session, person, name, true);
        people.enter(session);
    }

    /// The names of the rooms that the session is in.
    public List<String> rooms(ChatSession session) {
        return session.rooms().stream().map(Room::name).sorted().toList();
    }

    /// Whether the session takes part.
    public boolean isPresent(ChatSession session) {
        return people.isPresent(session);
    }

    /// A session that an earlier process had takes part again, and is in these rooms. Nobody else is told; what that process
    /// had not sent is lost but for direct messages.
    ///
    /// @throws ChatException if somebody else holds its name
    public void restore(ChatSession session, List<String> names) throws ChatException {
        Person person = claim(session);
        for (String name : names) {
            rooms.enter(session, person, name, false);
        }
        mention(List.of(session), new Event.Notice("the server was started again; HISTORY has what you may have missed"));
        people.enter(session);
    }

    /// Gives the session its name, and takes it from sessions that only claimed it.
    private Person claim(ChatSession session) throws ChatException {
        People.Claim claim = people.claim(session);
        if (claim.displaced().isEmpty()) {
            return claim.person();
        }
        claim.displaced().forEach(rooms::leaveAll);
        claim.displaced().forEach(ChatSession::movedByOther);
        mention(claim.displaced(), new Event.Notice("the name " + session.name() + (session.hasKey()
                ? " belongs to a key whose holder is here now" : " was claimed by another session while you had no connection")
                + "; you left your rooms. Connect under another name"));
        return claim.person();
    }

    /// Leaves a room.
    public void leave(ChatSession session, String name) throws ChatException {
        if (!rooms.leave(session, name)) {
            throw notIn(name);
        }
    }

    private static ChatException notIn(String room) {
        return new ChatException("you are not in " + room + "; JOIN it first");
    }

    /// Says something in a room.
    ///
    /// @return the message's id
    public long say(ChatSession session, String name, String text) throws ChatException {
        requireMaySpeak(claim(session));
        Room room = rooms.find(name);
        long id = room == null ? 0 : room.say(session, text, clock.now(), lastId::incrementAndGet);
        if (id == 0) {
            throw notIn(name);
        }
        messages.increment();
        return id;
    }

    private void requireMaySpeak(Person person) throws ChatException {
        people.requireVoice(person);
        people.requireAllowance(person);
    }

    /// Says something to one person, who need not be here.
    ///
    /// @return the message's id
    public long tell(ChatSession session, String to, String text) throws ChatException {
        requireMaySpeak(claim(session));
        long id = people.tell(to, session, text, lastId::incrementAndGet);
        directs.increment();
        return id;
    }

    /// Everybody who is here, by name.
    public List<Presence> who() {
        return people.describe(people.present());
    }

    /// Everybody in a room, by name.
    public List<Presence> who(String name) {
        Room room = rooms.find(name);
        return room == null ? List.of() : people.describe(room.people());
    }

    /// The rooms with people or messages in them, by name.
    public List<RoomSummary> rooms() {
        return rooms.summaries();
    }

    /// The last messages of a room, oldest first.
    public List<Event.Message> history(String room, int count) {
        return log.newest(room, count);
    }

    /// The messages of a room that follow the one with this id, oldest first.
    public List<Event.Message> history(String room, int count, long after) {
        return log.after(room, after, count);
    }

    /// The person is away until the next request that counts.
    public void away(ChatSession session) throws ChatException {
        Person person = claim(session);
        people.requireAllowance(person);
        people.enter(session);
        setAway(person, true);
    }

    /// The session takes part, and its person is here.
    public void back(ChatSession session) throws ChatException {
        people.requireAllowance(claim(session));
        people.enter(session);
        touch(session);
    }

    /// @throws ChatException if the session's person was sent out of the room; it says for how long
    private void requireNotBanned(ChatSession session, String room) throws ChatException {
        long now = clock.nanos();
        long left = bannedUntil.getOrDefault(new Ban(room, People.fold(session.name())), now) - now;
        if (left > 0) {
            throw new ChatException("you were removed from " + room + "; try again in "
                    + Math.ceilDiv(left, 1_000_000_000L) + " s");
        }
    }

    /// Sends all sessions of a person out of a room, for a while. They are told, also by an event with their own name.
    public void kick(ChatSession operator, String name, String whom) throws ChatException {
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
            mention(out, new Event.Left(name, person.name()));
            mention(out, new Event.Notice(operator.name() + " removed you from " + name + "; you can join it again in "
                    + ChatConfig.KICK_TIME.toSeconds() + " s"));
        });
    }

    /// Lets a person say nothing for a while.
    public void mute(ChatSession operator, String whom, Duration time) throws ChatException {
        requireOperator(operator);
        people.mute(whom, time);
        mentionLater(whom, operator.name() + " muted you for " + time.toSeconds() + " s");
    }

    /// Lets a person speak again.
    public void unmute(ChatSession operator, String whom) throws ChatException {
        requireOperator(operator);
        people.unmute(whom);
        mentionLater(whom, operator.name() + " lets you speak again");
    }

    private static void requireOperator(ChatSession session) throws ChatException {
        if (!session.isOperator()) {
            throw new ChatException("only operators may do that; ask one to authorize you with --operator", Outcome.DENIED);
        }
    }

    private void mentionLater(String whom, String notice) {
        log.afterCommit(() -> mention(people.presentSessions(whom), new Event.Notice(notice)));
    }

    private static void mention(Collection<ChatSession> sessions, Event event) {
        if (!sessions.isEmpty()) {
            byte[] encoded = event.encode();
            sessions.forEach(session -> session.mention(encoded));
        }
    }

    /// Marks idle people as away, and forgets bans and mutes that are over. To be called about once a second.
    public void sweep() {
        long now = clock.nanos();
        bannedUntil.values().removeIf(until -> until - now <= 0);
        people.forgetGone();
        for (Person person : people.present()) {
            if (!person.isAway() && people.isIdle(person)) {
                setAway(person, true);
            }
        }
    }

    /// Under the person's monitor, so that everybody is told of the changes in their order.
    private void setAway(Person person, boolean away) {
        synchronized (person) {
            if (person.isAway() == away) {
                return;
            }
            person.setAway(away);
            var told = new LinkedHashSet<ChatSession>(people.presentSessions(person));
            for (ChatSession session : List.copyOf(told)) {
                session.rooms().forEach(room -> told.addAll(room.announced()));
            }
            mention(told, away ? new Event.Away(person.name()) : new Event.Back(person.name()));
        }
    }

    /// Name and value of each counter, in the order in which INFO shows them.
    public Map<String, Object> info() {
        var values = new LinkedHashMap<String, Object>();
        values.put("chat_rooms", rooms.count());
        values.put("chat_people", people.present().size());
        values.put("chat_messages", messages.sum());
        values.put("chat_directs", directs.sum());
        values.put("chat_skipped", skipped.sum());
        return values;
    }

    /// Adds the chat's metrics. Names begin with `chat_`.
    public void addTo(MetricsReport report) {
        report.gauge("chat_rooms", "Rooms of the chat.", rooms.count())
                .gauge("chat_people", "People in the chat.", people.present().size())
                .counter("chat_messages", "Messages said in rooms.", messages.sum())
                .counter("chat_directs", "Direct messages.", directs.sum())
                .counter("chat_skipped", "Events that slow clients missed.", skipped.sum());
    }

    /// A person's name in lower case, and the room that person was sent out of.
    private record Ban(String room, String name) {
    }

    /// One line of WHO.
    ///
    /// @param idle since the last request of any of their sessions
    public record Presence(String name, boolean isAway, Duration idle) {
    }

    /// One line of ROOMS.
    ///
    /// @param people how many are in it now
    /// @param lastId the id of its last message that is kept; 0 if there is none
    public record RoomSummary(String name, int people, long lastId) {
    }

    /// A request that the chat refuses; nothing was changed. The message is one sentence for the peer that says what to do.
    ///
    /// Cheap on purpose (no stack trace, no suppressed exceptions): a peer can cause as many as it likes.
    public static final class ChatException extends Exception {
        private static final long serialVersionUID = 1;

        private final Outcome outcome;

        ChatException(String reason) {
            this(reason, Outcome.REFUSED);
        }

        ChatException(String reason, Outcome outcome) {
            super(reason, null, false, false);
            this.outcome = outcome;
        }

        public Outcome outcome() {
            return outcome;
        }
    }
}
