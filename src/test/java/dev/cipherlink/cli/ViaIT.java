package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Socks.SocksPasswords;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Commands of a client whose connection goes through other servers, or through a proxy.
class ViaIT {

    @TempDir
    Path folder;
    private final List<AutoCloseable> open = new ArrayList<>();
    private Terminal ann;
    private Server last;
    private Server hop;

    @BeforeEach
    void start() throws IOException {
        ann = new Terminal(folder);
        ann.environment.put("HOME", folder.resolve("home").toString());
        ann.environment.put("CIPHERLINK_SERVER_AUTHORIZED_KEYS", folder.resolve("hop.keys").toString());
        assertEquals(0, ann.run("keygen", "identity"), ann.err());
        String key = ann.out().strip();
        assertEquals(0, ann.run("authorize", key, "--name", "ann", "--forward", "127.0.0.1:*"), ann.err());
        ann.environment.put("CIPHERLINK_SERVER_AUTHORIZED_KEYS", folder.resolve("last.keys").toString());
        assertEquals(0, ann.run("authorize", key, "--name", "ann", "--forward", "127.0.0.1:*"), ann.err());
        hop = server("hop.keys");
        last = server("last.keys");
    }

    private Server server(String keys) throws IOException {
        var host = Identity.generate();
        var store = new MemoryStore(StoreLimits.ofHeap());
        Server server = Server.start(ServerConfig.loopback(ServerKeys.personal(host, AuthorizedKeys.load(folder.resolve(keys))))
                .with(to -> to.gracePeriod = Duration.ofMillis(500)), store);
        open.add(host);
        open.add(store);
        open.add(server);
        return server;
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private static String address(Server server) {
        return "127.0.0.1:" + server.address().getPort();
    }

    private int run(String... args) {
        return ann.run(args);
    }

    @Test
    void commandsGoThroughOtherServersToTheEnd() throws Exception {
        Server second = server("hop.keys");
        ann.environment.put("CIPHERLINK_CLIENT_SERVER", address(last));
        ann.environment.put("CIPHERLINK_CLIENT_VIA", address(hop) + "," + address(second));
        assertEquals(0, run("kv", "--accept-new-host-key", "SET", "greeting", "hello"), ann.err());
        assertEquals(0, run("kv", "GET", "greeting"), ann.err());
        assertEquals("hello", ann.out().strip());
        assertEquals(3, Files.readAllLines(folder.resolve("home/.local/state/cipherlink/known_hosts")).stream()
                .filter(line -> !line.startsWith("#")).count(), "each server is known by its own name");
        byte[] value = new byte[3_000_000];
        new Random(9).nextBytes(value);
        Files.write(folder.resolve("value"), value);
        assertEquals(0, run("kv", "SET", "large", "--from", "value"), ann.err());
        assertEquals(0, run("kv", "GET", "large"), ann.err());
        assertArrayEquals(value, Arrays.copyOf(ann.outBytes(), value.length));
        assertEquals(0, run("kv", "--via", address(second), "-v", "GET", "greeting"), ann.err());
        assertTrue(ann.err().contains("server: " + address(last) + " (CIPHERLINK_CLIENT_SERVER) through " + address(second)), ann.err());
    }

    @Test
    void aForwardGoesThroughAnotherServer() throws Exception {
        try (var target = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
            assertEquals(0, run("ping", "-n", "1", "-s", address(last), "--via", address(hop), "--accept-new-host-key"), ann.err());
            byte[] sent = new byte[1_000_000];
            new Random(4).nextBytes(sent);
            Thread.startVirtualThread(() -> {
                try (Socket accepted = target.accept()) {
                    accepted.getInputStream().transferTo(accepted.getOutputStream());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertEquals(0, ann.runWith(sent, "forward", "-s", address(last), "--via", address(hop), "--stdio",
                    "127.0.0.1:" + target.getLocalPort()), ann.err());
            assertArrayEquals(sent, ann.outBytes());
        }
    }

    @Test
    void eachFailureNamesTheServerInBetween() throws IOException {
        ann.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.2:1");
        assertEquals(4, run("ping", "--via", address(hop)));
        assertTrue(ann.err().contains("unknown host key of [127.0.0.1]:" + hop.address().getPort())
                || ann.err().contains("unknown host key of " + address(hop)), ann.err());
        assertEquals(3, run("ping", "--via", address(hop), "--accept-new-host-key"));
        assertTrue(ann.err().startsWith("cipherlink: cannot connect to 127.0.0.2:1: through " + address(hop) + ": no rule admits 127.0.0.2:1"),
                ann.err());
        Files.writeString(folder.resolve("hop.keys"), "");
        Awaitility.await().until(() -> run("ping", "--via", address(hop)) == 4);
        assertTrue(ann.err().contains("through " + address(hop) + ": the server does not know this identity"), ann.err());
        assertEquals(0, ann.run("keygen", "shared", "k"));
        assertEquals(2, run("ping", "--via", address(hop), "--shared-key", "k"));
        assertTrue(ann.err().startsWith("cipherlink: option --via asks for servers in between (client.via), which know identities only"), ann.err());
    }

    /// Our own proxy port is the proxy here, of both kinds.
    @Test
    void commandsGoThroughAProxy() throws Exception {
        try (var me = Identity.load(folder.resolve("home/.config/cipherlink/identity"), _ -> new char[0]);
                var tunnels = new TunnelClient(ClientConfig.to("127.0.0.1", hop.address().getPort(),
                        new Credentials.Personal(me, (_, _, _) -> { })), 0);
                var proxy = ForwardListener.bind(ForwardSpec.parseDynamic("0"), new ForwardListener.Config(tunnels, ForwardLimits.DEFAULT,
                        Optional.of(SocksPasswords.parse(List.of("ann:hun:ter2"))), (_, _) -> { }))) {
            proxy.start();
            String at = "127.0.0.1:" + proxy.address().getPort();
            for (String scheme : List.of("http", "socks5", "socks5h")) {
                ann.environment.put("CIPHERLINK_CLIENT_PROXY", scheme + "://ann:hun%3Ater2@" + at);
                assertEquals(0, run("kv", "-s", address(last), "--accept-new-host-key", "SET", "via", scheme), ann.err());
                assertEquals(0, run("config", "show"), ann.err());
                assertTrue(ann.out().contains(scheme + "://***@" + at), ann.out());
                assertFalse(ann.out().contains("ter2"), ann.out());
                assertEquals(3, run("kv", "-s", "127.0.0.2:1", "GET", "via"));
                assertTrue(ann.err().startsWith("cipherlink: cannot connect to 127.0.0.2:1: proxy " + scheme + "://" + at + ": it refuses: "),
                        ann.err());
                ann.environment.put("CIPHERLINK_CLIENT_PROXY", scheme + "://ann:wrong@" + at);
                assertEquals(3, run("kv", "-s", address(last), "GET", "via"));
                assertFalse(ann.err().contains("wrong@"), ann.err());
            }
            assertEquals(6, proxy.forwards().totals().failed());
            assertEquals(3, proxy.forwards().totals().opened());
        }
    }
}
