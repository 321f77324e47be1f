package dev.cipherlink.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.command.Event;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Which sessions are told of changes of which keys. Thread-safe.
///
/// A change costs one look while nobody watches, else one at the prefixes with which its key begins: what others watch costs it
/// nothing.
final class KeyWatches implements KeyValueStore.ChangeListener {

    /// Guarded by the monitor; the sets are in the tree, too.
    private final Map<Key, Set<KeyWatcher>> byPrefix = new HashMap<>();
    private volatile PrefixTree<Set<KeyWatcher>> tree = PrefixTree.empty();

    /// Whether anybody watches.
    @Override
    public boolean isInterested() {
        return !tree.isEmpty();
    }

    synchronized int prefixes() {
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
}
