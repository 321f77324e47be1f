package dev.cipherlink.chat;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// A [ChatLog] in memory; what it holds is gone when the process ends.
///
/// Bounded in bytes: when all messages of rooms together are too large, the oldest of them goes, in whichever room it
/// is; when the direct messages are, no more are taken.
public final class MemoryChatLog implements ChatLog {

    static final int MAX_NAMES = 10_000;
    static final int MAX_MUTES = 10_000;
    /// An estimate of what a message takes beside its text.
    private static final int OVERHEAD_BYTES = 256;

    private final ChatConfig config;
    private final ChatClock clock;
    private final long maxBytes;
    private final long firstId;
    /// By id, in the order in which they came.
    private final Map<Long, ChatEvent.Message> messages = new LinkedHashMap<>();
    private final Map<String, ArrayDeque<ChatEvent.Message>> rooms = new HashMap<>();
    private final Map<String, ArrayDeque<ChatEvent.Direct>> directs = new HashMap<>();
    private final Set<String> names = new LinkedHashSet<>();
    private final Map<String, Instant> mutes = new LinkedHashMap<>();
    private long messageBytes;
    private long directBytes;

    /// @param maxBytes of all messages of rooms together, and once more of all direct messages
    public MemoryChatLog(ChatConfig config, ChatClock clock, long maxBytes) {
        this.config = config;
        this.clock = clock;
        this.maxBytes = maxBytes;
        // Milliseconds of the wall clock: larger than every id of an earlier process, unless that gave more than a
        // thousand ids a second all its life.
        firstId = clock.now().toEpochMilli();
    }

    @Override
    public long lastId() {
        return firstId;
    }

    @Override
    public synchronized void append(ChatEvent.Message message) {
        ArrayDeque<ChatEvent.Message> room = rooms.computeIfAbsent(message.room(), _ -> new ArrayDeque<>());
        room.add(message);
        messages.put(message.id(), message);
        messageBytes += bytes(message.text());
        if (room.size() > config.messagesPerRoom()) {
            remove(room.peek());
        }
        while (messageBytes > maxBytes) {
            remove(messages.values().iterator().next());
        }
    }

    /// The first of its room: both orders are those in which they came.
    private void remove(ChatEvent.Message message) {
        ArrayDeque<ChatEvent.Message> room = rooms.get(message.room());
        room.remove();
        if (room.isEmpty()) {
            rooms.remove(message.room());
        }
        messages.remove(message.id());
        messageBytes -= bytes(message.text());
    }

    @Override
    public synchronized List<ChatEvent.Message> newest(String room, int count) {
        var found = new ArrayList<ChatEvent.Message>();
        Iterator<ChatEvent.Message> backwards = room(room).descendingIterator();
        while (found.size() < count && backwards.hasNext()) {
            found.add(backwards.next());
        }
        Collections.reverse(found);
        return found;
    }

    @Override
    public synchronized List<ChatEvent.Message> after(String room, long id, int count) {
        return room(room).stream().filter(message -> message.id() > id).limit(count).toList();
    }

    private ArrayDeque<ChatEvent.Message> room(String room) {
        return rooms.getOrDefault(room, new ArrayDeque<>(0));
    }

    @Override
    public synchronized Map<String, Long> rooms() {
        var last = new HashMap<String, Long>();
        rooms.forEach((name, kept) -> last.put(name, kept.getLast().id()));
        return last;
    }

    @Override
    public synchronized boolean keep(String name, ChatEvent.Direct message) {
        dropOutdated(name);
        ArrayDeque<ChatEvent.Direct> waiting = directs.getOrDefault(name, new ArrayDeque<>());
        if (waiting.size() >= config.waitingPerName() || directBytes + bytes(message.text()) > maxBytes) {
            return false;
        }
        waiting.add(message);
        directs.put(name, waiting);
        directBytes += bytes(message.text());
        return true;
    }

    @Override
    public synchronized List<ChatEvent.Direct> waiting(String name) {
        dropOutdated(name);
        return List.copyOf(directs.getOrDefault(name, new ArrayDeque<>(0)));
    }

    private void dropOutdated(String name) {
        Instant oldest = clock.now().minus(config.waitingTime());
        removeIf(name, message -> message.at().isBefore(oldest));
    }

    @Override
    public synchronized void delivered(String name, long id) {
        removeIf(name, message -> message.id() == id);
    }

    private void removeIf(String name, Predicate<ChatEvent.Direct> rule) {
        ArrayDeque<ChatEvent.Direct> waiting = directs.get(name);
        if (waiting == null) {
            return;
        }
        waiting.removeIf(message -> {
            boolean goes = rule.test(message);
            directBytes -= goes ? bytes(message.text()) : 0;
            return goes;
        });
        if (waiting.isEmpty()) {
            directs.remove(name);
        }
    }

    @Override
    public synchronized void learn(String name) {
        names.remove(name);
        names.add(name);
        if (names.size() > MAX_NAMES) {
            names.remove(names.iterator().next());
        }
    }

    @Override
    public synchronized boolean knows(String name) {
        return names.contains(name);
    }

    @Override
    public synchronized Map<String, Instant> mutes() {
        return Map.copyOf(mutes);
    }

    @Override
    public synchronized void mute(String name, Instant until) {
        mutes.remove(name);
        mutes.put(name, until);
        if (mutes.size() > MAX_MUTES) {
            mutes.remove(mutes.keySet().iterator().next());
        }
    }

    @Override
    public synchronized void unmute(String name) {
        mutes.remove(name);
    }

    private static long bytes(String text) {
        return OVERHEAD_BYTES + 2L * text.length();
    }
}
