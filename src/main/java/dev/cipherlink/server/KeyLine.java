package dev.cipherlink.server;

import java.util.ArrayDeque;

/// The changes of some keys that are not told yet, in the order in which they were made. Each waits until it is known whether
/// it became durable, and for those before it.
///
/// Its monitor is held around a write as well: so the order here is that of the writes.
final class KeyLine {

    /// A change of a watched key.
    static final class Change {
        private final KeyLine line;
        private final Runnable telling;
        private boolean isSettled;
        private boolean isKept;

        private Change(KeyLine line, Runnable telling) {
            this.line = line;
            this.telling = telling;
        }

        /// It has become durable, or failed: then nobody is told.
        void settle(boolean kept) {
            synchronized (line) {
                isSettled = true;
                isKept = kept;
                line.tellSettled();
            }
        }
    }

    private final ArrayDeque<Change> changes = new ArrayDeque<>();

    /// @param telling called under the monitor; must not block
    synchronized Change add(Runnable telling) {
        var change = new Change(this, telling);
        changes.add(change);
        return change;
    }

    private void tellSettled() {
        while (!changes.isEmpty() && changes.peek().isSettled) {
            Change next = changes.remove();
            if (next.isKept) {
                next.telling.run();
            }
        }
    }
}
