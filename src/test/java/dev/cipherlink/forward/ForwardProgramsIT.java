package dev.cipherlink.forward;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.cipherlink.forward.Relay.ForwardLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Programs that know nothing of us, through a forward.
class ForwardProgramsIT {

    private static final Pattern RECEIVED = Pattern.compile("\"sum_received\":\\s*\\{[^}]*\"bytes\":\\s*(\\d+)");

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
        return rig.listen("0:127.0.0.1:" + port);
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
            String page4 = "http://localhost:" + webPort + "/page";
            for (String[] how : new String[][] {{"--socks4a", proxy}, {"--proxytunnel", "--proxy", "http://" + proxy}}) {
                String[] command = Stream.of(new String[] {curl, "-sS", "-o", how[0].substring(2)}, how, new String[] {page4})
                        .flatMap(Stream::of).toArray(String[]::new);
                Programs.run(folder, command);
                assertArrayEquals(page, Files.readAllBytes(folder.resolve(how[0].substring(2))), how[0]);
            }
            String forbidden = Programs.run(folder, 56, curl, "-sS", "--proxytunnel", "--proxy", "http://" + proxy, "http://10.1.2.3/");
            assertTrue(forbidden.contains("403"), forbidden);
            String plain = Programs.run(folder, curl, "-sS", "--proxy", "http://" + proxy, page4);
            assertEquals("only CONNECT is served here: a client has it for https, and curl for http too with --proxytunnel\n", plain);
            String refused = Programs.run(folder, 97, curl, "-sS", "--socks5-hostname", proxy, "http://10.1.2.3/");
            assertTrue(refused.contains("(2)"), "not allowed by ruleset: " + refused);
            try (Socket refusing = Programs.refusingPort()) {
                String down = Programs.run(folder, 97, curl, "-sS", "--socks5-hostname", proxy,
                        "http://127.0.0.1:" + refusing.getLocalPort() + "/");
                assertTrue(down.contains("(5)"), "connection refused: " + down);
            }
        } finally {
            web.stop(0);
        }
    }

    @Test
    void redisIsUsedThroughALocalForward() throws Exception {
        String client = Programs.require("redis-cli", "redis-tools");
        String benchmark = Programs.require("redis-benchmark", "redis-tools");
        try (var redis = Services.redis(folder);
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
        try (var service = Services.iperf(folder);
             var listener = forwardTo(service.port())) {
            var received = new EnumMap<Direction, Long>(Direction.class);
            for (Direction direction : Direction.values()) {
                for (String[] amount : new String[][] {{"-n", "64M"}, {"-n", "32M", "-P", "4"}}) {
                    String[] command = Stream.of(new String[] {iperf, "-c", "127.0.0.1", "-p", port(listener), "-J"}, amount, direction.options)
                            .flatMap(Stream::of)
                            .toArray(String[]::new);
                    received.merge(direction, receivedBytes(Programs.run(folder, command)), Long::sum);
                }
            }
            assertEquals(0, rig.failures.size(), rig.failures.toString());
            await().untilAsserted(() -> {
                var totals = listener.forwards().totals();
                assertTrue(totals.bytesToTunnel() >= received.get(Direction.TO_TARGET), totals + ", received " + received);
                assertTrue(totals.bytesToPlain() >= received.get(Direction.FROM_TARGET), totals + ", received " + received);
            });
        }
    }

    private enum Direction {
        TO_TARGET, FROM_TARGET("-R");

        private final String[] options;

        Direction(String... options) {
            this.options = options;
        }
    }

    /// Takes what iperf3's receiver counted from its report in JSON. It is less than was asked for: the client ends over what is not yet read.
    private static long receivedBytes(String report) {
        Matcher matcher = RECEIVED.matcher(report);
        assertTrue(matcher.find(), report);
        long bytes = Long.parseLong(matcher.group(1));
        assertTrue(bytes > 0, report);
        return bytes;
    }

    @Test
    void proxychainsTakesAProgramThroughTheSocksPort() throws Exception {
        String proxychains = Programs.assume("proxychains4");
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 5);
            exchange.getResponseBody().write("hello".getBytes(StandardCharsets.US_ASCII));
            exchange.close();
        });
        web.start();
        try {
            for (String kind : new String[] {"socks5", "socks4", "http"}) {
                Files.writeString(folder.resolve("chain"), "strict_chain\n[ProxyList]\n" + kind + " 127.0.0.1 " + port(rig.dynamic) + "\n");
                assertEquals("hello", Programs.run(folder, proxychains, "-q", "-f", "chain", Programs.require("curl", "curl"), "-sS",
                        "http://127.0.0.1:" + web.getAddress().getPort() + "/"), kind);
            }
            assertEquals(3, rig.dynamic.forwards().totals().opened());
        } finally {
            web.stop(0);
        }
    }

    /// `-C` connects anew for each transaction.
    @Test
    void psqlAndPgbenchAreUsedThroughPortsAndUnixSockets() throws Exception {
        String psql = Programs.assume("psql");
        String pgbench = Programs.assume("pgbench");
        try (var service = Services.postgres(folder)) {
            Path socket = folder.resolve("pg/.s.PGSQL." + service.port());
            rig.close();
            rig = new ForwardRig(socket + ",127.0.0.1:*", ForwardLimits.DEFAULT, 0);
            Path near = Files.createDirectories(folder.resolve("near")).resolve(".s.PGSQL.7");
            try (var byPort = forwardTo(service.port()); var byPath = rig.listen(near + ":" + socket)) {
                for (String[] at : new String[][] {{"127.0.0.1", port(byPort)}, {near.getParent().toString(), "7"}}) {
                    String[] where = {"-h", at[0], "-p", at[1], "-U", "ann"};
                    assertEquals("42\n", Programs.run(folder, Services.command(new String[] {psql}, Services.command(where, "-At", "-d", "postgres", "-c",
                            "SELECT 6 * 7"))));
                    Programs.run(folder, Services.command(new String[] {pgbench}, Services.command(where, "-i", "-q", "postgres")));
                    String report = Programs.run(folder, Services.command(new String[] {pgbench}, Services.command(where, "-c", "4", "-t", "25", "postgres")));
                    assertTrue(report.contains("100/100"), report);
                    String anew = Programs.run(folder, Services.command(new String[] {pgbench}, Services.command(where, "-C", "-S", "-c", "4", "-t", "10", "postgres")));
                    assertTrue(anew.contains("40/40"), anew);
                }
                assertTrue(byPort.forwards().totals().opened() > 40 && byPath.forwards().totals().opened() > 40);
                assertEquals(0, rig.failures.size(), rig.failures.toString());
            }
        }
    }
}
