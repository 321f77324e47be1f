package dev.cipherlink.server.sessions;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.cipherlink.server.sessions.KeyWatches.KeyWatcher;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.ChangeListener.Kind;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/// The cost of a lookup of watchers; [PrefixTreeTest] and [KeyEventsTest] test its results.
class KeyWatchesTest {

    /// Issue 13.19: a look made a copy of the key's beginning for each length of anybody's prefixes.
    @Test
    void unrelatedWatchesCostAWriteNothing() {
        var watches = new KeyWatches();
        byte[] mine = "mine".repeat(128).getBytes();
        Key key = Key.of(mine);
        for (int length = 1; length <= mine.length; length++) {
            byte[] others = mine.clone();
            others[length - 1] ^= 1;
            byte[] prefix = new byte[length];
            System.arraycopy(others, 0, prefix, 0, length);
            new KeyWatcher(watches, _ -> true).watch(prefix);
        }
        watches.changed(key, Kind.SET); // whatever is loaded by the first look
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1_000; i++) {
            watches.changed(key, Kind.SET);
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(bytes < 100_000, bytes + " bytes for 1,000 looks");
    }
}
