package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// Which sessions are told of changes of which keys. Thread-safe.
///
/// A change costs one look while nobody watches, else one at the prefixes with which its key begins: what others watch costs it
/// nothing.
public final class KeyWatches implements KeyValueStore.ChangeListener {

    /// Guarded by the monitor; the sets are in the tree, too.
    private final Map<Key, Set<KeyWatcher>> byPrefix = new HashMap<>();
    private volatile PrefixTree<Set<KeyWatcher>> tree = PrefixTree.empty();

    /// Whether anybody watches.
    @Override
    public boolean isInterested() {
        return !tree.isEmpty();
    }

    public synchronized int prefixes() {
        return byPrefix.size();
    }

    synchronized void add(Key prefix, KeyWatcher watcher) {
        byPrefix.computeIfAbsent(prefix, _ -> {
            Set<KeyWatcher> watchers = ConcurrentHashMap.newKeySet();
            tree = tree.with(prefix.bytes(), watchers);
            return watchers;
        }).add(watcher);
    }

    synchronized void remove(Key prefix, KeyWatcher watcher) {
        byPrefix.computeIfPresent(prefix, (_, watchers) -> {
            watchers.remove(watcher);
            if (!watchers.isEmpty()) {
                return watchers;
            }
            tree = tree.without(prefix.bytes());
            return null;
        });
    }

    /// Tells those who watch it that a key was set, or is gone.
    @Override
    public void changed(Key key, boolean exists) {
        if (!tree.matches(key.bytes())) {
            return;
        }
        // A set: a session with two prefixes of the key is told once.
        var watchers = new LinkedHashSet<KeyWatcher>();
        tree.forEach(key.bytes(), watchers::addAll);
        if (!watchers.isEmpty()) {
            String name = new String(key.bytes(), UTF_8);
            byte[] event = (exists ? new Event.KeySet(name) : new Event.KeyDeleted(name)).encode();
            watchers.forEach(watcher -> watcher.tell(event));
        }
    }

    /// The watches of one session. The methods that change them belong to its reading thread; any thread may tell it.
    static final class KeyWatcher {

        private static final int MAX_PREFIXES = 100;

        private final KeyWatches watches;
        private final Predicate<byte[]> events;
        /// Replaced by the reading thread, read by any.
        private volatile Set<Key> prefixes = Set.of();
        private long skipped;

        /// @param events refuses one if too many are waiting
        KeyWatcher(KeyWatches watches, Predicate<byte[]> events) {
            this.watches = watches;
            this.events = events;
        }

        Reply watch(byte[] prefix) {
            Key wanted = Key.of(prefix);
            if (prefixes.size() >= MAX_PREFIXES && !prefixes.contains(wanted)) {
                return Reply.error("you watch " + MAX_PREFIXES + " prefixes; UNWATCH one first");
            }
            if (!prefixes.contains(wanted)) {
                var more = new HashSet<>(prefixes);
                more.add(wanted);
                prefixes = more;
                watches.add(wanted, this);
            }
            return Reply.OK;
        }

        Reply unwatch(byte[] prefix) {
            Key known = Key.of(prefix);
            var fewer = new HashSet<>(prefixes);
            if (!fewer.remove(known)) {
                return Reply.error("you do not watch that prefix");
            }
            prefixes = fewer;
            watches.remove(known, this);
            return Reply.OK;
        }

        List<byte[]> prefixes() {
            return prefixes.stream().sorted().map(Key::bytes).toList();
        }

        /// The session has ended.
        void close() {
            prefixes.forEach(prefix -> watches.remove(prefix, this));
            prefixes = Set.of();
        }

        synchronized void tell(byte[] event) {
            if (!tellSkipped() || !events.test(event)) {
                skipped++;
            }
        }

        /// There may be room again for events. Nothing is told before what was missed.
        ///
        /// @return false if there is no room
        synchronized boolean tellSkipped() {
            if (skipped > 0) {
                var notice = new Event.Notice(skipped + " changes of watched keys were not told: this session reads too slowly");
                if (!events.test(notice.encode())) {
                    return false;
                }
                skipped = 0;
            }
            return true;
        }
    }
}
