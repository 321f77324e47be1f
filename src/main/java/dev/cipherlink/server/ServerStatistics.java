package dev.cipherlink.server;

import dev.cipherlink.command.Reply.Outcome;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Forwards;
import dev.cipherlink.metrics.MetricsReport;
import dev.cipherlink.metrics.MetricsReport.Sample;
import dev.cipherlink.server.sessions.RequestCounts;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// The counters of the server, and what INFO and the metrics show of them. Thread-safe.
final class ServerStatistics {

    private final long startedAt = System.nanoTime();
    final LongAdder accepted = new LongAdder();
    final LongAdder established = new LongAdder();
    final RequestCounts requests = new RequestCounts();
    final LongAdder acceptFailures = new LongAdder();
    /// Of connections that have ended.
    private long endedBytesIn;
    private long endedBytesOut;
    private final Map<CloseReason, LongAdder> ends = counters(CloseReason.class);
    private final Map<CloseReason, LongAdder> failedHandshakes = counters(CloseReason.class);
    private final Map<Refusal, LongAdder> refusedForwards = counters(Refusal.class);

    private static <E extends Enum<E>> Map<E, LongAdder> counters(Class<E> constants) {
        var counters = new EnumMap<E, LongAdder>(constants);
        for (E constant : constants.getEnumConstants()) {
            counters.put(constant, new LongAdder());
        }
        return counters;
    }

    /// Counts a forward that could not be made.
    void forwardRefused(Refusal refusal) {
        refusedForwards.get(refusal).increment();
    }

    /// Counts the end of a channel, or one that was refused, as that of a forward with a connection of its own.
    void channelClosed(CloseReason reason) {
        ends.get(reason).increment();
    }

    /// Bytes on the wire, so far, of all connections.
    private record Bytes(long in, long out) {
    }

    /// Counts the end of a connection, and removes it from those that are open.
    void closed(Connection connection, CloseReason reason, Map<Long, Connection> open) {
        ends.get(reason).increment();
        if (!connection.isEstablished()) {
            failedHandshakes.get(reason).increment();
        }
        synchronized (this) { // so that at no moment its bytes count twice or not at all
            open.remove(connection.id());
            endedBytesIn += connection.bytesIn();
            endedBytesOut += connection.bytesOut();
        }
    }

    private synchronized Bytes bytes(Server server) {
        long in = endedBytesIn;
        long out = endedBytesOut;
        for (Connection connection : server.connections()) {
            in += connection.bytesIn();
            out += connection.bytesOut();
        }
        return new Bytes(in, out);
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
        for (Outcome outcome : Outcome.values()) {
            values.put("requests_" + outcome.name().toLowerCase(Locale.ROOT), requests.sum(outcome));
        }
        Bytes bytes = bytes(server);
        values.put("bytes_in", bytes.in());
        values.put("bytes_out", bytes.out());
        values.put("accept_failures", acceptFailures.sum());
        ends.forEach((reason, count) -> values.put("closed_" + reason.name().toLowerCase(Locale.ROOT), count.sum()));
        Forwards.Totals forwarded = server.forwards.totals();
        values.put("forwards", forwarded.live());
        values.put("forwards_in_channels", server.channelSessions.channels());
        values.put("channel_sessions_detached", server.channelSessions.detached());
        values.put("forward_listeners", server.listeners.size());
        values.put("forwards_opened", forwarded.opened());
        values.put("forwards_refused", forwarded.failed());
        values.put("forwards_bytes_to_targets", forwarded.bytesToPlain());
        values.put("forwards_bytes_from_targets", forwarded.bytesToTunnel());
        values.put("keys", keys(store));
        values.put("key_watches", server.watches.prefixes());
        values.put("channels", server.channels.size());
        values.putAll(server.chat.info());
        values.putAll(store.info());
        var memory = Runtime.getRuntime();
        values.put("heap_used_bytes", memory.totalMemory() - memory.freeMemory());
        values.put("heap_max_bytes", memory.maxMemory());
        return values;
    }

    /// Adds the server's metrics and the store's to the report of a scrape.
    void addTo(MetricsReport report, Server server, KeyValueStore store) {
        List<Connection> live = server.connections();
        Bytes bytes = bytes(server);
        Forwards.Totals forwarded = server.forwards.totals();
        report.gauge("build_info", "The version of the server.", new Sample(1, "version", version()))
                .gauge("connections", "Open connections.", live.size())
                .gauge("connections_limit", "Connections that may be open at a time.", server.sockets.maxConnections())
                .counter("connections_accepted", "Connections that were accepted.", accepted.sum())
                .counter("connections_closed", "Connections that ended, by reason.", "reason", ends)
                .counter("accept_failures", "Connections that could not be accepted.", acceptFailures.sum())
                .counter("handshakes_established", "Handshakes that led to a session or a forward.", established.sum())
                .counter("handshakes_failed", "Connections that ended before they had a session or a forward, by reason.",
                        "reason", failedHandshakes)
                .gauge("sessions", "Sessions that have a connection.", live.stream().filter(connection -> connection.link() != null).count())
                .gauge("sessions_detached", "Sessions that wait for their client to come back.", server.sessions.detached())
                .counter("sessions_resumed", "Sessions that went on over another connection.", server.sessions.resumed())
                .counter("sessions_expired", "Sessions whose client did not come back in time.", server.sessions.expired())
                .counter("received_bytes", "Bytes received from clients, sealed.", bytes.in())
                .counter("sent_bytes", "Bytes sent to clients, sealed.", bytes.out())
                .gauge("forwards", "Connections that are forwarded now.", forwarded.live())
                .gauge("forwards_in_channels", "Of these, channels of connections that carry many.", server.channelSessions.channels())
                .gauge("channel_sessions_detached", "Sessions of channels that wait for their client.",
                        server.channelSessions.detached())
                .gauge("forward_listeners", "Addresses on which the server listens for clients.", server.listeners.size())
                .counter("forwards_opened", "Forwards that were opened.", forwarded.opened())
                .counter("forwards_refused", "Forwards that could not be opened, by reason.", "reason", refusedForwards)
                .counter("forwards_bytes", "Bytes forwarded, by direction.", List.of(
                        new Sample(forwarded.bytesToPlain(), "direction", "to_target"),
                        new Sample(forwarded.bytesToTunnel(), "direction", "from_target")))
                .gauge("key_watches", "Prefixes that clients watch.", server.watches.prefixes());
        requests.addTo(report);
        server.chat.addTo(report);
        try {
            store.addTo(report);
        } catch (StoreException e) {
            // What the store cannot tell is left out; /readyz says why.
        }
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
}
