package dev.cipherlink.chat;

import dev.cipherlink.chat.ChatConfig.ChatClock;
import dev.cipherlink.chat.ChatLog.ChatRecords;
import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatSession.ChatIdentity;
import dev.cipherlink.chat.ChatSession.Subscriber;
import dev.cipherlink.command.Event;
import java.net.ProtocolException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// A chat on clocks that stand still until they are moved.
final class TestChat {

    static final Instant START = Instant.parse("2026-03-01T11:00:00Z");
    static final ChatConfig CONFIG = new ChatConfig(5, 10, Duration.ofMinutes(10), 3, Duration.ofDays(14));

    private final AtomicLong nanos = new AtomicLong();
    private final List<Runnable> tellings = new ArrayList<>();
    private boolean isHeld;
    /// Keeps nothing; notifications wait while it is held.
    private final ChatRecords records = new ChatRecords.None() {
        @Override
        public void afterCommit(Runnable telling) {
            tellings.add(telling);
            if (!isHeld) {
                commit();
            }
        }
    };
    final ChatClock clock = new ChatClock(nanos::get, () -> START.plusNanos(nanos.get()));
    final ChatLog log;
    final ChatService chat;
    /// Whose names are those of keys, by name.
    final Map<String, String> keys = new HashMap<>(Map.of("owner", "key of owner", "absent", "key of absent"));

    TestChat() {
        this(CONFIG);
    }

    TestChat(ChatConfig config) {
        log = new ChatLog(config, clock, 1 << 20, records);
        chat = new ChatService(config, log, clock, name -> Optional.ofNullable(keys.get(People.fold(name))));
    }

    /// Ids without their origin, times left out.
    private static String shown(byte[] encoded) {
        try {
            return shown(Event.decode(encoded, 0, encoded.length));
        } catch (ProtocolException e) {
            throw new IllegalStateException(e);
        }
    }

    static String shown(Event event) {
        long origin = START.toEpochMilli();
        return switch (event) {
            case Event.Message m -> m.room() + " " + (m.id() - origin) + " " + m.from() + ": " + m.text();
            case Event.Direct d -> "direct " + (d.id() - origin) + " " + d.from() + ": " + d.text();
            case Event.Joined(String room, String name) -> "joined " + room + " " + name;
            case Event.Left(String room, String name) -> "left " + room + " " + name;
            case Event.Away(String name) -> "away " + name;
            case Event.Back(String name) -> "back " + name;
            case Event.Skipped(String room, long count, long after) ->
                    "skipped " + room + " " + count + " " + (after - origin);
            case Event.Notice(String text) -> "notice " + text;
            case Event.KeySet _, Event.KeyDeleted _, Event.KeyExpired _, Event.Published _, Event.Missed _ -> throw new IllegalArgumentException("not of the chat");
        };
    }

    /// From here on nothing becomes durable but by [#commit].
    void hold() {
        isHeld = true;
    }

    /// Makes all requests durable.
    void commit() {
        while (!tellings.isEmpty()) {
            tellings.removeFirst().run();
        }
    }

    void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    /// Somebody with a key of their own.
    User user(String name) {
        return new User(new ChatIdentity(name, Optional.of("key of " + People.fold(name)), false));
    }

    /// The present holder of this name.
    User user(String name, String key) {
        return new User(new ChatIdentity(name, Optional.of(key), false));
    }

    User operator(String name) {
        return new User(new ChatIdentity(name, Optional.of("key of " + People.fold(name)), true));
    }

    /// Somebody who holds the shared key.
    User claimant(String name) {
        return new User(new ChatIdentity(name, Optional.empty(), false));
    }

    /// One session and what it was told.
    final class User implements Subscriber {
        final ChatSession session;
        private final List<byte[]> told = new ArrayList<>();
        private final List<Runnable> receipts = new ArrayList<>();
        boolean isAttached = true;
        int changes;
        int moves;
        int room = Integer.MAX_VALUE;
        Runnable whenOffered = () -> { };

        private User(ChatIdentity identity) {
            session = chat.open(identity, this);
        }

        @Override
        public void moved() {
            changes++;
        }

        @Override
        public void movedByOther() {
            moves++;
        }

        @Override
        public boolean isAttached() {
            return isAttached;
        }

        @Override
        public synchronized boolean offer(byte[] event, Runnable receipt) {
            whenOffered.run();
            if (told.size() >= room) {
                return false;
            }
            told.add(event);
            receipts.add(receipt);
            return true;
        }

        User join(String name) throws ChatException {
            chat.join(session, name);
            commit();
            return this;
        }

        /// The number of the message.
        long say(String name, String text) throws ChatException {
            long id = ask(name, text);
            commit();
            return id;
        }

        /// Says something, which may not be durable yet.
        long ask(String name, String text) throws ChatException {
            return chat.say(session, name, text) - START.toEpochMilli();
        }

        long tell(String name, String text) throws ChatException {
            long id = chat.tell(session, name, text) - START.toEpochMilli();
            commit();
            return id;
        }

        void leave() {
            chat.close(session);
        }

        synchronized List<byte[]> raw() {
            return List.copyOf(told);
        }

        /// The events since the last call, all acknowledged by the client.
        List<String> told() {
            List<String> events;
            List<Runnable> due;
            synchronized (this) {
                events = told.stream().map(TestChat::shown).toList();
                due = List.copyOf(receipts);
                told.clear();
                receipts.clear();
            }
            due.forEach(Runnable::run);
            return events;
        }

        /// There is room again.
        void read() {
            room = Integer.MAX_VALUE;
            chat.roomAgain(session);
        }
    }
}
