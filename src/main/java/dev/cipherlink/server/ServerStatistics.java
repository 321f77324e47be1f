package dev.cipherlink.server;

import dev.cipherlink.forward.Forwards;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// Counts for INFO, and writes its lines. Thread-safe.
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

    /// A connection ended.
    void closed(Connection connection, CloseReason reason) {
        ends.get(reason).increment();
        bytesIn.add(connection.bytesIn());
        bytesOut.add(connection.bytesOut());
    }

    /// The lines of INFO, in their order.
    Map<String, Object> info(Server server, KeyValueStore store) throws StoreException {
        List<Connection> live = server.connections();
        var values = new LinkedHashMap<String, Object>();
        values.put("version", version());
        values.put("connections", live.size());
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

    /// A store that has failed does not know how many.
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
}
