package dev.cipherlink.server;

import dev.cipherlink.server.access.Netblock;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// How much strangers may have written into the log: a few lines a minute for each netblock, and some more for all together. The
/// rest is counted, and told in one line. Thread-safe.
final class StrangerLog {

    private static final Logger LOG = System.getLogger(StrangerLog.class.getName());

    static final int LINES_PER_NETBLOCK = 3;
    static final int LINES_IN_ALL = 20;
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();
    /// Netblocks counted apart in a minute.
    private static final int MAX_NETBLOCKS = 1_000;

    private final Map<Netblock, Integer> connections = new HashMap<>();
    private long minuteBegan;
    private int logged;
    private long unlogged;

    StrangerLog(long nanoTime) {
        minuteBegan = nanoTime;
    }

    /// A stranger's connection ended.
    ///
    /// @return whether it may have a line of its own
    synchronized boolean mayLog(Netblock netblock) {
        int count = connections.size() < MAX_NETBLOCKS || connections.containsKey(netblock)
                ? connections.merge(netblock, 1, Integer::sum) : LINES_PER_NETBLOCK + 1;
        if (count > LINES_PER_NETBLOCK || logged == LINES_IN_ALL) {
            unlogged++;
            return false;
        }
        logged++;
        return true;
    }

    /// Writes what there is to tell into the log. To be called now and then.
    void tell(long nanoTime) {
        String told = told(nanoTime);
        if (told != null) {
            LOG.log(Level.INFO, told);
        }
    }

    /// @return what to tell of the minute that has ended; null if there is nothing
    synchronized String told(long nanoTime) {
        if (nanoTime - minuteBegan < MINUTE) {
            return null;
        }
        String told = null;
        if (unlogged > 0) {
            Map.Entry<Netblock, Integer> most = connections.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
            told = unlogged + " more connections of strangers ended in the last minute; most came from " + most.getKey() + ": "
                    + most.getValue();
        }
        minuteBegan = nanoTime;
        connections.clear();
        logged = 0;
        unlogged = 0;
        return told;
    }
}
