package dev.cipherlink.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.fault.WireServer.Wire;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Clients that run bursts of counters and values while each of their connections breaks at a random byte, in either
/// direction, in every way: every counter is exact, and every answer belongs to its request.
///
/// `-Dcipherlink.cuts=1000` for more faults of each version of the wire, `-Dcipherlink.cuts.seed=N` for other ones. Figures
/// are in the log.
@Timeout(900)
@Tag("slow")
class CutsIT {

    private static final System.Logger LOG = System.getLogger(CutsIT.class.getName());
    private static final int CUTS = Integer.getInteger("cipherlink.cuts", 150);
    private static final long SEED = Long.getLong("cipherlink.cuts.seed", 4);
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;
    private static final int CLIENTS = 8;
    /// Of the connections that break within their handshakes or shortly after.
    private static final int EARLY_BYTES = 2_000;
    /// More than the largest value, whose parts begin anew on each connection.
    private static final int LATE_BYTES = 400_000;
    private static final Duration KEEPALIVE = Duration.ofMillis(250);
    private static final List<Fault> FAULTS = List.of(Fault.CUT, Fault.RESET, Fault.RESET_SENDER, Fault.RESET_RECEIVER,
            Fault.HALF_CLOSE, Fault.FLIP, Fault.BLACK_HOLE);

    @ParameterizedTest
    @EnumSource
    void losesNothingWhenConnectionsBreakAtAnyByte(Wire wire) throws Exception {
        try {
            cut(wire);
        } catch (Exception | AssertionError e) {
            throw new AssertionError("seed " + SEED + ": " + e, e);
        }
    }

    private static void cut(Wire wire) throws Exception {
        var cuts = new AtomicInteger();
        long start = System.nanoTime();
        try (var server = WireServer.start(wire, WireServer.times(Duration.ofSeconds(2), KEEPALIVE));
             var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = new ArrayList<Future<CutClient>>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                running.add(executor.submit(() -> run(server, number, cuts)));
            }
            var clients = new ArrayList<CutClient>();
            for (Future<CutClient> future : running) {
                clients.add(future.get());
            }
            int shared = clients.stream().mapToInt(CutClient::sharedCount).sum();
            try (var checking = Client.connect(server.config())) {
                for (CutClient client : clients) {
                    assertEquals(String.valueOf(client.ownCount()), checking.request("GET " + client.name()).text());
                }
                assertEquals(String.valueOf(shared), checking.request("GET shared").text());
            }
            server.awaitConnections(0);
            report(wire, clients, cuts.get(), System.nanoTime() - start);
        }
    }

    private static CutClient run(WireServer server, int number, AtomicInteger cuts) throws Exception {
        long seed = SEED * CLIENTS + number;
        try (var proxy = FaultProxy.to(server.port(), connection -> plan(seed * 1_000_003 + connection));
             var client = new CutClient("client-" + number, server, proxy, new Random(seed), KEEPALIVE)) {
            int seen = 0;
            while (cuts.get() < CUTS) {
                client.burst();
                assertFalse(client.isLost());
                int struck = proxy.struck();
                cuts.addAndGet(struck - seen);
                seen = struck;
            }
            return client;
        }
    }

    /// The first numbers of generators with neighbouring seeds are alike.
    private static FaultPlan plan(long seed) {
        var random = new Random(seed * SPREAD);
        return FaultPlan.random(random, FAULTS, random.nextInt(4) == 0 ? EARLY_BYTES : LATE_BYTES);
    }

    private static void report(Wire wire, List<CutClient> clients, int cuts, long nanos) {
        List<CutClient.Recovery> recoveries = clients.stream().flatMap(client -> client.recoveries().stream()).toList();
        int requests = clients.stream().mapToInt(client -> client.ownCount() + client.sharedCount()).sum();
        LOG.log(Level.INFO, () -> wire + ": " + cuts + " faults in " + nanos / 1_000_000_000 + " s, " + requests
                + " increments, " + recoveries.size() + " recoveries; time to the first answer: after an end that is seen "
                + percentiles(recoveries, fault -> fault != Fault.BLACK_HOLE && fault != Fault.FLIP)
                + ", after a flip " + percentiles(recoveries, fault -> fault == Fault.FLIP)
                + ", after a black hole " + percentiles(recoveries, fault -> fault == Fault.BLACK_HOLE));
        assertTrue(recoveries.size() > cuts / 3, recoveries.size() + " recoveries after " + cuts + " faults");
        assertTrue(clients.stream().mapToInt(CutClient::unresumed).sum() < 1 + requests / 20_000,
                "sessions end when their numbers are used up, and not else");
    }

    private static String percentiles(List<CutClient.Recovery> recoveries, Predicate<Fault> which) {
        long[] millis = recoveries.stream().filter(recovery -> which.test(recovery.fault()))
                .mapToLong(recovery -> recovery.time().toMillis()).sorted().toArray();
        return millis.length == 0 ? "-" : "p50 " + millis[millis.length / 2] + " ms, p99 "
                + millis[millis.length * 99 / 100] + " ms";
    }
}
