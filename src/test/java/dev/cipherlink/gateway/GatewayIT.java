package dev.cipherlink.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.Identity;
import dev.cipherlink.fault.CutLink;
import dev.cipherlink.gateway.GatewayRig.RespClient;
import dev.cipherlink.server.PersonalServer;
import dev.cipherlink.server.TestServer;
import dev.cipherlink.server.access.AuthorizedKey;
import dev.cipherlink.server.access.AuthorizedKeys;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the gateway promises its clients: order, each command once, bounded memory.
class GatewayIT {

    private static final int MANY = 20_000;

    @Test
    void keepsTheOrderOfRepliesThatNeedTheServerOrNot() throws IOException {
        try (GatewayRig rig = GatewayRig.start(); RespClient client = rig.connect()) {
            var stream = new StringBuilder();
            var expected = new StringBuilder();
            for (int i = 1; i <= 2_000; i++) {
                stream.append("INCR n\r\nECHO e").append(i).append("\r\nnosuch\r\nKEYS nothing\r\n");
                expected.append(':').append(i).append("\r\n$").append(Integer.toString(i).length() + 1).append("\r\ne").append(i)
                        .append("\r\n-ERR unknown command 'nosuch', with args beginning with: \r\n*0\r\n");
            }
            client.sendRaw(stream.toString());
            client.channel.shutdownOutput();
            assertEquals(expected.toString(), client.rest(), "also behind the end of the input");
        }
    }

    /// A pipeline under way while the network breaks ten times: each command runs once, and each reply comes in its place.
    @Test
    void runsEachCommandOnceOverACutTunnel() throws Exception {
        try (TestServer server = TestServer.start();
                CutLink link = new CutLink(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
                GatewayRig rig = GatewayRig.before(GatewayRig.through(server.clientConfig(), link.port()));
                RespClient client = rig.connect()) {
            Thread sender = Thread.ofVirtual().start(() -> {
                byte[] increment = RespClient.encode("INCR", "n");
                try {
                    for (int i = 0; i < MANY; i++) {
                        client.write(increment);
                    }
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            for (int i = 1; i <= MANY; i++) {
                assertEquals(":" + i + "\r\n", client.reply());
                if (i % (MANY / 10) == 5) {
                    link.breakAll();
                }
            }
            sender.join();
            assertEquals("$5\r\n" + MANY + "\r\n", client.ask("GET", "n"));
        }
    }

    @Test
    void saysThatAnOutcomeIsUnknownAndClosesAndServesTheNext() throws Exception {
        try (TestServer server = TestServer.start();
                CutLink link = new CutLink(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
                GatewayRig rig = GatewayRig.before(GatewayRig.through(server.clientConfig(), link.port())
                        .withReconnect(Duration.ofMillis(300)));
                RespClient client = rig.connect(); RespClient other = rig.connect()) {
            assertEquals("+OK\r\n", client.ask("SET", "a", "1"));
            link.swallow();
            client.send("INCR", "a");
            await().until(() -> link.swallowedBytes() > 0);
            link.shut();
            String reply = client.reply();
            assertTrue(reply.startsWith("-ERR outcome unknown: the session with the server is lost"), reply);
            assertThrows(EOFException.class, client::reply);

            String unreachable = other.ask("GET", "a");
            assertTrue(unreachable.startsWith("-ERR the server cannot be reached, and the command did not run: "), unreachable);
            assertThrows(EOFException.class, other::reply);

            link.letIn();
            try (RespClient next = rig.connect()) {
                assertEquals("$1\r\n1\r\n", next.ask("GET", "a"));
            }
        }
    }

    /// Commands wait for the network as long as the session does.
    @Test
    void waitsForTheNetwork() throws Exception {
        try (TestServer server = TestServer.start();
                CutLink link = new CutLink(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
                GatewayRig rig = GatewayRig.before(GatewayRig.through(server.clientConfig(), link.port()));
                RespClient client = rig.connect()) {
            assertEquals("+OK\r\n", client.ask("SET", "a", "1"));
            link.shut();
            client.send("INCR", "a");
            client.send("PING");
            await().until(() -> rig.gateway().totals().commands() == 3);
            link.letIn();
            assertEquals(":2\r\n", client.reply());
            assertEquals("+PONG\r\n", client.reply());
        }
    }

    /// A client that asks for much and takes nothing: memory stays bounded, others are served, and all comes in the end.
    @Test
    void readsNoFurtherForAClientThatTakesNoReplies() throws Exception {
        try (GatewayRig rig = GatewayRig.start(); RespClient slow = rig.connect(); RespClient other = rig.connect()) {
            String value = "v".repeat(1 << 20);
            assertEquals("+OK\r\n", slow.ask("SET", "large", value));
            int replies = 300;
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < replies; i++) {
                        slow.send("GET", "large");
                    }
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            await().until(() -> rig.gateway().totals().memoryInUse() > 8 << 20);
            for (int i = 0; i < 1_000; i++) {
                assertEquals("+OK\r\n", other.ask("SET", "small", "1"));
                assertTrue(rig.gateway().totals().memoryInUse() < 40 << 20);
            }
            for (int i = 0; i < replies; i++) {
                assertEquals(value.length() + 12, slow.reply().length());
            }
            sender.join();
            await().until(() -> rig.gateway().totals().memoryInUse() == 0);
        }
    }

    /// Small replies promise nothing: large ones behind them wait for a slow reader, too.
    @Test
    void waitsForASlowReaderOfLargeRepliesBehindSmallOnes() throws Exception {
        try (GatewayRig rig = GatewayRig.start(); RespClient slow = rig.connect()) {
            String value = "v".repeat(1 << 20);
            assertEquals("+OK\r\n", slow.ask("SET", "large", value));
            for (int i = 0; i < 100; i++) {
                assertEquals("$-1\r\n", slow.ask("GET", "none"));
            }
            slow.sendRaw("GET large\r\n".repeat(200));
            await().until(() -> rig.gateway().totals().memoryInUse() > 16 << 20);
            for (int i = 0; i < 200; i++) {
                assertEquals(value.length() + 12, slow.reply().length());
            }
        }
    }

    /// Replies that need no server wait for the client as others do.
    @Test
    void readsNoFurtherForAClientThatTakesNoEchoes() throws Exception {
        try (GatewayRig rig = GatewayRig.start(); RespClient slow = rig.connect()) {
            byte[] echo = RespClient.encode("ECHO", "v".repeat(8 << 20));
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 16; i++) {
                        slow.write(echo);
                    }
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            await().until(() -> rig.gateway().totals().memoryInUse() >= 16 << 20);
            for (int i = 0; i < 16; i++) {
                assertTrue(rig.gateway().totals().memoryInUse() < 48 << 20);
                assertEquals((8 << 20) + 12, slow.reply().length());
            }
            sender.join();
        }
    }

    /// Also where a command asks the server in several steps.
    @Test
    void saysNopermWhereRightsRefuse(@TempDir Path folder) throws Exception {
        Identity key = Identity.generate();
        AuthorizedKeys keys = AuthorizedKeys.load(folder.resolve("authorized_keys"));
        keys.add(new AuthorizedKey("reader", key.publicKey(), List.of("keys=ro:app:*")));
        try (PersonalServer server = PersonalServer.start(keys); GatewayRig rig = GatewayRig.before(server.clientConfig(key));
                RespClient client = rig.connect()) {
            for (String refused : new String[] {"GET secret", "SET app:a 1", "KEYS *", "SCAN 0", "SUBSCRIBE secret", "PSUBSCRIBE *"}) {
                String reply = client.ask(refused.split(" "));
                assertTrue(reply.startsWith("-NOPERM "), refused + ": " + reply);
            }
            assertEquals("*0\r\n", client.ask("KEYS", "app:*"));
        }
    }

    /// A web page can make a browser send commands as the body of a request.
    @Test
    void runsNothingOfARequestOfHttp() throws IOException {
        try (GatewayRig rig = GatewayRig.start(); RespClient client = rig.connect()) {
            for (String head : new String[] {"POST / HTTP/1.1\r\n", "Host: localhost\r\n"}) {
                try (RespClient browser = rig.connect()) {
                    browser.sendRaw(head + "Content-Length: 9\r\n\r\nSET a 1\r\n");
                    assertEquals("", browser.rest());
                }
                assertEquals("$-1\r\n", client.ask("GET", "a"));
            }
        }
    }

    /// A pattern takes 60 times its length of memory, and a word of a transaction more than its bytes.
    @Test
    void limitsPatternsNamesAndWordsOfATransaction() throws IOException {
        try (GatewayRig rig = GatewayRig.start(); RespClient client = rig.connect()) {
            String pattern = "[]".repeat(2_049);
            for (String[] command : new String[][] {{"KEYS", pattern}, {"SCAN", "0", "MATCH", pattern}, {"PSUBSCRIBE", pattern},
                    {"PUBSUB", "CHANNELS", pattern}, {"CONFIG", "GET", pattern}}) {
                assertEquals("-ERR a pattern has at most 4096 bytes\r\n", client.ask(command));
            }
            assertEquals("-ERR Client names have at most 512 bytes\r\n", client.ask("CLIENT", "SETNAME", "n".repeat(513)));
            assertEquals("+OK\r\n", client.ask("MULTI"));
            String[] words = new String[200_001];
            Arrays.fill(words, "");
            words[0] = "DEL";
            int queued = 0;
            while (client.ask(words).equals("+QUEUED\r\n")) {
                queued++;
            }
            assertTrue(queued < 4, queued + " times 200,000 words");
            assertTrue(client.ask("EXEC").startsWith("-EXECABORT "));
        }
    }

    @Test
    void refusesClientsBeyondTheLimit() throws Exception {
        try (GatewayRig rig = GatewayRig.start(new Gateway.Config(Optional.empty(), 2)); RespClient first = rig.connect();
                RespClient second = rig.connect()) {
            assertEquals("+PONG\r\n", first.ask("PING"));
            assertEquals("+PONG\r\n", second.ask("PING"));
            try (RespClient third = rig.connect()) {
                assertEquals("-ERR max number of clients reached\r\n", third.rest());
            }
            assertEquals("+OK\r\n", second.ask("QUIT"));
            await().until(() -> rig.gateway().totals().live() == 1);
            try (RespClient third = rig.connect()) {
                assertEquals("+PONG\r\n", third.ask("PING"));
            }
        }
    }

    @Test
    void asksForThePassword() throws IOException {
        var config = new Gateway.Config(Optional.of("secret".getBytes(StandardCharsets.US_ASCII)), 10);
        try (GatewayRig rig = GatewayRig.start(config); RespClient client = rig.connect()) {
            assertEquals("-NOAUTH Authentication required.\r\n", client.ask("GET", "a"));
            assertEquals("-WRONGPASS invalid username-password pair or user is disabled.\r\n", client.ask("AUTH", "wrong"));
            assertTrue(client.ask("HELLO", "3").startsWith("-NOAUTH HELLO must be called with the client already authenticated"));
            assertTrue(client.ask("HELLO", "3", "AUTH", "default", "secret").startsWith("%7\r\n"));
            assertEquals("_\r\n", client.ask("GET", "a"));
            assertEquals("+RESET\r\n", client.ask("RESET"));
            assertEquals("-NOAUTH Authentication required.\r\n", client.ask("PING"));
            assertEquals("+OK\r\n", client.ask("AUTH", "secret"));
            assertEquals("$-1\r\n", client.ask("GET", "a"));
            try (RespClient stranger = rig.connect()) {
                stranger.sendRaw("*100\r\n");
                assertEquals("-ERR Protocol error: unauthenticated multibulk length\r\n", stranger.rest());
            }
        }
    }

    /// What the server has to do with one client does not come between: values of every size, in the order they were asked for.
    @Test
    void carriesValuesOfEverySize() throws IOException {
        try (GatewayRig rig = GatewayRig.start(); RespClient client = rig.connect()) {
            for (int size : new int[] {0, 1, 1_000, 16_383, 16_384, 70_000, 3_000_000}) {
                String value = "\n".repeat(size);
                assertEquals("+OK\r\n", client.ask("SET", "a", value));
                assertEquals("$" + size + "\r\n" + value + "\r\n", client.ask("GET", "a"));
            }
        }
    }

    @Test
    void refusesATimeBeyondTheServersLastInTheWordsOfRedis() throws IOException {
        try (GatewayRig rig = GatewayRig.start(); RespClient client = rig.connect()) {
            assertEquals("+OK\r\n", client.ask("SET", "a", "1", "PXAT", "9000000000000"));
            assertEquals("-ERR invalid expire time in 'set' command\r\n", client.ask("SET", "a", "1", "PXAT", "9000000000001"));
            assertEquals(":1\r\n", client.ask("EXPIREAT", "a", "9000000000"));
            assertEquals("-ERR invalid expire time in 'expireat' command\r\n", client.ask("EXPIREAT", "a", "9000000001"));
        }
    }

    @Test
    void answersWhatHasArrivedWhenItStops() throws Exception {
        try (GatewayRig rig = GatewayRig.start(); RespClient client = rig.connect()) {
            client.sendRaw("INCR n\r\n".repeat(1_000));
            for (int i = 1; i <= 10; i++) {
                assertEquals(":" + i + "\r\n", client.reply());
            }
            assertEquals(0, rig.gateway().stop(Duration.ofSeconds(30)));
            assertTrue(client.rest().endsWith("\r\n"), "whole replies");
        }
    }

    @Test
    void aQuotaIsOutOfMemoryInTheWordsOfRedis(@TempDir Path folder) throws Exception {
        AuthorizedKeys keys = AuthorizedKeys.load(folder.resolve("authorized_keys"));
        try (Identity little = Identity.generate()) {
            keys.add(new AuthorizedKey("little", little.publicKey(), List.of("max-bytes=20")));
            try (PersonalServer server = PersonalServer.start(keys); GatewayRig rig = GatewayRig.before(server.clientConfig(little));
                    RespClient client = rig.connect()) {
                assertEquals("+OK\r\n", client.ask("SET", "a", "1234567890"));
                String refusal = "OOM the store is full for your key, whose keys take 11 bytes of 20: this write takes ";
                assertTrue(client.ask("SET", "b", "1234567890").startsWith("-" + refusal));
                assertTrue(client.ask("MSET", "b", "12345", "c", "12345").startsWith("-" + refusal));
                client.ask("MULTI");
                client.ask("APPEND", "a", "1234567890");
                assertTrue(client.ask("EXEC").startsWith("-EXECABORT Transaction discarded: "));
                assertEquals("+OK\r\n", client.ask("SET", "b", "12345678"));
            }
        }
    }
}
