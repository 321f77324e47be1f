package dev.cipherlink.server;

import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.store.Key;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// The watches of one session. The methods that change them belong to its reading thread; any thread may tell it.
final class KeyWatcher {

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
