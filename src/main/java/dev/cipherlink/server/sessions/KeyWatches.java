package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Notifies sessions of changes to watched keys. Thread-safe.
///
/// Without watches a change costs one check, otherwise a walk along the watched prefixes of its key; unrelated watches
/// cost nothing.
public final class KeyWatches implements KeyValueStore.ChangeListener {

    private final PrefixWatchers<KeyWatcher> watchers = new PrefixWatchers<>();

    /// Whether there are any watches.
    @Override
    public boolean isInterested() {
        return !watchers.isEmpty();
    }

    public int prefixes() {
        return watchers.prefixes();
    }

    /// Notifies the watchers of a key of its change.
    @Override
    public void changed(Key key, Kind kind) {
        if (!watchers.matches(key.bytes())) {
            return;
        }
        // A set, so that a session that watches two prefixes of the key is notified once.
        var told = new LinkedHashSet<KeyWatcher>();
        watchers.addTo(told, key.bytes());
        if (!told.isEmpty()) {
            String name = new String(key.bytes(), UTF_8);
            byte[] event = switch (kind) {
                case SET -> new Event.KeySet(name).encode();
                case DELETED -> new Event.KeyDeleted(name).encode();
                case EXPIRED -> new Event.KeyExpired(name).encode();
            };
            told.forEach(watcher -> watcher.events.tell(event));
        }
    }

    /// The watches of one session. The methods that change them belong to its reading thread; any thread may notify it.
    static final class KeyWatcher {

        private static final int MAX_PREFIXES = 100;

        private final KeyWatches watches;
        private final CountedEvents events;
        /// Replaced by the reading thread, read by any thread.
        private volatile Set<Key> prefixes = Set.of();

        /// @param events returns false if too many events are waiting
        KeyWatcher(KeyWatches watches, Predicate<byte[]> events) {
            this.watches = watches;
            this.events = new CountedEvents(events, skipped -> new Event.Notice(
                    skipped + " changes of watched keys were not told: this session reads too slowly"));
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
                watches.watchers.add(wanted, this);
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
            watches.watchers.remove(known, this);
            return Reply.OK;
        }

        List<byte[]> prefixes() {
            return prefixes.stream().sorted().map(Key::bytes).toList();
        }

        /// To be called when the session has ended.
        void close() {
            prefixes.forEach(prefix -> watches.watchers.remove(prefix, this));
            prefixes = Set.of();
        }

        /// Reports how many changes the session missed.
        ///
        /// @return false if too many events are waiting
        boolean tellSkipped() {
            return events.tellSkipped();
        }
    }
}
