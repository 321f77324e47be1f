package dev.cipherlink.server.access;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.server.PersonalServer;
import dev.cipherlink.server.RawNoisePeer;
import dev.cipherlink.server.RawPeer;
import dev.cipherlink.server.TestServer;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.sessions.SessionRegistry.Limits;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Session;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Section E of the fault catalogue: the clients that may resume a session, when, and from where.
class ResumeFaultsIT {

    private static final Duration LONG = Duration.ofMinutes(15);
    private static final int RECONNECTS = Integer.getInteger("cipherlink.reconnects", 300);

    /// A session with one request in it, whose connection is gone.
    private static String leave(TestServer server) throws IOException {
        try (RawPeer peer = server.rawPeer()) {
            peer.sendSyn(64);
            SynAck.Granted granted = peer.receiveSynAck();
            peer.sendEcho(granted.sessionId());
            assertEquals("1\n", peer.request(1, "INCR n"));
            return granted.sessionId();
        }
    }

    private static String members(String sessionId) {
        return ",\"session_id\":\"" + sessionId + "\",\"received\":0";
    }

    /// Admits everybody, each under a name of its own.
    private static final class Everybody implements ClientDirectory {
        @Override
        public boolean admits(PublicKey key) {
            return true;
        }

        @Override
        public Optional<ClientIdentity> identify(PublicKey key) {
            return Optional.of(new ClientIdentity("name-" + key.fingerprint().toString().substring(0, 4),
                    Optional.of(key), false));
        }
    }

    /// Case 47: it is told what somebody is told who asks for a session that never was, and takes nothing away.
    @Test
    void theSessionOfAnotherIdentityIsAsUnknownAsNone() throws Exception {
        try (var server = PersonalServer.start(new Everybody()); var stranger = Identity.generate()) {
            String id;
            try (var peer = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
                id = peer.open("").sessionId();
                peer.send(MessageType.DATA, 1, "INCR n");
                assertEquals("1\n", peer.receive().payload().text());
            }
            for (String asked : List.of(id, "00".repeat(16), id)) {
                try (var peer = new RawNoisePeer(server.connect(), stranger.keyPair())) {
                    SynAck.Granted granted = peer.open(members(asked));
                    assertFalse(granted.isResumed());
                    assertNotEquals(id, granted.sessionId());
                    peer.send(MessageType.DATA, 1, "GET n");
                    assertEquals("1\n", peer.receive().payload().text());
                }
            }
            try (var peer = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
                SynAck.Granted granted = peer.open(members(id));
                assertTrue(granted.isResumed());
                assertEquals(1, granted.received());
            }
        }
    }

    /// Case 48.
    @Test
    void aSessionThatNobodyResumesInTimeIsGone() throws Exception {
        try (var server = TestServer.start(to -> to.sessions = Limits.of(Duration.ofMillis(100)))) {
            String id = leave(server);
            try (var client = Client.connect(server.clientConfig())) {
                await().until(() -> client.request("INFO").text().contains("sessions_expired: 1\n"));
                assertTrue(client.request("INFO").text().contains("sessions_detached: 0\n"));
            }
            try (RawPeer peer = server.rawPeer()) {
                SynAck.Granted granted = peer.resume(id, 0);
                assertFalse(granted.isResumed());
                assertEquals("2\n", peer.request(1, "INCR n"), "the numbers begin anew");
            }
        }
    }

    /// Case 49: each that comes takes the session from the one before it, and the request runs once.
    @Test
    void ofManyThatResumeAtOnceOneHasTheSessionInTheEnd() throws Exception {
        int racers = 8;
        try (var server = TestServer.start(TestServer.times(LONG, LONG, LONG));
             var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            String id = leave(server);
            var barrier = new CyclicBarrier(racers);
            var peers = new ArrayList<Future<RawPeer>>();
            for (int i = 0; i < racers; i++) {
                peers.add(executor.submit(() -> {
                    RawPeer peer = server.rawPeer();
                    barrier.await();
                    try {
                        assertTrue(peer.resume(id, 0).isResumed());
                        peer.send(MessageType.DATA, 2, "INCR n");
                    } catch (IOException e) {
                        // Another one was faster.
                    }
                    return peer;
                }));
            }
            for (Future<RawPeer> peer : peers) {
                peer.get(60, TimeUnit.SECONDS);
            }
            server.awaitConnections(1);
            await().until(() -> server.requests() == 2);
            assertEquals(1, server.connections());
            for (Future<RawPeer> peer : peers) {
                peer.get().close();
            }
            server.awaitConnections(0);
            try (RawPeer peer = server.rawPeer()) {
                SynAck.Granted granted = peer.resume(id, 0);
                assertTrue(granted.isResumed());
                assertEquals(2, granted.received());
                assertEquals("2\n", peer.request(2, "INCR n"), "a duplicate gets the answer that was kept");
                assertEquals("3\n", peer.request(3, "INCR n"));
            }
        }
    }

    /// Case 50: the server has heard nothing of the end of the old connection.
    @Test
    void aResumeTakesTheSessionFromAConnectionThatIsHalfOpen() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, LONG, LONG)); RawPeer old = server.rawPeer()) {
            old.sendSyn(64);
            SynAck.Granted granted = old.receiveSynAck();
            old.sendEcho(granted.sessionId());
            assertEquals("1\n", old.request(1, "INCR n"));
            try (RawPeer peer = server.rawPeer()) {
                assertTrue(peer.resume(granted.sessionId(), 0).isResumed());
                assertEquals("2\n", peer.request(2, "INCR n"));
                assertNull(old.receive());
                server.awaitEnded(CloseReason.TAKEN_OVER, 1);
                server.awaitConnections(1);
                assertEquals("3\n", peer.request(3, "INCR n"));
            }
        }
    }

    /// Case 51: what the server never sent cannot have been received. Nothing is said of what it has, and the session
    /// stays for a better claim.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 30_000, 40_000, 65_535})
    void doesNotResumeFromWhereItNeverWas(int received) throws Exception {
        try (var server = TestServer.start()) {
            String id = leave(server);
            try (RawPeer peer = server.rawPeer()) {
                assertFalse(peer.resume(id, received).isResumed());
                assertEquals("2\n", peer.request(1, "INCR n"), "another session");
            }
            try (RawPeer peer = server.rawPeer()) {
                SynAck.Granted granted = peer.resume(id, 0);
                assertTrue(granted.isResumed());
                assertEquals(1, granted.received());
                assertEquals("3\n", peer.request(2, "INCR n"));
            }
        }
    }

    /// Issue 13.11a: it ran again, and saw what its own session had changed after it.
    @Test
    void aLargeReadDoesNotSeeWhatItsSessionChangedAfterIt() throws Exception {
        String value = "x".repeat(2_000);
        try (var server = TestServer.start()) {
            String session;
            try (RawPeer peer = server.rawPeer().establish(64)) {
                session = peer.sessionId();
                assertEquals("OK\n", peer.request(1, "SET k " + value));
                assertEquals(value + "\n", peer.request(2, "GET k"));
            }
            try (RawPeer peer = server.rawPeer()) {
                assertTrue(peer.resume(session, 0).isResumed());
                assertEquals(value + "\n", peer.request(2, "GET k"), "no change stands behind it");
                assertEquals("OK\n", peer.request(3, "SET other z"));
            }
            try (RawPeer peer = server.rawPeer()) {
                assertTrue(peer.resume(session, 0).isResumed());
                assertEquals(value + "\n", peer.request(2, "GET k"), "another key was changed");
                assertEquals("OK\n", peer.request(3, "SET other z"));
                assertEquals("2001\n", peer.request(4, "APPEND k y"));
            }
            try (RawPeer peer = server.rawPeer()) {
                assertTrue(peer.resume(session, 0).isResumed());
                peer.send(MessageType.DATA, 2, "GET k");
                Message answer = peer.receive();
                assertEquals(MessageType.ERROR, answer.type());
                assertEquals("ERROR " + Session.NOT_KEPT.reason() + "\n", answer.payload().text());
                assertEquals("OK\n", peer.request(3, "SET other z"));
                assertEquals("2001\n", peer.request(4, "APPEND k y"));
                assertEquals(value + "y\n", peer.request(5, "GET k"));
            }
        }
    }

    /// Case 53. `-Dcipherlink.reconnects=10000` for the whole number.
    @Test
    void leaksNothingHoweverOftenASessionIsResumed() throws Exception {
        try (var server = TestServer.start(TestServer.limits(10_000, 10_000))) {
            String id = leave(server);
            int reconnects = 0;
            for (; reconnects < 50; reconnects++) {
                resumeOnce(server, id, reconnects);
            }
            server.awaitConnections(0);
            int descriptorsBefore = descriptors();
            int threadsBefore = Thread.activeCount();
            for (; reconnects < RECONNECTS; reconnects++) {
                resumeOnce(server, id, reconnects);
            }
            server.awaitConnections(0);
            assertTrue(descriptors() <= descriptorsBefore + 20, descriptors() + " after " + descriptorsBefore);
            assertTrue(Thread.activeCount() <= threadsBefore + 5);
            try (var client = Client.connect(server.clientConfig())) {
                String info = client.request("INFO").text();
                assertTrue(info.contains("sessions_detached: 1\n"), info);
                assertTrue(info.contains("sessions_resumed: " + reconnects + "\n"), info);
                assertEquals(String.valueOf(reconnects + 1), client.request("GET n").text());
            }
        }
    }

    /// Every second one resets its connection.
    private static void resumeOnce(TestServer server, String id, int number) throws IOException {
        RawPeer peer = server.rawPeer();
        int sequence = number + 2;
        assertTrue(peer.resume(id, 0).isResumed(), "reconnect " + number);
        assertEquals(number + 2 + "\n", peer.request(sequence, "INCR n"));
        if (number % 2 == 0) {
            peer.socket().setSoLinger(true, 0);
        }
        peer.close();
    }

    private static int descriptors() {
        String[] open = new File("/proc/self/fd").list();
        return open == null ? 0 : open.length;
    }
}
