package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Event;
import java.util.function.LongFunction;
import java.util.function.Predicate;

/// Events of one kind for one session. Those that find no room are dropped and counted, and the count is told before any later
/// event of the kind. Thread-safe.
final class CountedEvents {
    private final Predicate<byte[]> events;
    private final LongFunction<Event> notice;
    private long skipped;

    /// @param events returns false if too many events are waiting
    /// @param notice tells how many were dropped
    CountedEvents(Predicate<byte[]> events, LongFunction<Event> notice) {
        this.events = events;
        this.notice = notice;
    }

    synchronized void tell(byte[] event) {
        if (!tellSkipped() || !events.test(event)) {
            skipped++;
        }
    }

    /// Counts an event without telling it.
    synchronized void skip() {
        skipped++;
    }

    /// Tells how many were dropped, if any were.
    ///
    /// @return false if too many events are waiting
    synchronized boolean tellSkipped() {
        if (skipped > 0) {
            if (!events.test(notice.apply(skipped).encode())) {
                return false;
            }
            skipped = 0;
        }
        return true;
    }
}
