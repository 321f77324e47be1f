package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKey;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.server.sessions.SessionRecords;
import dev.cipherlink.server.sessions.SessionRegistry.Limits;
import dev.cipherlink.session.Session;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/// Another server on the same store goes on with the sessions of the last one.
class SessionRestartIT extends RestartRig {

    private static void withLongGrace(ServerConfig.Builder to) {
        to.gracePeriod = Duration.ofSeconds(20);
    }

    private Client connect() throws IOException {
        return Client.connect(ClientConfig.to("127.0.0.1", port, key));
    }

    private int sessions() throws Exception {
        var all = new ArrayList<SessionRecords.Recorded>();
        SessionRecords.forEach(store, all::add);
        return all.size();
    }

    /// Issue 13.17: a key that was revoked while the server was down had its session back on the disk.
    @Test
    void aKeyThatIsNotLetInAnyMoreLosesItsSession() throws Exception {
        server.close();
        Path file = folder.resolve("authorized_keys");
        try (Identity host = Identity.generate(); Identity bob = Identity.generate()) {
            AuthorizedKeys.load(file).add(new AuthorizedKey("bob", bob.publicKey(), List.of()));
            for (boolean isLetIn : List.of(true, false, false)) {
                if (!isLetIn) {
                    AuthorizedKeys.load(file).remove("bob");
                }
                ServerKeys keys = ServerKeys.personal(host, AuthorizedKeys.load(file));
                try (Server restarted = Server.start(ServerConfig.loopback(keys), store)) {
                    assertEquals(0, ((Number) restarted.services.info().read("").get("sessions_detached")).intValue());
                    assertEquals(0, ((Number) restarted.services.info().read("").get("chat_people")).intValue());
                    if (isLetIn) {
                        try (var peer = new RawNoisePeer(new Socket("127.0.0.1", restarted.address().getPort()), bob.keyPair())
                                .establish()) {
                            peer.send(MessageType.DATA, 1, "JOIN #r");
                            assertEquals("OK\n", peer.receive().payload().text());
                        }
                        await().until(() -> ((Number) restarted.services.info().read("").get("sessions_detached")).intValue() == 1);
                    }
                }
            }
        }
    }

    /// A watch of the last run must not outlive the right to it.
    @Test
    void aSessionWhoseRightsWereNarrowedMeanwhileIsNotRestored() throws Exception {
        server.close();
        Path file = folder.resolve("authorized_keys");
        try (Identity host = Identity.generate(); Identity bob = Identity.generate()) {
            for (String rights : List.of("rate=50", "max-connections=3 rate=50", "keys=ro:a*")) {
                AuthorizedKeys.load(file).put(new AuthorizedKey("bob", bob.publicKey(), List.of(rights.split(" "))));
                ServerKeys keys = ServerKeys.personal(host, AuthorizedKeys.load(file));
                try (Server restarted = Server.start(ServerConfig.loopback(keys), store)) {
                    int expected = rights.startsWith("max") ? 1 : 0;
                    assertEquals(expected, ((Number) restarted.services.info().read("").get("sessions_detached")).intValue(), rights);
                    assertEquals(expected, ((Number) restarted.services.info().read("").get("key_watches")).intValue(), rights);
                    if (rights.equals("rate=50")) {
                        try (var peer = new RawNoisePeer(new Socket("127.0.0.1", restarted.address().getPort()), bob.keyPair())
                                .establish()) {
                            peer.send(MessageType.DATA, 1, "WATCH b");
                            assertEquals("OK\n", peer.receive().payload().text());
                        }
                        await().until(() -> ((Number) restarted.services.info().read("").get("sessions_detached")).intValue() == 1);
                    }
                }
            }
        }
    }

    @Test
    void watchesGoOnAndTheClientIsToldThatItMayHaveMissedChanges() throws Exception {
        List<String> events = new CopyOnWriteArrayList<>();
        try (Client watching = connect(); Client writing = connect()) {
            watching.onEvent(event -> events.add(new String(event, StandardCharsets.UTF_8).strip()));
            watching.request("WATCH a");
            watching.request("WATCH b");
            watching.request("UNWATCH b");
            writing.request("SET a1 x");
            await().until(() -> events.size() == 1);
            String session = watching.session().sessionId();
            restart();
            assertEquals("PONG", watching.request("PING").text());
            assertEquals(session, watching.session().sessionId());
            writing.request("SET b1 x");
            writing.request("SET a2 x");
            await().until(() -> events.getLast().contains("a2"));
            assertTrue(events.get(events.size() - 2).contains("started again"), events.toString());
            assertTrue(events.stream().noneMatch(event -> event.contains("b1")), events.toString());
        }
    }

    @Test
    void aSessionThatEndedIsForgotten() throws Exception {
        try (Client reading = connect()) {
            assertEquals(1, sessions());
            try (Client writing = connect()) {
                writing.request("SET a 1");
                assertEquals(2, sessions());
            }
            await().until(() -> sessions() == 1);
            assertEquals("1", reading.request("GET a").text());
        }
        await().until(() -> sessions() == 0);
    }

    /// Else what it had asked for when the server died, the first change perhaps, would have an unknown outcome.
    @Test
    void aSessionThatHasChangedNothingYetGoesOn() throws Exception {
        try (Client client = connect()) {
            String session = client.session().sessionId();
            restart();
            assertEquals("1", client.request("INCR n").text());
            assertEquals(session, client.session().sessionId());
        }
    }

    /// A server that was stopped before it had read that the client knows of its session forgot it.
    @Test
    void aSessionOfWhichTheClientKnowsWhenTheServerStopsGoesOn() throws Exception {
        stop();
        start(SessionRestartIT::withLongGrace);
        Thread stopping = Thread.ofVirtual().unstarted(server::stop);
        String session;
        try (RawPeer peer = new RawPeer(new Socket("127.0.0.1", port), key)) {
            peer.sendSyn(64);
            session = peer.receiveSynAck().sessionId();
            stopping.start();
            await().until(() -> server.connections().getFirst().isDraining());
            peer.sendEcho(session);
            await().until(() -> peer.receive() == null);
        }
        stopping.join();
        restart();
        try (RawPeer peer = new RawPeer(new Socket("127.0.0.1", port), key)) {
            assertTrue(peer.resume(session, 0).isResumed());
        }
    }

    @Test
    void aClientThatNeverSaysThatItKnowsOfItsSessionIsCutOff() throws Exception {
        try (RawPeer peer = new RawPeer(new Socket("127.0.0.1", port), key)) {
            peer.sendSyn(64);
            peer.receiveSynAck();
            stop();
            assertNull(peer.receive());
        }
        start();
        assertEquals(0, sessions());
    }

    /// Issue 13.11a: it ran again, and saw what its own session had changed after it.
    @Test
    void aLargeReadDoesNotSeeWhatItsSessionChangedAfterIt() throws Exception {
        String value = "x".repeat(2_000);
        String session;
        try (RawPeer peer = new RawPeer(new Socket("127.0.0.1", port), key).establish(64)) {
            session = peer.sessionId();
            assertEquals("OK\n", peer.request(1, "SET k " + value));
            assertEquals(value + "\n", peer.request(2, "GET k"));
            assertEquals("2001\n", peer.request(3, "APPEND k y"));
            assertEquals(value + "y\n", peer.request(4, "GET k"));
        }
        for (int i = 0; i < 2; i++) {
            restart();
            try (RawPeer peer = new RawPeer(new Socket("127.0.0.1", port), key)) {
                assertTrue(peer.resume(session, 0).isResumed());
                assertEquals(Session.NOT_KEPT.payload().length, peer.request(2, "GET k").length());
                assertEquals("2001\n", peer.request(3, "APPEND k y"));
                assertEquals(value + "y\n", peer.request(4, "GET k"), "no change stands behind it");
            }
        }
        try (RawPeer peer = new RawPeer(new Socket("127.0.0.1", port), key)) {
            assertTrue(peer.resume(session, 0).isResumed());
            assertEquals("2002\n", peer.request(5, "APPEND k z"));
            assertEquals(Session.NOT_KEPT.payload().length, peer.request(4, "GET k").length(), "one does by now");
        }
    }

    /// Reads are not recorded, so the next server finds its client further ahead than half of the sequence numbers; and it
    /// says so in its own records, or the server after it would let the last change run again.
    @Test
    void aSessionGoesOnAfterMoreReadsThanHalfOfTheNumbers() throws Exception {
        try (Client client = Client.connect(ClientConfig.to("127.0.0.1", port, key))) {
            String session = client.session().sessionId();
            assertEquals("1", client.request("INCR n").text());
            read(client, 40_000);
            restart();
            assertEquals("2", client.request("INCR n").text());
            restart();
            assertEquals("3", client.request("INCR n").text());
            assertEquals(session, client.session().sessionId());
        }
    }

    private static void read(Client client, int times) throws Exception {
        for (int i = 0; i < times; i++) {
            client.requestAsync("GET n".getBytes(StandardCharsets.US_ASCII));
        }
        assertEquals("PONG", client.request("PING").text());
    }

    @Test
    void aSessionToWhichNobodyComesBackIsForgotten() throws Exception {
        try (Client client = Client.connect(ClientConfig.to("127.0.0.1", port, key).withReconnect(Duration.ZERO))) {
            client.request("SET a 1");
            stop();
        }
        start(to -> to.sessions = Limits.of(Duration.ZERO));
        await().until(() -> sessions() == 0);
        assertEquals(0, server.sessions.detached());
    }
}
