package dev.cipherlink.forward;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fault.Direction;
import dev.cipherlink.fault.Fault;
import dev.cipherlink.fault.FaultPlan;
import dev.cipherlink.fault.Flow;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Channels outlive their connection: their bytes over cuts, and over a silent network.
class ChannelCutsIT {

    private static final int CUTS = 10;
    /// 1073741824 for a gigabyte.
    private static final long BYTES = Long.getLong("channels.cut.bytes", 48L << 20);
    private static final Duration PAUSE = Duration.ofMillis(Long.getLong("channels.pause.millis", 3_000));

    @TempDir
    Path folder;

    @Test
    void bothDirectionsKeepEachByteOverCuts() throws Exception {
        try (var rig = CutRig.cutting(CUTS, BYTES / (CUTS + 1)); var target = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
             var listener = rig.forwardTo(target.getLocalPort());
             var client = new Socket("127.0.0.1", listener.address().getPort()); Socket accepted = target.accept()) {
            var up = ForwardRig.async(() -> send(client, 1));
            var down = ForwardRig.async(() -> send(accepted, 2));
            var received = ForwardRig.async(() -> receive(client));
            var stored = ForwardRig.async(() -> receive(accepted));
            assertArrayEquals(up.get(), stored.get(), "to the target");
            assertArrayEquals(down.get(), received.get(), "from the target");
            rig.assertUnnoticed(CUTS);
            await().until(() -> rig.server.counter("forwards") == 0);
        }
    }

    /// @return the SHA-256
    private static byte[] send(Socket to, int seed) throws Exception {
        var digest = MessageDigest.getInstance("SHA-256");
        var random = new Random(seed);
        var bytes = new byte[100_000];
        OutputStream out = to.getOutputStream();
        for (long left = BYTES; left > 0; left -= bytes.length) {
            random.nextBytes(bytes);
            int count = (int) Math.min(left, bytes.length);
            digest.update(bytes, 0, count);
            out.write(bytes, 0, count);
        }
        to.shutdownOutput();
        return digest.digest();
    }

    private static byte[] receive(Socket from) throws Exception {
        var digest = MessageDigest.getInstance("SHA-256");
        var bytes = new byte[65_536];
        InputStream in = from.getInputStream();
        for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
            digest.update(bytes, 0, count);
        }
        return digest.digest();
    }

    /// As when a cable is pulled, and put in again after a while: nothing passes, and no end is told of anything.
    @Test
    void aLostNetworkIsAPauseOnly() throws Exception {
        try (var rig = new CutRig(_ -> FaultPlan.CLEAN)) {
            assertPauses(rig, () -> {
                rig.proxy.swallowAll();
                rig.proxy.refuse();
            }, rig.proxy::acceptAgain);
        }
    }

    /// As when a router is stopped and goes on: what was sent meanwhile, on each connection that was tried, arrives in the end.
    @Test
    void aNetworkThatHoldsEverythingBackIsAPauseOnly() throws Exception {
        var isStopped = new AtomicBoolean();
        var stalled = FaultPlan.both(Flow.CLEAN.with(Fault.STALL, 0));
        try (var rig = new CutRig(_ -> isStopped.get() ? stalled : FaultPlan.CLEAN)) {
            assertPauses(rig, () -> {
                isStopped.set(true);
                for (Direction direction : Direction.values()) {
                    rig.proxy.stopReading(direction);
                }
            }, () -> {
                isStopped.set(false);
                for (Direction direction : Direction.values()) {
                    rig.proxy.resumeReading(direction);
                }
            });
        }
    }

    private interface Change {
        void make() throws Exception;
    }

    private static void assertPauses(CutRig rig, Change stop, Change goOn) throws Exception {
        try (var target = new ServerSocket(0, 10, InetAddress.getLoopbackAddress()); var listener = rig.forwardTo(target.getLocalPort());
             var client = new Socket("127.0.0.1", listener.address().getPort()); Socket accepted = target.accept()) {
            client.getOutputStream().write(1);
            assertEquals(1, accepted.getInputStream().read());
            stop.make();
            client.getOutputStream().write(2);
            accepted.getOutputStream().write(3);
            await().pollDelay(PAUSE).atMost(PAUSE.plusMinutes(1)).until(() -> true);
            assertEquals(0, accepted.getInputStream().available() + client.getInputStream().available());
            goOn.make();
            assertEquals(2, accepted.getInputStream().read());
            assertEquals(3, client.getInputStream().read());
            client.shutdownOutput();
            accepted.shutdownOutput();
            assertEquals(-1, accepted.getInputStream().read());
            assertEquals(-1, client.getInputStream().read());
            rig.assertUnnoticed(0);
        }
    }

    @Test
    void redisCountsExactlyOverCuts() throws Exception {
        String client = Programs.require("redis-cli", "redis-tools");
        String benchmark = Programs.require("redis-benchmark", "redis-tools");
        try (var service = Services.redis(folder); var rig = CutRig.cutting(CUTS, 100_000); var listener = rig.forwardTo(service.port())) {
            String through = String.valueOf(listener.address().getPort());
            assertEquals("PONG\n", Programs.run(folder, client, "-p", through, "PING"));
            var waiting = ForwardRig.async(() -> Programs.run(folder, client, "-p", through, "BLPOP", "queue", "100"));
            Programs.run(folder, benchmark, "-p", through, "-c", "20", "-n", "60000", "INCR", "n");
            rig.assertUnnoticed(CUTS);
            String port = String.valueOf(service.port());
            assertEquals("60000\n", Programs.run(folder, client, "-p", port, "GET", "n"));
            Programs.run(folder, client, "-p", port, "RPUSH", "queue", "told");
            assertTrue(waiting.get().contains("told"), "one that was idle is there too");
        }
    }

    @Test
    void iperfKeepsItsStreamsOverCuts() throws Exception {
        String iperf = Programs.require("iperf3", "iperf3");
        for (String direction : new String[] {"--no-delay", "--reverse"}) {
            try (var service = Services.iperf(folder); var rig = CutRig.cutting(3, 8 << 20); var listener = rig.forwardTo(service.port())) {
                String report = Programs.run(folder, iperf, "-c", "127.0.0.1", "-p", String.valueOf(listener.address().getPort()), "-P", "4",
                        "-n", "96M", direction);
                assertTrue(report.contains("iperf Done."), report);
                // It resets its own streams, over what it has not read.
                rig.assertCut(3);
            }
        }
    }
}
