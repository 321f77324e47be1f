package dev.cipherlink.forward;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.fault.Ending;
import dev.cipherlink.fault.FaultProxy;
import dev.cipherlink.forward.ForwardListener.ForwardEvents;
import dev.cipherlink.forward.Forwards.Totals;
import dev.cipherlink.forward.Programs.Service;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.server.PersonalServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Channels outlive their connection: it is cut under programs that know nothing of it.
class ChannelCutsIT {

    /// A loss that nothing tells of is found after four of these.
    private static final Duration KEEPALIVE = Duration.ofMillis(500);
    private static final int CUTS = 10;
    /// 1073741824 for a gigabyte.
    private static final long BYTES = Long.getLong("channels.cut.bytes", 48L << 20);

    @TempDir
    Path folder;
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private PersonalServer server;
    private FaultProxy proxy;
    private TunnelClient tunnels;

    @BeforeEach
    void start() throws IOException {
        server = PersonalServer.start(to -> {
            PersonalServer.forwards(ForwardRules.parse("127.0.0.1:*"), ForwardLimits.DEFAULT).accept(to);
            to.keepaliveInterval = KEEPALIVE;
        });
        proxy = FaultProxy.to(server.port());
        ClientConfig direct = server.clientConfig();
        tunnels = new TunnelClient(ClientConfig.to("127.0.0.1", proxy.port(), direct.credentials())
                .withTimes(Duration.ofSeconds(10), KEEPALIVE), 0);
        tunnels.start();
    }

    @AfterEach
    void stop() throws IOException {
        tunnels.close();
        proxy.close();
        server.close();
    }

    private ForwardListener forwardTo(int port) throws IOException {
        return tunnels.listen(ForwardSpec.parseLocal("0:127.0.0.1:" + port), new ForwardEvents() {
            @Override
            public void failed(String listener, IOException cause) {
                failures.add(cause.toString());
            }

            @Override
            public void ended(String listener, ForwardTarget target, RelayEnd end, long bytesOut, long bytesIn) {
                if (end.reason() != RelayEnd.Reason.ENDED) {
                    failures.add(end.toString());
                }
            }
        });
    }

    /// Cuts in each of the ways in which networks do, whenever so many bytes have been moved, until the work is done.
    ///
    /// @return how often
    private int cutUntil(Future<?> done, ForwardListener listener, long bytes) throws IOException {
        int cuts = 0;
        while (awaitBytes(done, listener, bytes)) {
            switch (cuts++ % 3) {
                case 0 -> proxy.endAll(Ending.RST);
                case 1 -> proxy.endAll(Ending.FIN);
                default -> proxy.swallowAll();
            }
        }
        return cuts;
    }

    /// Waits until so many more bytes have been moved, in both directions together.
    ///
    /// @return false if the work was done before
    private static boolean awaitBytes(Future<?> done, ForwardListener listener, long bytes) {
        long enough = moved(listener) + bytes;
        await().pollInterval(Duration.ofMillis(1)).until(() -> done.isDone() || moved(listener) >= enough);
        return !done.isDone();
    }

    private static long moved(ForwardListener listener) {
        Totals totals = listener.forwards().totals();
        return totals.bytesToTunnel() + totals.bytesToPlain();
    }

    @Test
    void bothDirectionsKeepEachByteOverCuts() throws Exception {
        try (var target = new ServerSocket(0, 10, InetAddress.getLoopbackAddress()); var listener = forwardTo(target.getLocalPort());
             var client = new Socket("127.0.0.1", listener.address().getPort()); Socket accepted = target.accept()) {
            var up = ForwardRig.async(() -> send(client, 1));
            var down = ForwardRig.async(() -> send(accepted, 2));
            var received = ForwardRig.async(() -> receive(client));
            var stored = ForwardRig.async(() -> receive(accepted));
            for (int cut = 0; cut < CUTS; cut++) {
                awaitBytes(received, listener, BYTES / CUTS);
                int connections = proxy.accepted();
                proxy.endAll(cut % 2 == 0 ? Ending.RST : Ending.FIN);
                await().pollInterval(Duration.ofMillis(5)).until(() -> proxy.accepted() > connections);
            }
            assertArrayEquals(up.get(), stored.get(), "to the target");
            assertArrayEquals(down.get(), received.get(), "from the target");
            assertEquals(List.of(), failures);
        }
        await().until(() -> server.counter("forwards") == 0);
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

    @Test
    void redisCountsExactlyOverCuts() throws Exception {
        String redis = Programs.require("redis-server", "redis-server");
        String client = Programs.require("redis-cli", "redis-tools");
        String benchmark = Programs.require("redis-benchmark", "redis-tools");
        int port = Programs.freePort();
        try (var service = Service.start(folder, port, redis, "--port", String.valueOf(port), "--bind", "127.0.0.1", "--save", "");
             var listener = forwardTo(service.port())) {
            String through = String.valueOf(listener.address().getPort());
            assertEquals("PONG\n", Programs.run(folder, client, "-p", through, "PING"));
            var waiting = ForwardRig.async(() -> Programs.run(folder, client, "-p", through, "BLPOP", "queue", "50"));
            var counting = ForwardRig.async(() -> Programs.run(folder, benchmark, "-p", through, "-c", "20", "-n", "60000", "INCR", "n"));
            int cuts = cutUntil(counting, listener, 300_000);
            counting.get();
            assertTrue(cuts > 0);
            assertEquals("60000\n", Programs.run(folder, client, "-p", String.valueOf(port), "GET", "n"));
            Programs.run(folder, client, "-p", String.valueOf(port), "RPUSH", "queue", "told");
            assertTrue(waiting.get().contains("told"), "one that was idle is there too");
            assertEquals(List.of(), failures);
        }
    }

    /// As when a cable is pulled, and put in again after a while: nothing passes, and nobody is told.
    @Test
    void aSilentNetworkIsAPauseOnly() throws Exception {
        Duration pause = Duration.ofMillis(Long.getLong("channels.pause.millis", 4_000));
        try (var target = new ServerSocket(0, 10, InetAddress.getLoopbackAddress()); var listener = forwardTo(target.getLocalPort());
             var client = new Socket("127.0.0.1", listener.address().getPort()); Socket accepted = target.accept()) {
            client.getOutputStream().write(1);
            assertEquals(1, accepted.getInputStream().read());
            proxy.swallowAll();
            proxy.refuse();
            client.getOutputStream().write(2);
            accepted.getOutputStream().write(3);
            Thread.sleep(pause.toMillis());
            proxy.acceptAgain();
            assertEquals(2, accepted.getInputStream().read());
            assertEquals(3, client.getInputStream().read());
            client.shutdownOutput();
            accepted.shutdownOutput();
            assertEquals(-1, accepted.getInputStream().read());
            assertEquals(-1, client.getInputStream().read());
        }
    }

    @Test
    void iperfKeepsItsStreamsOverCuts() throws Exception {
        String iperf = Programs.require("iperf3", "iperf3");
        for (String direction : List.of("", "-R")) {
            int port = Programs.freePort();
            try (var service = Service.start(folder, port, iperf, "-s", "-B", "127.0.0.1", "-p", String.valueOf(port));
                 var listener = forwardTo(service.port())) {
                String through = String.valueOf(listener.address().getPort());
                var running = ForwardRig.async(() -> direction.equals("-R")
                        ? Programs.run(folder, iperf, "-c", "127.0.0.1", "-p", through, "-P", "4", "-t", "3", "-R")
                        : Programs.run(folder, iperf, "-c", "127.0.0.1", "-p", through, "-P", "4", "-t", "3"));
                await().until(() -> listener.forwards().totals().live() >= 5);
                for (int cut = 0; cut < 3; cut++) {
                    assertTrue(awaitBytes(running, listener, 1 << 20), "iperf3 ended before cut " + cut);
                    proxy.endAll(Ending.RST);
                }
                assertTrue(running.get().contains("iperf Done."));
            }
        }
    }
}
