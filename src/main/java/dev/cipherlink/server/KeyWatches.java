package dev.cipherlink.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.command.Event;
import dev.cipherlink.store.Key;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Which sessions are told of changes of which keys. Thread-safe.
///
/// A change costs one look while nobody watches, else one look-up for each different length of the prefixes in use.
final class KeyWatches {

    private final Map<Key, Set<KeyWatcher>> byPrefix = new ConcurrentHashMap<>();
    /// The lengths of the prefixes in use, each once.
    private volatile int[] lengths = {};

    /// Whether anybody watches.
    boolean isUsed() {
        return lengths.length > 0;
    }

    int prefixes() {
        return byPrefix.size();
    }

    synchronized void add(Key prefix, KeyWatcher watcher) {
        byPrefix.computeIfAbsent(prefix, _ -> ConcurrentHashMap.newKeySet()).add(watcher);
        updateLengths();
    }

    synchronized void remove(Key prefix, KeyWatcher watcher) {
        byPrefix.computeIfPresent(prefix, (_, watchers) -> {
            watchers.remove(watcher);
            return watchers.isEmpty() ? null : watchers;
        });
        updateLengths();
    }

    private void updateLengths() {
        lengths = byPrefix.keySet().stream().mapToInt(prefix -> prefix.bytes().length).distinct().sorted().toArray();
    }

    /// Tells those who watch it that a key was set.
    void set(Key key) {
        tell(key, true);
    }

    /// Tells those who watch it that a key is gone.
    void deleted(Key key) {
        tell(key, false);
    }

    /// Whether anybody watches this key.
    boolean isWatched(Key key) {
        for (int length : lengths) {
            if (length <= key.bytes().length && byPrefix.containsKey(prefix(key, length))) {
                return true;
            }
        }
        return false;
    }

    private static Key prefix(Key key, int length) {
        return Key.of(Arrays.copyOf(key.bytes(), length));
    }

    private void tell(Key key, boolean isSet) {
        Set<KeyWatcher> watchers = watchers(key);
        if (!watchers.isEmpty()) {
            String name = new String(key.bytes(), UTF_8);
            byte[] event = (isSet ? new Event.KeySet(name) : new Event.KeyDeleted(name)).encode();
            watchers.forEach(watcher -> watcher.tell(event));
        }
    }

    /// A set: a session with two prefixes of the key is told once.
    private Set<KeyWatcher> watchers(Key key) {
        var watchers = new LinkedHashSet<KeyWatcher>();
        for (int length : lengths) {
            if (length <= key.bytes().length) {
                watchers.addAll(byPrefix.getOrDefault(prefix(key, length), Set.of()));
            }
        }
        return watchers;
    }
}
