package dev.cipherlink.server;

import dev.cipherlink.session.CloseReason;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// What the server counts, for INFO. Thread-safe.
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

    /// Name and value of each counter, in the order in which INFO shows them.
    Map<String, Object> snapshot(Iterable<Connection> live) {
        long in = bytesIn.sum();
        long out = bytesOut.sum();
        for (Connection connection : live) {
            in += connection.bytesIn();
            out += connection.bytesOut();
        }
        var values = new LinkedHashMap<String, Object>();
        values.put("uptime_seconds", (System.nanoTime() - startedAt) / 1_000_000_000);
        values.put("connections_accepted", accepted.sum());
        values.put("sessions_established", established.sum());
        values.put("requests", requests.sum());
        values.put("requests_failed", failedRequests.sum());
        values.put("bytes_in", in);
        values.put("bytes_out", out);
        values.put("accept_failures", acceptFailures.sum());
        ends.forEach((reason, count) -> values.put("closed_" + reason.name().toLowerCase(Locale.ROOT), count.sum()));
        return values;
    }
}
