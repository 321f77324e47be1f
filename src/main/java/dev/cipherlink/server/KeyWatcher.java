package dev.cipherlink.server;

import dev.cipherlink.chat.Subscriber;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.store.Key;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The watches of one session. The methods that change them belong to its reading thread; any thread may tell it.
final class KeyWatcher {

    private static final int MAX_PREFIXES = 100;

    private final KeyWatches watches;
    private final Subscriber events;
    private final Set<Key> prefixes = new HashSet<>(0);
    private long skipped;

    KeyWatcher(KeyWatches watches, Subscriber events) {
        this.watches = watches;
        this.events = events;
    }

    Reply watch(byte[] prefix) {
        Key wanted = Key.of(prefix);
        if (prefixes.size() >= MAX_PREFIXES && !prefixes.contains(wanted)) {
            return Reply.error("you watch " + MAX_PREFIXES + " prefixes; UNWATCH one first");
        }
        if (prefixes.add(wanted)) {
            watches.add(wanted, this);
        }
        return Reply.OK;
    }

    Reply unwatch(byte[] prefix) {
        Key known = Key.of(prefix);
        if (!prefixes.remove(known)) {
            return Reply.error("you do not watch that prefix");
        }
        watches.remove(known, this);
        return Reply.OK;
    }

    List<byte[]> prefixes() {
        return prefixes.stream().map(Key::bytes).toList();
    }

    /// Goes on with what the session watched in another process, and says that changes may have been missed.
    void watchAgain(List<byte[]> watched) {
        watched.forEach(this::watch);
        if (!watched.isEmpty()) {
            events.offer(new Event.Notice("the server was restarted: changes of watched keys may not have been told").encode());
        }
    }

    /// The session has ended.
    void close() {
        prefixes.forEach(prefix -> watches.remove(prefix, this));
        prefixes.clear();
    }

    synchronized void tell(byte[] event) {
        if (!tellSkipped() || !events.offer(event)) {
            skipped++;
        }
    }

    /// There may be room again for events. Nothing is told before what was missed.
    ///
    /// @return false if there is no room
    synchronized boolean tellSkipped() {
        if (skipped > 0) {
            var notice = new Event.Notice(skipped + " changes of watched keys were not told: this session reads too slowly");
            if (!events.offer(notice.encode())) {
                return false;
            }
            skipped = 0;
        }
        return true;
    }
}
