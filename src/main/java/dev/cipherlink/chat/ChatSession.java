package dev.cipherlink.chat;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.People.Person;
import dev.cipherlink.chat.Rooms.Room;
import dev.cipherlink.command.Event;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// One session of a client, as the chat sees it. It costs little until it takes part.
///
/// Its monitor guards what it was told: the order of its events, and what it missed.
public final class ChatSession {

    private final ChatIdentity identity;
    private final Subscriber subscriber;
    private final Runnable counter;
    private final Map<String, Skip> skipped = new LinkedHashMap<>(0);
    private final Set<Room> rooms = new HashSet<>(0);
    private boolean isClosed;
    private long skippedDirects;
    /// Id of the last direct message that was told here; guarded by [People].
    private long lastDirect;
    /// Whose session it is; null until it claims its name.
    private volatile Person person;
    private volatile long lastActive;

    /// How many messages of a room were not told, and the id of the one before them.
    private record Skip(long count, long after) {
    }

    /// @param counter called for each message that is skipped
    ChatSession(ChatIdentity identity, Subscriber subscriber, Runnable counter) {
        this.identity = identity;
        this.subscriber = subscriber;
        this.counter = counter;
    }

    String name() {
        return identity.name();
    }

    boolean isOperator() {
        return identity.isOperator();
    }

    boolean hasKey() {
        return identity.key().isPresent();
    }

    /// The identity of a name's holder: the key, or this very session.
    Object owner() {
        return identity.key().map(Object.class::cast).orElse(this);
    }

    /// Whether the client has a connection.
    boolean isAttached() {
        return subscriber.isAttached();
    }

    /// It is in other rooms, or takes part, or does not any more.
    void moved() {
        subscriber.moved();
    }

    /// Another session's request has done that.
    void movedByOther() {
        subscriber.movedByOther();
    }

    long lastDirect() {
        return lastDirect;
    }

    void setLastDirect(long id) {
        lastDirect = id;
    }

    Person person() {
        return person;
    }

    /// @param whose null if it loses its name
    synchronized void setPerson(Person whose) {
        person = whose;
    }

    long lastActive() {
        return lastActive;
    }

    void setLastActive(long nanoTime) {
        lastActive = nanoTime;
    }

    /// Notes that it is in a room. Requires the room's lock.
    ///
    /// @return false if it is closed, or not this person's any more
    synchronized boolean enter(Room room, Person whose) throws ChatException {
        if (isClosed || person != whose) {
            return false;
        }
        if (rooms.size() >= ChatConfig.MAX_ROOMS_PER_SESSION && !rooms.contains(room)) {
            throw new ChatException("you are in " + rooms.size() + " rooms; LEAVE one first");
        }
        if (rooms.add(room)) {
            moved();
        }
        return true;
    }

    /// Notes that it is not in a room any more. Requires the room's lock.
    synchronized void exit(Room room) {
        if (rooms.remove(room)) {
            moved();
        }
    }

    /// It need not be told what it missed in a room.
    synchronized void forgetSkipped(String room) {
        skipped.remove(room);
    }

    synchronized List<Room> rooms() {
        return List.copyOf(rooms);
    }

    /// Takes part in nothing any more.
    synchronized void close() {
        isClosed = true;
    }

    synchronized boolean isClosed() {
        return isClosed;
    }

    /// Tells of a message, or counts it as skipped. Does nothing if it has left the room.
    ///
    /// @param previous the id of the message before it in its room
    synchronized void tell(Room room, Event.Message message, byte[] encoded, long previous) {
        if (rooms.contains(room) && (!tellSkipped() || !subscriber.offer(encoded))) {
            skipped.merge(message.room(), new Skip(1, previous), (old, one) -> new Skip(old.count + 1, old.after));
            counter.run();
        }
    }

    /// It said something itself: what it missed before has one more message behind it.
    synchronized void said(Event.Message message) {
        skipped.computeIfPresent(message.room(), (_, skip) -> new Skip(skip.count + 1, skip.after));
    }

    /// Tells of a direct message.
    ///
    /// @param receipt called when the client has it
    /// @return false if it could not be told
    synchronized boolean tell(byte[] direct, Runnable receipt) {
        return tellSkipped() && subscriber.offer(direct, receipt);
    }

    /// A direct message reached other sessions of its person, but not this one.
    synchronized void missDirect() {
        skippedDirects++;
        counter.run();
    }

    /// Tells of something that can be found out otherwise: it is dropped if there is no room.
    synchronized void mention(byte[] event) {
        if (tellSkipped()) {
            subscriber.offer(event);
        }
    }

    /// Tells what it missed. Nothing that comes later may be told before.
    ///
    /// @return false if not all of it could be told
    synchronized boolean tellSkipped() {
        var rooms = skipped.entrySet().iterator();
        while (rooms.hasNext()) {
            Map.Entry<String, Skip> room = rooms.next();
            var event = new Event.Skipped(room.getKey(), room.getValue().count, room.getValue().after);
            if (!subscriber.offer(event.encode())) {
                return false;
            }
            rooms.remove();
        }
        if (skippedDirects > 0) {
            var notice = new Event.Notice(skippedDirects + " direct messages were not sent here, but to your "
                    + "other sessions: this one reads too slowly");
            if (!subscriber.offer(notice.encode())) {
                return false;
            }
            skippedDirects = 0;
        }
        return true;
    }

    /// The identity of a session.
    ///
    /// @param name       what others see; ASCII
    /// @param key        what makes two sessions those of the same person, and gives the name to it alone; empty where the
    ///                   name is a claim, which the first session that makes it holds
    /// @param isOperator whether it may send others out and silence them
    public record ChatIdentity(String name, Optional<String> key, boolean isOperator) {
    }

    /// Takes the events of one session. Thread-safe; called with locks of the chat held.
    public interface Subscriber {

        /// Waits for no acknowledgement.
        Runnable NO_RECEIPT = () -> { };

        /// Takes an event, or refuses it because too many are waiting. Never blocks, takes no lock of a caller of the chat,
        /// and keeps the order of calls. After a refusal it has [ChatService#roomAgain] called once there is room.
        ///
        /// @param event   shared with other subscribers: must not be changed
        /// @param receipt called without locks of the chat when the client has acknowledged the event, by a thread that may
        ///                write to the [ChatLog.ChatRecords]; never if it does not
        boolean offer(byte[] event, Runnable receipt);

        /// Whether the client has a connection now.
        boolean isAttached();

        /// In which rooms the session is, or whether it takes part, has changed. Called with locks of the chat held.
        void moved();

        /// Another session's request has done that, and is run by the calling thread, which may write to the
        /// [ChatLog.ChatRecords].
        void movedByOther();

        /// Takes an event whose acknowledgement nobody waits for.
        default boolean offer(byte[] event) {
            return offer(event, NO_RECEIPT);
        }
    }
}
