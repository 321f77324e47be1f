package dev.cipherlink.session;

import java.util.ArrayDeque;

/// Payloads that any thread pushes to the peer of a session, until the session has room for them in its window.
///
/// It takes no other lock while it holds its own, and so [#offer] may be called under any: also by a handler of another
/// session. Thread-safe.
final class EventQueue {

    private final int maxEvents;
    private final long maxBytes;
    private final ArrayDeque<Outgoing> events = new ArrayDeque<>(0);
    private long bytes;
    /// Read without the lock: most sessions never have an event.
    private volatile boolean isUsed;
    private boolean hasRefused;

    EventQueue(int maxEvents, long maxBytes) {
        this.maxEvents = maxEvents;
        this.maxBytes = maxBytes;
    }

    /// @return false if too much is waiting; then it is not taken
    synchronized boolean offer(Outgoing event) {
        if (events.size() >= maxEvents || bytes > 0 && bytes + event.payload.length > maxBytes) {
            hasRefused = true;
            return false;
        }
        events.add(event);
        bytes += event.payload.length;
        isUsed = true;
        return true;
    }

    /// The oldest, taken away; null if there is none.
    Outgoing poll() {
        return isUsed ? pollLocked() : null;
    }

    private synchronized Outgoing pollLocked() {
        Outgoing event = events.poll();
        if (event != null) {
            bytes -= event.payload.length;
        }
        isUsed = hasRefused || !events.isEmpty();
        return event;
    }

    boolean isEmpty() {
        return !isUsed || isEmptyLocked();
    }

    private synchronized boolean isEmptyLocked() {
        return events.isEmpty();
    }

    /// Whether it is empty again after it had refused an event; true once each time.
    boolean hasRecovered() {
        return isUsed && hasRecoveredLocked();
    }

    private synchronized boolean hasRecoveredLocked() {
        boolean hasRecovered = hasRefused && events.isEmpty();
        if (hasRecovered) {
            hasRefused = false;
            isUsed = false;
        }
        return hasRecovered;
    }

    synchronized long bytes() {
        return bytes;
    }
}
