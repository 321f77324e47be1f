package dev.cipherlink.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.RequestException;
import dev.cipherlink.fault.CutLink;
import dev.cipherlink.gateway.GatewayRig.RespClient;
import dev.cipherlink.server.PersonalServer;
import dev.cipherlink.server.TestServer;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Clients that share the session's subscriptions.
class PubSubIT {

    /// Fewer than a server keeps for a session that does not take them.
    private static final int IN_FLIGHT = 100;

    private static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }

    private static String told(String channel, String message) {
        return "*3\r\n" + bulk("message") + bulk(channel) + bulk(message);
    }

    private static void subscribe(RespClient client, String... channels) throws IOException {
        for (int i = 0; i < channels.length; i++) {
            assertEquals("*3\r\n" + bulk("subscribe") + bulk(channels[i]) + ":" + (i + 1) + "\r\n",
                    client.ask("SUBSCRIBE", channels[i]));
        }
    }

    private static void assertNothingElse(RespClient client) throws IOException {
        assertEquals("*2\r\n" + bulk("pong") + bulk(""), client.ask("PING"));
    }

    @Test
    void tellsEachSubscriberOfAChannelEachPublicationOnceAndInOrder() throws Exception {
        int count = 20 * IN_FLIGHT;
        try (GatewayRig rig = GatewayRig.start(); RespClient first = rig.connect(); RespClient second = rig.connect();
                RespClient publisher = rig.connect()) {
            List<RespClient> both = List.of(first, second);
            for (RespClient subscriber : both) {
                subscribe(subscriber, "news");
            }
            for (int i = 0; i < count; i++) {
                if (i % IN_FLIGHT == 0) {
                    for (int next = i; next < i + IN_FLIGHT; next++) {
                        publisher.send("PUBLISH", "news", Integer.toString(next));
                    }
                }
                assertEquals(":2\r\n", publisher.reply());
                for (RespClient subscriber : both) {
                    assertEquals(told("news", Integer.toString(i)), subscriber.reply());
                }
            }
            for (RespClient subscriber : both) {
                assertNothingElse(subscriber);
            }
            assertEquals("*3\r\n" + bulk("unsubscribe") + bulk("news") + ":0\r\n", first.ask("UNSUBSCRIBE", "news"));
            assertEquals(":1\r\n", publisher.ask("PUBLISH", "news", "later"));
            assertEquals(told("news", "later"), second.reply(), "the other one keeps the subscription that both had");
            assertEquals("+PONG\r\n", first.ask("PING"));
        }
    }

    /// An operator ends the session while no command is under way: the next one knows of all subscriptions.
    @Test
    void subscribesAnewWhenTheServerHasEndedTheSession() throws Exception {
        try (PersonalServer server = PersonalServer.start(); GatewayRig rig = GatewayRig.before(server.clientConfig());
                RespClient first = rig.connect(); RespClient second = rig.connect(); RespClient patterns = rig.connect()) {
            subscribe(first, "__keyspace@0__:key", "news", "last");
            assertEquals("*3\r\n" + bulk("psubscribe") + bulk("n*s") + ":1\r\n", patterns.ask("PSUBSCRIBE", "n*s"));
            subscribe(second, "news", "marker");
            try (Client operator = Client.connect(server.clientConfig())) {
                operator.request("SESSIONS END ann");
            } catch (RequestException e) {
                // Its own session ended too, before the answer.
            }
            try (Client other = Client.connect(server.clientConfig())) {
                var attempts = new AtomicInteger();
                // The subscription to it is renewed as the last one.
                await().until(() ->
                        other.request("PUBLISH marker " + attempts.incrementAndGet()).text().strip().equals("1"));
                assertEquals("1", other.request("PUBLISH last x").text().strip());
                other.request("PUBLISH news hello");
                other.request("SET key value");
                assertEquals(told("last", "x"), first.reply());
                assertEquals(told("news", "hello"), first.reply());
                assertEquals(told("__keyspace@0__:key", "set"), first.reply());
                assertEquals(told("marker", Integer.toString(attempts.get())), second.reply());
                assertEquals(told("news", "hello"), second.reply());
                assertEquals("*4\r\n" + bulk("pmessage") + bulk("n*s") + bulk("news") + bulk("hello"), patterns.reply());
                for (RespClient subscriber : List.of(first, second, patterns)) {
                    assertNothingElse(subscriber);
                }
            }
        }
    }

    /// Nothing would tell it of what is published from then on.
    @Test
    void endsASubscriberOnceTheSessionIsGivenUp() throws Exception {
        try (TestServer server = TestServer.start();
                CutLink link = new CutLink(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
                GatewayRig rig = GatewayRig.before(GatewayRig.through(server.clientConfig(), link.port())
                        .withReconnect(Duration.ofMillis(300)));
                RespClient subscriber = rig.connect(); RespClient other = rig.connect()) {
            subscribe(subscriber, "news");
            assertEquals("+OK\r\n", other.ask("SET", "a", "1"));
            link.shut();
            String reply = subscriber.reply();
            assertTrue(reply.startsWith("-ERR the session with the server is lost: "), reply);
            assertThrows(EOFException.class, subscriber::reply);

            link.letIn();
            assertEquals("$1\r\n1\r\n", other.ask("GET", "a"), "a client without subscriptions goes on");
            try (RespClient next = rig.connect()) {
                subscribe(next, "news");
                assertTrue(other.ask("PUBLISH", "news", "hello").startsWith(":"), "the server counts the lost session until it expires");
                assertEquals(told("news", "hello"), next.reply());
            }
        }
    }

    /// Patterns that begin alike are one subscription of the session, and still each of them has its price.
    @Test
    void limitsThePatternsOfAllClients() throws Exception {
        try (GatewayRig rig = GatewayRig.start(); RespClient client = rig.connect(); RespClient other = rig.connect()) {
            for (int i = 1; i <= 1_000; i++) {
                String pattern = "p*" + i;
                assertEquals("*3\r\n" + bulk("psubscribe") + bulk(pattern) + ":" + i + "\r\n", client.ask("PSUBSCRIBE", pattern));
            }
            String refused = "-ERR the clients of this gateway have 1000 subscriptions; end one first\r\n";
            assertEquals(refused, other.ask("PSUBSCRIBE", "p*1001"));
            assertEquals(refused, other.ask("SUBSCRIBE", "p*1"));
            assertEquals("*3\r\n" + bulk("psubscribe") + bulk("p*1") + ":1\r\n", other.ask("PSUBSCRIBE", "p*1"), "others have it");
            client.ask("PUNSUBSCRIBE", "p*2");
            assertEquals("*3\r\n" + bulk("subscribe") + bulk("news") + ":2\r\n", other.ask("SUBSCRIBE", "news"));
        }
    }

    /// While the server is away, a client waits for its subscription, and one that is gone leaves its place to another.
    @Test
    void countsNoClientThatLeftWhileTheServerIsAway() throws Exception {
        try (TestServer server = TestServer.start();
                CutLink link = new CutLink(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
                GatewayRig rig = GatewayRig.before(GatewayRig.through(server.clientConfig(), link.port()));
                RespClient leaving = rig.connect(); RespClient waiting = rig.connect()) {
            subscribe(leaving, "news");
            assertEquals("+PONG\r\n", waiting.ask("PING"));
            link.shut();
            waiting.send("SUBSCRIBE", "other");
            await().until(() -> rig.gateway().totals().commands() == 3);
            leaving.channel.close();
            await().until(() -> rig.gateway().totals().live() == 1);
            link.letIn();
            assertEquals("*3\r\n" + bulk("subscribe") + bulk("other") + ":1\r\n", waiting.reply());
        }
    }
}
