package dev.cipherlink.server;

import dev.cipherlink.forward.Forwards;
import dev.cipherlink.server.access.Netblock;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// The counters of INFO and its lines. Thread-safe.
final class ServerStatistics {

    private final long startedAt = System.nanoTime();
    final LongAdder accepted = new LongAdder();
    final LongAdder established = new LongAdder();
    final LongAdder requests = new LongAdder();
    final LongAdder failedRequests = new LongAdder();
    final LongAdder acceptFailures = new LongAdder();
    private final LongAdder bytesIn = new LongAdder();
    private final LongAdder bytesOut = new LongAdder();
    private final Map<CloseReason, LongAdder> ends = new EnumMap<>(CloseReason.class);

    ServerStatistics() {
        for (CloseReason reason : CloseReason.values()) {
            ends.put(reason, new LongAdder());
        }
    }

    /// Counts the end of a connection.
    void closed(Connection connection, CloseReason reason) {
        ends.get(reason).increment();
        bytesIn.add(connection.bytesIn());
        bytesOut.add(connection.bytesOut());
    }

    /// The lines of INFO, in order.
    Map<String, Object> info(Server server, KeyValueStore store) throws StoreException {
        List<Connection> live = server.connections();
        var values = new LinkedHashMap<String, Object>();
        values.put("version", version());
        values.put("connections", live.size());
        values.put("connections_hybrid", live.stream().filter(Connection::isHybrid).count());
        values.put("max_connections", server.sockets.maxConnections());
        values.put("sessions_detached", server.sessions.detached());
        values.put("sessions_resumed", server.sessions.resumed());
        values.put("sessions_expired", server.sessions.expired());
        values.put("uptime_seconds", (System.nanoTime() - startedAt) / 1_000_000_000);
        values.put("connections_accepted", accepted.sum());
        values.put("sessions_established", established.sum());
        values.put("requests", requests.sum());
        values.put("requests_failed", failedRequests.sum());
        values.put("bytes_in", bytesIn.sum() + live.stream().mapToLong(Connection::bytesIn).sum());
        values.put("bytes_out", bytesOut.sum() + live.stream().mapToLong(Connection::bytesOut).sum());
        values.put("accept_failures", acceptFailures.sum());
        ends.forEach((reason, count) -> values.put("closed_" + reason.name().toLowerCase(Locale.ROOT), count.sum()));
        Forwards.Totals forwarded = server.forwards.totals();
        values.put("forwards", forwarded.live());
        values.put("forwards_opened", forwarded.opened());
        values.put("forwards_refused", forwarded.failed());
        values.put("forwards_bytes_to_targets", forwarded.bytesToPlain());
        values.put("forwards_bytes_from_targets", forwarded.bytesToTunnel());
        values.put("keys", keys(store));
        values.put("key_watches", server.watches.prefixes());
        values.putAll(server.chat.info());
        values.putAll(store.info());
        var memory = Runtime.getRuntime();
        values.put("heap_used_bytes", memory.totalMemory() - memory.freeMemory());
        values.put("heap_max_bytes", memory.maxMemory());
        return values;
    }

    /// The number of keys; text if the store has failed and cannot count them.
    private static Object keys(KeyValueStore store) {
        try {
            return store.size();
        } catch (StoreException e) {
            return "unknown";
        }
    }

    private static String version() {
        String version = Server.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /// Limits the log lines about strangers' connections: a few a minute per netblock, and some more in all. The rest is
    /// counted and reported in one line a minute. Thread-safe.
    static final class StrangerLog {

        private static final Logger LOG = System.getLogger(StrangerLog.class.getName());

        static final int LINES_PER_NETBLOCK = 3;
        static final int LINES_IN_ALL = 20;
        private static final long MINUTE = Duration.ofMinutes(1).toNanos();
        /// Maximum number of netblocks that are counted separately in a minute.
        private static final int MAX_NETBLOCKS = 1_000;

        private final Map<Netblock, Integer> connections = new HashMap<>();
        private long minuteBegan;
        private int logged;
        private long unlogged;

        StrangerLog(long nanoTime) {
            minuteBegan = nanoTime;
        }

        /// Counts the end of a stranger's connection.
        ///
        /// @return whether to log it on a line of its own
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

        /// Logs the summary of the last minute, if it is over. To be called about once a second.
        void tell(long nanoTime) {
            String told = told(nanoTime);
            if (told != null) {
                LOG.log(Level.INFO, told);
            }
        }

        /// @return the summary of the last minute; null if there is none
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
}
