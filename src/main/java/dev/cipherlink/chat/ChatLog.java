package dev.cipherlink.chat;

import dev.cipherlink.chat.ChatConfig.ChatClock;
import dev.cipherlink.chat.ChatLog.ChatRecords.ChatRecord;
import dev.cipherlink.command.Event;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// The state of the chat: messages of rooms, direct messages that wait, names, and mutes. All of it is in memory, and
/// recorded for the next process.
///
/// Bounded in bytes: when all messages of rooms together are too large, the oldest of them goes, in whichever room it
/// is; when the direct messages are, no more are taken. A sender beyond its share displaces its own messages only.
/// Names come in lower case. Thread-safe; never blocks. A method that changes a record requires that the calling thread
/// may write to its [ChatRecords].
public final class ChatLog {

    static final int MAX_NAMES = 10_000;
    static final int MAX_MUTES = 10_000;
    /// An estimate of what a message takes beside its text.
    private static final int OVERHEAD_BYTES = 256;
    /// Of the bytes of all messages, one person's are at most this part before they displace others'.
    private static final int SENDER_PART = 8;
    /// The same of the messages of a room.
    private static final int ROOM_SENDER_PART = 2;

    private final ChatConfig config;
    private final ChatClock clock;
    private final long maxBytes;
    private final ChatRecords records;
    /// By id, in the order in which they came.
    private final Map<Long, Event.Message> messages = new LinkedHashMap<>();
    private final Map<String, ArrayDeque<Event.Message>> rooms = new HashMap<>();
    private final Map<String, ArrayDeque<Event.Direct>> directs = new HashMap<>();
    private final Map<String, ChatRecord.Known> names = new LinkedHashMap<>();
    private final Map<String, Instant> mutes = new LinkedHashMap<>();
    /// Of messages of rooms, and of direct ones, by sender.
    private final Map<String, Long> messageBytesOf = new HashMap<>();
    private final Map<String, Long> directBytesOf = new HashMap<>();
    private long messageBytes;
    private long directBytes;
    private long lastId;
    private long lastNameOrder;

    /// Goes on with what is recorded, as far as it is not too much.
    ///
    /// @param maxBytes of all messages of rooms together, and once more of all direct messages
    public ChatLog(ChatConfig config, ChatClock clock, long maxBytes, ChatRecords records) {
        this.config = config;
        this.clock = clock;
        this.maxBytes = maxBytes;
        this.records = records;
        // Milliseconds of the wall clock: without records, larger than every id of an earlier process, unless that gave
        // more than a thousand ids a second all its life.
        lastId = clock.now().toEpochMilli();
        restore(records.recorded());
    }

    private void restore(List<ChatRecord> recorded) {
        var said = new ArrayList<Event.Message>();
        var known = new ArrayList<ChatRecord.Known>();
        for (ChatRecord record : recorded) {
            switch (record) {
                case ChatRecord.Said(Event.Message message) -> said.add(message);
                case ChatRecord.Waiting(String mailbox, Event.Direct direct) -> restore(mailbox, direct);
                case ChatRecord.Known name -> known.add(name);
                case ChatRecord.Muted(String name, Instant until) -> restore(name, until);
                case ChatRecord.LastId(long id) -> lastId = Math.max(lastId, id);
            }
        }
        said.sort((a, b) -> Long.compare(a.id(), b.id()));
        said.forEach(this::add);
        known.sort((a, b) -> Long.compare(a.order(), b.order()));
        known.forEach(name -> names.put(name.name(), name));
        lastNameOrder = known.isEmpty() ? 0 : known.getLast().order();
    }

    private void restore(String mailbox, Event.Direct direct) {
        if (isOutdated(direct) || directBytes + bytes(direct.text()) > maxBytes) {
            records.forget(new ChatRecord.Waiting(mailbox, direct));
            return;
        }
        directs.computeIfAbsent(mailbox, _ -> new ArrayDeque<>()).add(direct);
        count(direct, 1);
        lastId = Math.max(lastId, direct.id());
    }

    private void restore(String name, Instant until) {
        if (until.isAfter(clock.now())) {
            mutes.put(name, until);
        } else {
            records.forget(new ChatRecord.Muted(name, until));
        }
    }

    /// At least the largest id that was ever given to a message, also by an earlier process.
    public synchronized long lastId() {
        return lastId;
    }

    /// Keeps a message of a room, in the place of the oldest if these are too many; those of one room come in the order of their
    /// ids.
    public synchronized void append(Event.Message message) {
        records.keep(new ChatRecord.Said(message));
        add(message);
        recordLastId();
    }

    /// Runs something when what was kept so far is durable: [ChatRecords#afterCommit].
    void afterCommit(Runnable telling) {
        records.afterCommit(telling);
    }

    private void add(Event.Message message) {
        ArrayDeque<Event.Message> room = rooms.computeIfAbsent(message.room(), _ -> new ArrayDeque<>());
        room.add(message);
        messages.put(message.id(), message);
        messageBytes += count(messageBytesOf, message.from(), bytes(message.text()));
        lastId = Math.max(lastId, message.id());
        if (room.size() > config.messagesPerRoom()) {
            long own = room.stream().filter(other -> other.from().equalsIgnoreCase(message.from())).count();
            drop(own > config.messagesPerRoom() / ROOM_SENDER_PART ? oldest(room, message.from()) : room.peek());
        }
        while (messageBytes > maxBytes) {
            boolean isOverShare = messageBytesOf.get(People.fold(message.from())) > maxBytes / SENDER_PART;
            drop(isOverShare ? oldest(messages.values(), message.from()) : messages.values().iterator().next());
        }
    }

    private static Event.Message oldest(Collection<Event.Message> oldestFirst, String from) {
        return oldestFirst.stream().filter(message -> message.from().equalsIgnoreCase(from)).findFirst().orElseThrow();
    }

    /// @return the bytes
    private static long count(Map<String, Long> bytesOf, String from, long bytes) {
        bytesOf.compute(People.fold(from), (_, before) -> {
            long now = (before == null ? 0 : before) + bytes;
            return now == 0 ? null : Long.valueOf(now);
        });
        return bytes;
    }

    /// @param sign 1 for a message that comes, -1 for one that goes
    private void count(Event.Direct message, int sign) {
        directBytes += count(directBytesOf, message.from(), sign * bytes(message.text()));
    }

    private void recordLastId() {
        records.keep(new ChatRecord.LastId(lastId));
    }

    private void drop(Event.Message message) {
        ArrayDeque<Event.Message> room = rooms.get(message.room());
        room.remove(message);
        if (room.isEmpty()) {
            rooms.remove(message.room());
        }
        messages.remove(message.id());
        messageBytes += count(messageBytesOf, message.from(), -bytes(message.text()));
        records.forget(new ChatRecord.Said(message));
    }

    /// The last messages of a room, oldest first.
    public synchronized List<Event.Message> newest(String room, int count) {
        var found = new ArrayList<Event.Message>();
        Iterator<Event.Message> backwards = messages(room).descendingIterator();
        while (found.size() < count && backwards.hasNext()) {
            found.add(backwards.next());
        }
        Collections.reverse(found);
        return found;
    }

    /// The first messages of a room with an id larger than this one, oldest first.
    public synchronized List<Event.Message> after(String room, long id, int count) {
        return messages(room).stream().filter(message -> message.id() > id).limit(count).toList();
    }

    private ArrayDeque<Event.Message> messages(String room) {
        return rooms.getOrDefault(room, new ArrayDeque<>(0));
    }

    /// The rooms of which messages are kept, each with the id of its last one.
    public synchronized Map<String, Long> rooms() {
        var last = new HashMap<String, Long>();
        rooms.forEach((name, room) -> last.put(name, room.getLast().id()));
        return last;
    }

    /// Keeps a direct message until [#delivered].
    ///
    /// @param mailbox whose it is; see [People]
    /// @return false if too many are waiting there, or of this sender anywhere
    public synchronized boolean keep(String mailbox, Event.Direct message) {
        dropOutdated(mailbox);
        if (directBytes + bytes(message.text()) > maxBytes) {
            List.copyOf(directs.keySet()).forEach(this::dropOutdated);
        }
        ArrayDeque<Event.Direct> waiting = directs.getOrDefault(mailbox, new ArrayDeque<>());
        long own = waiting.stream().filter(other -> other.from().equalsIgnoreCase(message.from())).count();
        long ownBytes = directBytesOf.getOrDefault(People.fold(message.from()), 0L);
        if (waiting.size() >= config.waitingPerName() || own >= config.waitingPerSender()
                || directBytes + bytes(message.text()) > maxBytes || ownBytes > maxBytes / SENDER_PART) {
            return false;
        }
        waiting.add(message);
        directs.put(mailbox, waiting);
        count(message, 1);
        lastId = Math.max(lastId, message.id());
        records.keep(new ChatRecord.Waiting(mailbox, message));
        recordLastId();
        return true;
    }

    /// The direct messages that wait in a mailbox and are not too old, oldest first.
    public synchronized List<Event.Direct> waiting(String mailbox) {
        return directs.getOrDefault(mailbox, new ArrayDeque<>(0)).stream().filter(message -> !isOutdated(message)).toList();
    }

    private boolean isOutdated(Event.Direct message) {
        return message.at().isBefore(clock.now().minus(config.waitingTime()));
    }

    private void dropOutdated(String mailbox) {
        removeIf(mailbox, this::isOutdated)
                .forEach(message -> records.forget(new ChatRecord.Waiting(mailbox, message)));
    }

    /// Forgets the direct message with this id.
    ///
    /// @return whether it was waiting
    public synchronized boolean delivered(String mailbox, long id) {
        List<Event.Direct> removed = removeIf(mailbox, message -> message.id() == id);
        removed.forEach(message -> records.forget(new ChatRecord.Waiting(mailbox, message)));
        return !removed.isEmpty();
    }

    private List<Event.Direct> removeIf(String mailbox, Predicate<Event.Direct> rule) {
        ArrayDeque<Event.Direct> waiting = directs.get(mailbox);
        if (waiting == null) {
            return List.of();
        }
        List<Event.Direct> removed = waiting.stream().filter(rule).toList();
        waiting.removeAll(removed);
        removed.forEach(message -> count(message, -1));
        if (waiting.isEmpty()) {
            directs.remove(mailbox);
        }
        return removed;
    }

    /// Remembers that somebody has this name, and where messages for that person wait.
    public synchronized void learn(String name, String mailbox) {
        names.remove(name);
        var known = new ChatRecord.Known(name, mailbox, ++lastNameOrder);
        names.put(name, known);
        records.keep(known);
        if (names.size() > MAX_NAMES) {
            ChatRecord.Known oldest = names.values().iterator().next();
            names.remove(oldest.name());
            records.forget(oldest);
        }
    }

    /// The mailbox of the person who has, or had, this name; empty if nobody had it.
    public synchronized Optional<String> mailbox(String name) {
        return Optional.ofNullable(names.get(name)).map(ChatRecord.Known::mailbox);
    }

    /// The muted names, each with its end.
    public synchronized Map<String, Instant> mutes() {
        return Map.copyOf(mutes);
    }

    /// Silences somebody; replaces an earlier one.
    public synchronized void mute(String name, Instant until) {
        mutes.remove(name);
        mutes.put(name, until);
        records.keep(new ChatRecord.Muted(name, until));
        if (mutes.size() > MAX_MUTES) {
            unmute(mutes.keySet().iterator().next());
        }
    }

    /// Lets somebody speak again.
    public synchronized void unmute(String name) {
        records.forget(new ChatRecord.Muted(name, mutes.remove(name)));
    }

    private static long bytes(String text) {
        return OVERHEAD_BYTES + 2L * text.length();
    }

    /// Where a [ChatLog] writes what another process needs to go on with it. [#keep] and [#forget] belong to the request that
    /// the calling thread runs, and become durable with it; they do not block.
    public interface ChatRecords {

        /// Keeps nothing.
        class None implements ChatRecords {

            @Override
            public List<ChatRecord> recorded() {
                return List.of();
            }

            @Override
            public void keep(ChatRecord record) {
                // Nothing outlives this process.
            }

            @Override
            public void forget(ChatRecord record) {
                // Nothing was kept.
            }

            @Override
            public void afterCommit(Runnable telling) {
                telling.run();
            }
        }

        /// The records of earlier processes; messages of a room, and those that wait for one person, in the order of their ids.
        List<ChatRecord> recorded();

        /// Keeps a record in the place of one that is found by the same.
        void keep(ChatRecord record);

        /// Takes away what is found by the same, if there is anything.
        void forget(ChatRecord record);

        /// Runs something when what was recorded so far is durable, in the order of the calls; never if it does not become
        /// so. May be called by any thread, with or without a request.
        ///
        /// @param telling must not block
        void afterCommit(Runnable telling);

        /// One thing that the chat remembers beyond its process. Names are in lower case.
        public sealed interface ChatRecord {

            /// A message of a room; found by its room and id.
            record Said(Event.Message message) implements ChatRecord {
            }

            /// A direct message that nobody has acknowledged; found by its mailbox ([People]) and its id.
            record Waiting(String mailbox, Event.Direct direct) implements ChatRecord {
            }

            /// Somebody has, or had, this name; found by the name.
            ///
            /// @param mailbox where messages for that person wait
            /// @param order   larger than that of every name learned before
            record Known(String name, String mailbox, long order) implements ChatRecord {
            }

            /// A mute with its end; found by the name.
            record Muted(String name, Instant until) implements ChatRecord {
            }

            /// There is one: no larger id was given to a message.
            record LastId(long id) implements ChatRecord {
            }
        }
    }
}
