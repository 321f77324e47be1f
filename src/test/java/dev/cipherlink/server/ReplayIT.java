package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.server.sessions.SessionRegistry.Limits;
import dev.cipherlink.session.CloseReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Issue 13.11: somebody without the key who has recorded version 1 connections, and sends their packets again.
///
/// The peers here are as plain as the oldest: they echo what they are told in `session_id`, and nothing else.
class ReplayIT {

    private static final Duration LONG = Duration.ofSeconds(30);

    /// Passes on what a client sends, and keeps a copy.
    private static final class Recorder extends OutputStream {
        private final Socket socket;
        private final ByteArrayOutputStream copy = new ByteArrayOutputStream();

        Recorder(Socket socket) {
            this.socket = socket;
        }

        @Override
        public void write(int oneByte) throws IOException {
            write(new byte[] {(byte) oneByte}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            copy.write(bytes, offset, length);
            socket.getOutputStream().write(bytes, offset, length);
        }

        /// The bytes sent since the last call.
        byte[] take() {
            byte[] taken = copy.toByteArray();
            copy.reset();
            return taken;
        }
    }

    /// A client on the wire, and what it has sent.
    private record Recorded(RawPeer peer, Recorder recorder) {
        static Recorded of(TestServer server) throws IOException {
            Socket socket = server.connect();
            var recorder = new Recorder(socket);
            return new Recorded(new RawPeer(socket, server.key(), recorder), recorder);
        }
    }

    /// A session that was resumed once, as the attacker has recorded it.
    private record Resumed(String session, byte[] handshake) {
    }

    private static Resumed resumeOnce(TestServer server) throws IOException {
        String session;
        try (RawPeer peer = server.rawPeer().establish(64)) {
            session = peer.sessionId();
            assertEquals("1\n", peer.request(1, "INCR n"));
        }
        Recorded second = Recorded.of(server);
        try (RawPeer peer = second.peer) {
            assertTrue(peer.resume(session, 0).isResumed());
            byte[] handshake = second.recorder.take();
            assertEquals("2\n", peer.request(2, "INCR n"));
            return new Resumed(session, handshake);
        }
    }

    /// Sends all of it, and reads until the server closes: there is nothing in between but one SYN_ACK.
    private static void replay(TestServer server, byte[]... packets) throws IOException {
        try (Socket socket = server.connect()) {
            socket.setSoTimeout(60_000);
            for (byte[] each : packets) {
                socket.getOutputStream().write(each);
            }
            socket.getInputStream().readAllBytes();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the server keeps a connection of recorded packets open", e);
        } catch (IOException e) {
            // A reset, since the server closed over what it had not read.
        }
    }

    private static byte[] recordRequests(TestServer server) throws IOException {
        Recorded other = Recorded.of(server);
        try (RawPeer peer = other.peer.establish(64)) {
            other.recorder.take();
            for (int i = 1; i <= 5; i++) {
                peer.request(i, "INCR other");
            }
            return other.recorder.take();
        }
    }

    @Test
    void aRecordedResumeMakesNoLiveSession() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, LONG, LONG))) {
            byte[] requests = recordRequests(server);
            Resumed resumed = resumeOnce(server);
            server.awaitConnections(0);
            for (int i = 0; i < 5; i++) {
                replay(server, resumed.handshake, requests);
            }
            server.awaitConnections(0);
            try (RawPeer peer = server.rawPeer()) {
                assertTrue(peer.resume(resumed.session, 0).isResumed());
                assertEquals("2\n", peer.request(2, "INCR n"), "the session is where its client left it");
                assertEquals("5\n", peer.request(3, "GET other"), "nothing of another session ran in it");
            }
        }
    }

    /// Each replay closed the connection of the real client, which had to resume in its turn.
    @Test
    void aRecordedResumeTakesNothingFromTheLiveClient() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, LONG, LONG))) {
            Resumed resumed = resumeOnce(server);
            try (RawPeer live = server.rawPeer()) {
                assertTrue(live.resume(resumed.session, 0).isResumed());
                for (int i = 0; i < 5; i++) {
                    replay(server, resumed.handshake);
                    assertEquals(i + 3 + "\n", live.request(i + 3, "INCR n"));
                }
                assertEquals(0, server.ended(CloseReason.TAKEN_OVER));
            }
        }
    }

    /// The server waits for an ACK that never comes, which took the session out of its resume window.
    @Test
    void aRecordedSynDoesNotPutOffTheEndOfASession() throws Exception {
        try (var server = TestServer.start(to -> to.sessions = Limits.of(Duration.ofSeconds(2)))) {
            Resumed resumed = resumeOnce(server);
            await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(200)).until(() -> {
                replay(server, resumed.handshake);
                try (Client client = Client.connect(server.clientConfig())) {
                    return client.request("INFO").text().contains("sessions_expired: 1\n");
                }
            });
            try (RawPeer peer = server.rawPeer()) {
                assertFalse(peer.resume(resumed.session, 0).isResumed());
            }
        }
    }

    /// An old peer may ask for the session by what it was granted first, or last.
    @Test
    void aSessionIsResumedByWhatItsClientWasGrantedFirstOrLast() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, LONG, LONG))) {
            Resumed resumed = resumeOnce(server);
            String last = resumed.session;
            for (int i = 0; i < 3; i++) {
                try (RawPeer peer = server.rawPeer()) {
                    var granted = peer.resume(i == 1 ? resumed.session : last, 0);
                    assertTrue(granted.isResumed());
                    assertTrue(granted.sessionId().startsWith(resumed.session));
                    assertFalse(granted.sessionId().equals(last), "fresh each time");
                    last = granted.sessionId();
                    assertEquals(i + 3 + "\n", peer.request(i + 3, "INCR n"));
                }
            }
        }
    }

    /// Put into a live connection by somebody who carries its bytes. Of a peer that chooses its nonces as it likes, the server cannot
    /// tell: docs/security.md says so, and the last part of this test that it is true.
    @Test
    void aPacketOfAnotherConnectionEndsTheConnectionOfOurClient() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, LONG, LONG))) {
            byte[] requests = recordRequests(server);
            Recorded ours = Recorded.of(server);
            try (RawPeer peer = ours.peer.establishCounted()) {
                peer.socket().getOutputStream().write(requests);
                assertNull(peer.receive());
                server.awaitEnded(CloseReason.PROTOCOL_ERROR, 1);
            }
            Recorded plain = Recorded.of(server);
            try (RawPeer peer = plain.peer.establish(64)) {
                assertEquals("5\n", peer.request(1, "GET other"), "nothing ran");
                peer.socket().getOutputStream().write(requests);
                for (int i = 1; i <= 5; i++) {
                    peer.receive();
                }
                assertEquals("9\n", peer.request(6, "GET other"), "the first was a duplicate");
            }
        }
    }

    /// Not even one of its own, which the network held back or sent twice.
    @Test
    void aPacketOfOurClientIsTakenOnceAndInItsPlace() throws Exception {
        try (var server = TestServer.start(TestServer.times(LONG, LONG, LONG))) {
            Recorded ours = Recorded.of(server);
            try (RawPeer peer = ours.peer.establishCounted()) {
                ours.recorder.take();
                assertEquals("1\n", peer.request(1, "INCR n"));
                peer.socket().getOutputStream().write(ours.recorder.take());
                assertNull(peer.receive());
                server.awaitEnded(CloseReason.PROTOCOL_ERROR, 1);
            }
        }
    }
}
