package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/// Publish and subscribe: passes on what is published in a channel, once to each session that has subscribed to it or to a prefix
/// of it. Nothing is kept. Thread-safe.
public final class Channels {

    /// Publications that wait for their commit; the subscribers of more are only told that they missed something.
    private static final long MAX_WAITING_BYTES = Math.min(32L << 20, Runtime.getRuntime().maxMemory() / 32);

    private final KeyValueStore store;
    private final ConcurrentHashMap<Key, Set<Subscriber>> byChannel = new ConcurrentHashMap<>();
    private final PrefixWatchers<Subscriber> byPrefix = new PrefixWatchers<>();
    private final AtomicLong waitingBytes = new AtomicLong();

    /// @param store by whose commits publications are told
    public Channels(KeyValueStore store) {
        this.store = store;
    }

    private Set<Subscriber> subscribers(Key channel) {
        var found = new LinkedHashSet<Subscriber>(byChannel.getOrDefault(channel, Set.of()));
        byPrefix.addTo(found, channel.bytes());
        return found;
    }

    /// How many sessions a publication in this channel is told to.
    int receivers(Key channel) {
        return subscribers(channel).size();
    }

    /// Tells a publication once everything is durable that was written so far.
    void publish(Command.Publish publication) {
        Key channel = Key.of(publication.channel());
        if (!byChannel.containsKey(channel) && !byPrefix.matches(channel.bytes())) {
            return;
        }
        byte[] event = new Event.Published(new String(channel.bytes(), UTF_8), publication.payload()).encode();
        if (waitingBytes.addAndGet(event.length) > MAX_WAITING_BYTES) {
            waitingBytes.addAndGet(-event.length);
            store.afterCommit(() -> subscribers(channel).forEach(subscriber -> subscriber.events.skip()));
            return;
        }
        store.afterCommit(() -> {
            waitingBytes.addAndGet(-event.length);
            subscribers(channel).forEach(subscriber -> subscriber.events.tell(event));
        });
    }

    private void add(Key channel, boolean isPrefix, Subscriber subscriber) {
        if (isPrefix) {
            byPrefix.add(channel, subscriber);
        } else {
            byChannel.compute(channel, (_, known) -> {
                Set<Subscriber> all = known == null ? ConcurrentHashMap.newKeySet() : known;
                all.add(subscriber);
                return all;
            });
        }
    }

    private void remove(Key channel, boolean isPrefix, Subscriber subscriber) {
        if (isPrefix) {
            byPrefix.remove(channel, subscriber);
        } else {
            byChannel.computeIfPresent(channel, (_, all) -> {
                all.remove(subscriber);
                return all.isEmpty() ? null : all;
            });
        }
    }

    /// How many channels and prefixes have subscribers.
    public int size() {
        return byChannel.size() + byPrefix.prefixes();
    }

    /// The subscriptions of one session, changed by its reading thread.
    static final class Subscriber {

        private static final int MAX_SUBSCRIPTIONS = 1_000;
        /// Of all their names, because each change of one records them all.
        private static final int MAX_BYTES = 64 << 10;

        private final Channels channels;
        private final CountedEvents events;
        private final Set<Key> subscribed = ConcurrentHashMap.newKeySet();
        private final Set<Key> prefixes = ConcurrentHashMap.newKeySet();
        private int bytes;

        /// @param events returns false if too many events are waiting
        Subscriber(Channels channels, Predicate<byte[]> events) {
            this.channels = channels;
            this.events = new CountedEvents(events, Event.Missed::new);
        }

        Reply subscribe(byte[] channel, boolean isPrefix) {
            Key wanted = Key.of(channel);
            Set<Key> own = isPrefix ? prefixes : subscribed;
            if (own.contains(wanted)) {
                return Reply.OK;
            }
            if (subscribed.size() + prefixes.size() >= MAX_SUBSCRIPTIONS) {
                return Reply.error("you have " + MAX_SUBSCRIPTIONS + " subscriptions; end one first");
            }
            if (bytes + channel.length > MAX_BYTES) {
                return Reply.error("the names of your subscriptions may have " + MAX_BYTES + " bytes together; end one first");
            }
            own.add(wanted);
            bytes += channel.length;
            channels.add(wanted, isPrefix, this);
            return Reply.OK;
        }

        Reply unsubscribe(byte[] channel, boolean isPrefix) {
            Key known = Key.of(channel);
            if (!(isPrefix ? prefixes : subscribed).remove(known)) {
                return Reply.error("you have no such subscription");
            }
            bytes -= channel.length;
            channels.remove(known, isPrefix, this);
            return Reply.OK;
        }

        List<byte[]> channels() {
            return subscribed.stream().sorted().map(Key::bytes).toList();
        }

        List<byte[]> prefixes() {
            return prefixes.stream().sorted().map(Key::bytes).toList();
        }

        /// To be called when the session has ended.
        void close() {
            subscribed.forEach(channel -> channels.remove(channel, false, this));
            prefixes.forEach(prefix -> channels.remove(prefix, true, this));
            subscribed.clear();
            prefixes.clear();
        }

        /// Tells how many publications were missed.
        ///
        /// @return false if too many events are waiting
        boolean tellSkipped() {
            return events.tellSkipped();
        }
    }
}
