package dev.cipherlink.cli;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.Relay.Tunnel;
import dev.cipherlink.metrics.PrometheusText;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.peer.JavaProgram;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// Issue 19: what an operator sees of a server, in its metrics and its log. One process of `serve` for all tests.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class WatchedServerIT {
    /// The rules and the dashboard use nothing else.
    private static final Pattern METRIC = Pattern.compile("\\b(?:cipherlink|process)_[a-z_]+\\b");
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    static Path folder;
    private static Identity ann;
    private static Identity olga;
    private static ServerSocket target;
    private static Process server;
    private static int port;
    private static String metrics;
    private static Path log;

    @BeforeAll
    static void startServer() throws Exception {
        ann = Identity.generate();
        olga = Identity.generate();
        target = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        log = folder.resolve("serve.log");
        Path keys = Files.writeString(folder.resolve("keys"), new PublicKeyLine(ann.publicKey(), "ann").encode() + " services=kv,forward\n"
                + new PublicKeyLine(olga.publicKey(), "olga").encode() + " operator\n");
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-------"));
        configure("text", "127.0.0.1:" + target.getLocalPort());
        var builder = new ProcessBuilder(JavaProgram.command(folder, List.of("-XX:+UseSerialGC", "-Xmx128m", "-XX:+DisplayVMOutputToStderr",
                "-Xlog:disable"), Main.class, "serve", "--config", folder.resolve("server.yaml").toString()))
                .directory(folder.toFile()).redirectError(folder.resolve("stderr").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_") || name.startsWith("XDG_"));
        builder.environment().put("HOME", folder.toString());
        server = builder.start();
        String ready = server.inputReader().readLine();
        assertTrue(ready != null && ready.startsWith("listening on "), () -> ready + read(folder.resolve("stderr")));
        port = Integer.parseInt(ready.split(" ")[2].split(":")[1]);
        Matcher address = Pattern.compile("metrics at (http://\\S+)/metrics").matcher(awaitLine("metrics at "));
        assertTrue(address.find());
        metrics = address.group(1);
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.destroyForcibly().waitFor();
        target.close();
        ann.close();
        olga.close();
    }

    private static void configure(String format, String allowed) throws IOException {
        Path file = Files.writeString(folder.resolve("server.yaml"), """
                server:
                  port: 0
                  authorized-keys: keys
                  data: data
                metrics:
                  listen: 127.0.0.1:0
                log:
                  format: %s
                  file: serve.log
                forward:
                  allow: %s
                """.formatted(format, allowed));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }

    /// The last line of the log with this text, once there is one.
    private static String awaitLine(String text) {
        await().until(() -> read(log).contains(text));
        return read(log).lines().filter(line -> line.contains(text)).reduce((_, last) -> last).orElseThrow();
    }

    private static ClientConfig config(Identity identity) {
        return ClientConfig.to("127.0.0.1", port, new Credentials.Personal(identity, (_, _, _) -> { }, Suite.AES_GCM));
    }

    private static HttpResponse<String> get(String path) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create(metrics + path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static PrometheusText scrape() throws Exception {
        HttpResponse<String> answer = get("/metrics");
        assertEquals(200, answer.statusCode());
        assertEquals("text/plain; version=0.0.4; charset=utf-8", answer.headers().firstValue("Content-Type").orElseThrow());
        return new PrometheusText(answer.body());
    }

    private static void signal(String name) throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(server.pid())).start().waitFor());
    }

    /// `requests_failed` rose for a missing key and for a conflict.
    @Test
    @Order(1)
    void countsRequestsByVerbAndOutcome() throws Exception {
        PrometheusText before = scrape();
        try (Client client = Client.connect(config(ann))) {
            for (String line : List.of("SET a 1", "SET a x", "GET a", "GET nokey", "CAS a 99 y", "INCR a", "FOO", "SOCKETS",
                    "SAY #r hello", "UNWATCH none", "TXN\n8 IF a 99\n5 GET a", "TXN\n7 INCR a\n")) {
                client.request(line);
            }
        }
        PrometheusText after = scrape();
        String[] expected = {"set,ok,2", "get,ok,1", "get,not_found,1", "cas,conflict,1", "incr,invalid,1", "none,invalid,1",
                "sockets,denied,1", "say,denied,1", "unwatch,refused,1", "txn,conflict,1",
                "txn,refused,1", "get,failed,0", "set,failed,0"};
        for (String each : expected) {
            String[] parts = each.split(",");
            String sample = "cipherlink_requests_total{outcome=\"%s\",verb=\"%s\"}".formatted(parts[1], parts[0]);
            assertEquals(Double.parseDouble(parts[2]), after.value(sample) - before.value(sample), sample);
        }
        assertEquals(12, after.value("cipherlink_request_duration_seconds_count") - before.value("cipherlink_request_duration_seconds_count"));
        assertTrue(after.value("cipherlink_store_fsync_duration_seconds_count") > 0);
        assertEquals(1, after.value("cipherlink_store_keys"));
        assertEquals(1, after.value("cipherlink_ready"));
        assertEquals("requests_failed: 0", info("requests_failed: "));
        assertEquals("requests_conflict: 2", info("requests_conflict: "));
    }

    /// Those that were refused before they had come whole were not counted.
    @Test
    @Order(1)
    void countsRequestsThatAreTooLarge() throws Exception {
        String refused = "cipherlink_requests_total{outcome=\"refused\",verb=\"none\"}";
        double before = scrape().value(refused);
        try (Client client = Client.connect(config(ann))) {
            assertTrue(client.request("SET a " + "x".repeat(20 << 20)).isError());
        }
        assertEquals(1, scrape().value(refused) - before);
    }

    private static String info(String name) throws Exception {
        try (Client client = Client.connect(config(olga))) {
            return client.request("INFO").text().lines().filter(line -> line.startsWith(name)).findFirst().orElseThrow();
        }
    }

    /// Whatever clients send, the number of series stays.
    @Test
    @Order(2)
    void noTextOfAClientBecomesALabel() throws Exception {
        int series = scrape().series();
        try (Client client = Client.connect(config(ann)); var tunnels = new TunnelClient(config(ann), 0)) {
            for (int i = 0; i < 20; i++) {
                client.request("VERB" + i + " x");
                var nowhere = new ForwardTarget("host" + i + ".invalid", 1);
                assertThrows(TargetException.class, () -> tunnels.open(nowhere));
            }
        }
        PrometheusText after = scrape();
        assertEquals(series, after.series());
        assertTrue(after.value("cipherlink_forwards_refused_total{reason=\"not_allowed\"}") >= 20);
    }

    @Test
    @Order(3)
    void whatTheDashboardAndTheAlertsNameExists() throws Exception {
        PrometheusText scraped = scrape();
        Set<String> named = new TreeSet<>();
        for (String file : List.of("dist/grafana/cipherlink.json", "dist/prometheus/cipherlink.rules.yml")) {
            METRIC.matcher(Files.readString(Path.of(file))).results().map(name -> name.group()).forEach(named::add);
        }
        assertTrue(named.size() > 25, named::toString);
        named.removeIf(scraped::has);
        assertEquals(Set.of(), named);
        Set<String> documented = new TreeSet<>(METRIC.matcher(Files.readString(Path.of("docs/operations.md"))).results()
                .map(name -> name.group()).toList());
        assertEquals(new TreeSet<>(scraped.families()), documented);
    }

    /// Beside [PrometheusText], where Debian's package prometheus is installed.
    @Test
    @Order(4)
    void promtoolHasNoComplaint() throws Exception {
        PrometheusText.assumePromtool();
        Path scraped = Files.writeString(folder.resolve("scraped"), get("/metrics").body());
        assertEquals("0 ", PrometheusText.promtool(scraped, "check", "metrics"));
    }

    @Test
    @Order(5)
    void answersWhetherItLivesAndIsReady() throws Exception {
        assertEquals("ok\n", get("/healthz").body());
        assertEquals("ready\n", get("/readyz").body());
        assertEquals(404, get("/").statusCode());
        var post = HttpRequest.newBuilder(URI.create(metrics + "/metrics")).POST(HttpRequest.BodyPublishers.ofString("x")).build();
        assertEquals(405, HTTP.send(post, HttpResponse.BodyHandlers.ofString()).statusCode());
    }

    /// The log told of an end only, and not who it was where a handshake failed.
    @Test
    @Order(6)
    void tellsWhoIsLetInAndWhoLeaves() throws Exception {
        String key = ann.publicKey().fingerprint().toString();
        String session;
        try (Client client = Client.connect(config(ann))) {
            session = client.session().sessionId().substring(0, 8);
            awaitLine("admitted ");
            client.request("PING");
        }
        String admitted = awaitLine("session=" + session + " version=2");
        assertTrue(admitted.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d) INFO  Server: admitted connection=\\d+ "
                + "peer=127\\.0\\.0\\.1:\\d+ name=ann key=" + key + " session=" + session + " version=2 suite=\\S+"), admitted);
        String closed = awaitLine("session=" + session + " reason=");
        assertTrue(closed.matches(".* closed connection=\\d+ peer=\\S+ name=ann key=" + key + " session=" + session
                + " reason=PEER_DISCONNECTED in=\\d+ out=\\d+ duration_ms=\\d+"), closed);
    }

    /// It was `name=- reason=HANDSHAKE_FAILED`.
    @Test
    @Order(7)
    void tellsOfForwardsWithNameAndTargetAndBytes() throws Exception {
        String allowed = "127.0.0.1:" + target.getLocalPort();
        try (var tunnels = new TunnelClient(config(olga), 0)) {
            assertThrows(TargetException.class, () -> tunnels.open(new ForwardTarget("10.9.8.7", 22)));
            String refused = awaitLine("10.9.8.7:22");
            assertTrue(refused.matches(".* forward-refused connection=\\d+ peer=\\S+ name=olga key=\\S+ reason=FORWARD_REFUSED target=10\\.9\\.8\\.7:22 "
                    + "refusal=not-allowed in=\\d+ out=\\d+ duration_ms=\\d+ detail=\"no rule admits 10\\.9\\.8\\.7:22: .*\""), refused);

            Tunnel tunnel = tunnels.open(ForwardTarget.parse(allowed));
            target.accept().close();
            awaitLine("forward-opened ");
            tunnel.socket().close();
            assertTrue(awaitLine("forward-opened ").contains(" name=olga "));
            assertTrue(awaitLine("forward-closed ").matches(".* name=olga key=\\S+ target=" + allowed
                    + " reason=\\w+ to_target=\\d+ from_target=\\d+ in=.*"), awaitLine("forward-closed "));
        }
    }

    /// A client that repeats a denied command must not fill the disk.
    @Test
    @Order(8)
    void deniedCommandsAreAFewLines() throws Exception {
        try (Client client = Client.connect(config(ann))) {
            for (int i = 0; i < 200; i++) {
                assertTrue(client.request("SOCKETS").isError());
            }
        }
        long lines = read(log).lines().filter(line -> line.contains("command-denied ")).count();
        assertTrue(lines >= 1 && lines <= 3, lines + " lines");
        assertTrue(awaitLine("command-denied ").matches(".* command-denied verb=S\\w+ name=ann key=\\S+ session=\\w{8} reason=\".*\""),
                awaitLine("command-denied "));
    }

    /// Each connection of an admitted client was two lines, as many as it made.
    @Test
    @Order(9)
    void forwardsOfOneClientAreAFewLinesEachWithItsEnd() throws Exception {
        var allowed = ForwardTarget.parse("127.0.0.1:" + target.getLocalPort());
        try (var tunnels = new TunnelClient(config(olga), 0)) {
            for (int i = 0; i < 150; i++) {
                Tunnel tunnel = tunnels.open(allowed);
                target.accept().close();
                tunnel.socket().close();
            }
        }
        await().until(() -> scrape().value("cipherlink_forwards") == 0);
        await().until(() -> lines("forward-opened ") == lines("forward-closed "));
        long lines = lines("forward-opened ");
        assertTrue(lines >= 50 && lines <= 122, lines + " lines"); // olga had others before, and a minute may end meanwhile
    }

    private static long lines(String event) {
        return read(log).lines().filter(line -> line.contains(event)).count();
    }

    /// SIGHUP: another program has renamed the file, and the configuration has changed. Before, it did nothing.
    @Test
    @Order(10)
    void sighupOpensTheLogAnewAndTakesUpSettings() throws Exception {
        try (var tunnels = new TunnelClient(config(ann), 0)) {
            Tunnel tunnel = tunnels.open(ForwardTarget.parse("127.0.0.1:" + target.getLocalPort()));
            try (var accepted = target.accept()) {
                Files.move(log, folder.resolve("serve.log.1"));
                configure("json", "127.0.0.1:1");
                signal("HUP");
                awaitLine("SIGHUP: keys, log and settings were read again");
                assertEquals(-1, accepted.getInputStream().read(), "the forward is not allowed any more");
            } catch (IOException reset) {
                // As good as an end.
            }
            String ended = awaitLine("forward-closed");
            assertTrue(ended.startsWith("{\"time\":\"") && ended.endsWith("}"), ended);
            assertTrue(ended.contains(",\"level\":\"info\",\"logger\":\"Server\",\"event\":\"forward-closed\",\"connection\":"), ended);
            assertTrue(ended.contains("\"reason\":\"NOT_AUTHORIZED\"") && ended.contains("\"name\":\"ann\""), ended);
            tunnel.socket().close();
        }
        for (String line : Files.readAllLines(log)) {
            try (var json = new JsonFactory().createParser(ObjectReadContext.empty(), line)) {
                assertEquals(JsonToken.START_OBJECT, json.nextToken());
                json.skipChildren();
                assertEquals(null, json.nextToken(), line);
            }
        }
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(log)));
        // A setting that takes a restart is named by each SIGHUP, until there is one.
        for (int i = 1; i <= 2; i++) {
            int count = i;
            Files.writeString(folder.resolve("server.yaml"), Files.readString(folder.resolve("server.yaml")).replace("port: 0", "port: 1"));
            signal("HUP");
            await().until(() -> lines("these take a restart: server.port\"") == count);
        }
        configure("json", "nonsense");
        signal("HUP");
        assertTrue(awaitLine("SIGHUP: nothing was changed").contains("forward.allow"), awaitLine("SIGHUP: nothing was changed"));
    }

    /// SIGUSR1 ended the process.
    @Test
    @Order(11)
    void userSignalsDoNoHarm() throws Exception {
        for (String name : List.of("USR1", "USR2", "USR1", "USR2")) {
            signal(name);
        }
        try (Client client = Client.connect(config(ann))) {
            assertEquals("PONG", client.request("PING").text());
        }
        assertTrue(server.isAlive());
        assertFalse(read(folder.resolve("stderr")).contains("signal"), read(folder.resolve("stderr")));
    }

    @Test
    @Order(12)
    void isNotReadyWhileItStops() throws Exception {
        try (var tunnels = new TunnelClient(config(olga), 0)) {
            configure("json", "127.0.0.1:" + target.getLocalPort());
            signal("HUP");
            await().until(() -> read(log).lines().filter(line -> line.contains("SIGHUP: keys")).count() >= 4);
            Tunnel tunnel = tunnels.open(ForwardTarget.parse("127.0.0.1:" + target.getLocalPort()));
            // A forward that does not end keeps the server until its grace period is over.
            signal("TERM");
            await().until(() -> get("/readyz").statusCode() == 503);
            assertEquals("the server is stopping\n", get("/readyz").body());
            assertEquals(200, get("/healthz").statusCode());
            tunnel.socket().close();
        }
        assertTrue(server.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, server.exitValue());
    }
}
