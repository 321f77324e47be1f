package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.cipherlink.forward.ForwardListener.ForwardEvents;
import dev.cipherlink.forward.Programs.Service;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Programs that know nothing of us, through a forward.
@Timeout(120)
class ForwardProgramsIT {

    @TempDir
    Path folder;
    private ForwardRig rig;

    @BeforeEach
    void start() throws IOException {
        rig = new ForwardRig();
    }

    @AfterEach
    void stop() throws IOException {
        rig.close();
    }

    /// A listener that leads to this port.
    private ForwardListener forwardTo(int port) throws IOException {
        var listener = ForwardListener.bind(ForwardSpec.parseLocal("0:127.0.0.1:" + port),
                new ForwardListener.Config(rig.tunnels, ForwardLimits.DEFAULT, Optional.empty(), new ForwardEvents() {
                    @Override
                    public void failed(String name, IOException cause) {
                        rig.failures.add(cause);
                    }

                    @Override
                    public void ended(String name, ForwardTarget target, RelayEnd end, long out, long in) {
                        rig.ends.add(end);
                    }
                }));
        listener.start();
        return listener;
    }

    private static String port(ForwardListener listener) {
        return String.valueOf(listener.address().getPort());
    }

    @Test
    void curlDownloadsThroughALocalForwardAndThroughSocks() throws Exception {
        String curl = Programs.require("curl", "curl");
        byte[] page = new byte[3_000_000];
        new Random(3).nextBytes(page);
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/page", exchange -> {
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        web.start();
        int webPort = web.getAddress().getPort();
        try (var listener = forwardTo(webPort)) {
            Programs.run(folder, curl, "-sS", "-o", "local", "http://127.0.0.1:" + port(listener) + "/page");
            assertArrayEquals(page, Files.readAllBytes(folder.resolve("local")));
            String proxy = "127.0.0.1:" + port(rig.dynamic);
            Programs.run(folder, curl, "-sS", "-o", "named", "--socks5-hostname", proxy, "http://localhost:" + webPort + "/page");
            assertArrayEquals(page, Files.readAllBytes(folder.resolve("named")));
            Programs.run(folder, curl, "-sS", "-o", "numbered", "--socks5", proxy, "http://127.0.0.1:" + webPort + "/page");
            assertArrayEquals(page, Files.readAllBytes(folder.resolve("numbered")));
            String refused = Programs.run(folder, 97, curl, "-sS", "--socks5-hostname", proxy, "http://10.1.2.3/");
            assertTrue(refused.contains("(2)"), "not allowed by ruleset: " + refused);
            String down = Programs.run(folder, 97, curl, "-sS", "--socks5-hostname", proxy,
                    "http://127.0.0.1:" + Programs.freePort() + "/");
            assertTrue(down.contains("(5)"), "connection refused: " + down);
        } finally {
            web.stop(0);
        }
    }

    @Test
    void redisIsUsedThroughALocalForward() throws Exception {
        String server = Programs.require("redis-server", "redis-server");
        String client = Programs.require("redis-cli", "redis-tools");
        String benchmark = Programs.require("redis-benchmark", "redis-tools");
        int port = Programs.freePort();
        try (var redis = Service.start(folder, port, server, "--port", String.valueOf(port), "--bind", "127.0.0.1",
                     "--save", "", "--appendonly", "no");
             var listener = forwardTo(redis.port())) {
            assertEquals("OK\n", Programs.run(folder, client, "-p", port(listener), "SET", "greeting", "hello world"));
            assertEquals("hello world\n", Programs.run(folder, client, "-p", port(listener), "GET", "greeting"));
            String report = Programs.run(folder, benchmark, "-p", port(listener), "-c", "50", "-n", "5000", "-P", "8", "-q",
                    "-t", "set,get");
            assertTrue(report.contains("SET:") && report.contains("GET:"), report);
            assertTrue(listener.forwards().totals().opened() >= 50, listener.forwards().totals().toString());
            assertEquals(0, rig.failures.size(), rig.failures.toString());
        }
    }

    @Test
    void iperfMeasuresBothDirectionsAndParallelStreams() throws Exception {
        String iperf = Programs.require("iperf3", "iperf3");
        int port = Programs.freePort();
        try (var service = Service.start(folder, port, iperf, "-s", "-B", "127.0.0.1", "-p", String.valueOf(port));
             var listener = forwardTo(service.port())) {
            for (String[] more : new String[][] {{"-n", "64M"}, {"-n", "64M", "-R"}, {"-n", "32M", "-P", "4"}}) {
                String[] command = {iperf, "-c", "127.0.0.1", "-p", port(listener)};
                String[] whole = java.util.stream.Stream.of(command, more).flatMap(java.util.stream.Stream::of)
                        .toArray(String[]::new);
                assertTrue(Programs.run(folder, whole).contains("iperf Done."));
            }
            assertEquals(0, rig.failures.size(), rig.failures.toString());
            // Less than was asked for: iperf3 closes over what it has not read by the end.
            assertTrue(listener.forwards().totals().bytesToTunnel() >= 80L << 20);
            assertTrue(listener.forwards().totals().bytesToPlain() >= 50L << 20);
        }
    }
}
