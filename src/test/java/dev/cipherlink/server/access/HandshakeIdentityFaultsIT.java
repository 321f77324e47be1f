package dev.cipherlink.server.access;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.AuthenticationException.HostKeyException;
import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier.KnownHostKeys;
import dev.cipherlink.client.HostKeyVerifier.UnknownHostPolicy;
import dev.cipherlink.client.KnownHosts;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.server.PersonalServer;
import dev.cipherlink.server.RawNoisePeer;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Section B of the fault catalogue where it is about who somebody is: cases 18, 22 and 25.
@Tag("alone")
class HandshakeIdentityFaultsIT {

    private static final byte[] NOTHING = {};
    private static Identity stranger;

    @TempDir
    Path folder;

    @BeforeAll
    static void makeStranger() {
        stranger = Identity.generate();
    }

    @AfterAll
    static void wipe() {
        stranger.close();
    }

    private static RawNoisePeer peer(PersonalServer server, Identity who) throws IOException {
        return new RawNoisePeer(server.connect(), who.keyPair());
    }

    /// Case 18: what an unknown key is told, byte for byte once decrypted, and how many bytes that is on the wire.
    private static List<String> refusal(PersonalServer server, Identity who) throws IOException {
        try (var peer = peer(server, who)) {
            peer.shakeHands();
            Message refusal = peer.receive();
            var seen = List.of(refusal.type().name(), String.valueOf(refusal.sequence()), refusal.payload().text());
            assertNull(peer.receive());
            return seen;
        }
    }

    /// Case 18. A key that was never there, one that was taken out, and one without a place in the file.
    @Test
    void tellsAnUnknownKeyWhatItTellsARevokedOne() throws Exception {
        var file = folder.resolve("authorized-keys");
        var keys = AuthorizedKeys.load(file);
        try (var revoked = Identity.generate();
             var server = PersonalServer.start(keys)) {
            keys.add(new AuthorizedKey("bob", revoked.publicKey(), List.of()));
            try (var client = Client.connect(server.clientConfig(revoked))) {
                assertEquals("PONG", client.request("PING").text());
            }
            keys.remove("bob");
            List<String> unknown = refusal(server, stranger);
            assertEquals(List.of("ERROR", "0", "ERROR not authorized\n"), unknown);
            assertEquals(unknown, refusal(server, revoked));
            // Not to be told apart by their time either: medians, and those of a busy machine again.
            await().untilAsserted(() -> {
                double ratio = ratioOfRefusals(server, stranger, revoked);
                assertTrue(ratio > 0.4 && ratio < 2.5, "median times are " + ratio + " to 1");
            });
            await().until(() -> server.connections() == 0);
            assertEquals(server.endedInAll() - 1, server.ended(CloseReason.NOT_AUTHORIZED), "all but bob's first");
        }
    }

    private static double ratioOfRefusals(PersonalServer server, Identity first, Identity second) throws IOException {
        var firstNanos = new long[41];
        var secondNanos = new long[41];
        for (int i = 0; i < firstNanos.length; i++) {
            firstNanos[i] = nanosOfRefusal(server, first);
            secondNanos[i] = nanosOfRefusal(server, second);
        }
        Arrays.sort(firstNanos);
        Arrays.sort(secondNanos);
        return (double) firstNanos[20] / secondNanos[20];
    }

    private static long nanosOfRefusal(PersonalServer server, Identity who) throws IOException {
        try (var peer = peer(server, who)) {
            peer.send1();
            peer.receive2();
            byte[] packet3 = peer.packet3();
            long start = System.nanoTime();
            peer.sendRaw(packet3);
            peer.receive();
            return System.nanoTime() - start;
        }
    }

    /// Case 18, told and gone: the reason is kept although the stranger resets the connection.
    @Test
    void countsAStrangerAsUnauthorizedHoweverItLeaves() throws Exception {
        try (var server = PersonalServer.start()) {
            for (int i = 0; i < 30; i++) {
                var peer = peer(server, stranger);
                peer.shakeHands();
                peer.receive();
                peer.socket().setSoLinger(true, 0);
                peer.close();
            }
            server.awaitConnections(0);
            assertEquals(30, server.ended(CloseReason.NOT_AUTHORIZED));
        }
    }

    /// Case 18 at its edge: rights that are taken away while the client is on its way in are not granted any more.
    @Test
    void grantsNoRightsThatWereTakenAwayMeanwhile() throws Exception {
        var asked = new AtomicInteger();
        var clients = new ClientDirectory() {
            @Override
            public boolean admits(PublicKey key) {
                return true;
            }

            @Override
            public Optional<ClientIdentity> identify(PublicKey key) {
                return Optional.of(new ClientIdentity("bob", Optional.of(key), asked.getAndIncrement() == 0));
            }
        };
        try (var server = PersonalServer.start(clients)) {
            assertThrows(RefusedException.class, () -> Client.connect(server.clientConfig(stranger)));
            try (var client = Client.connect(server.clientConfig(stranger))) {
                assertTrue(client.request("WHOAMI").text().contains("permissions: user"));
            }
        }
    }

    /// Case 22, before: a stranger's keepalive ends the connection, whether the packets are there or not.
    @Test
    void doesNotTakeKeepalivesBeforeTheSessionIsThere() throws Exception {
        try (var server = PersonalServer.start(); var authorized = peer(server, server.ann()); var unknown = peer(server, stranger)) {
            authorized.shakeHands();
            authorized.send(MessageType.KEEPALIVE, 0, "are you there");
            assertNull(authorized.receive());
            unknown.shakeHands();
            for (int i = 0; i < 100; i++) {
                unknown.add(MessageType.KEEPALIVE, 0, NOTHING);
            }
            unknown.flush();
            assertEquals(MessageType.ERROR, unknown.receive().type());
            assertNull(unknown.receive());
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
            server.awaitEnded(CloseReason.NOT_AUTHORIZED, 1);
        }
    }

    /// Case 22, after: each keepalive is answered once, many answers share a packet, and what waits to be read is
    /// bounded: the server stops reading before it keeps more.
    @Test
    void answersAFloodOfKeepalivesWithinBounds() throws Exception {
        int keepalives = 100_000;
        try (var server = PersonalServer.start(); var peer = peer(server, server.ann()).establish();
             var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var sending = executor.submit(() -> {
                for (int i = 0; i < keepalives; i++) {
                    peer.add(MessageType.KEEPALIVE, 0, new byte[64]);
                    if (i % 500 == 499) {
                        peer.flush();
                    }
                }
                return null;
            });
            // Nothing is read until the server has stopped reading, or has read it all into the socket's buffers.
            var connection = server.live().getFirst();
            var seen = new long[] {-1};
            await().pollInterval(Duration.ofMillis(200)).until(() -> {
                long before = seen[0];
                seen[0] = connection.bytesIn();
                return before == seen[0];
            });
            assertTrue(connection.bytesIn() - connection.bytesOut() < 2 << 20, "kept for a client that does not read: "
                    + (connection.bytesIn() - connection.bytesOut()));
            int answers = 0;
            int packets = 0;
            while (answers < keepalives) {
                answers += peer.receiveAll();
                packets++;
            }
            sending.get();
            assertEquals(keepalives, answers);
            assertTrue(packets < keepalives / 20, packets + " packets");
            peer.send(MessageType.DATA, 1, "PING");
            assertEquals("PONG\n", peer.receive().payload().text());
        }
    }

    /// Case 25: nothing but message 1 leaves, nothing is asked and nothing is kept.
    @Test
    void aClientWhoseServerHasAnotherKeyGoesAwayBeforeItSendsItsIdentity() throws Exception {
        var hosts = new KnownHosts(folder.resolve("known-hosts"));
        try (var server = PersonalServer.start()) {
            hosts.add("127.0.0.1", server.port(), stranger.publicKey());
            UnknownHostPolicy neverAsked = host -> {
                throw new AssertionError("asked about " + host);
            };
            var config = ClientConfig.to("127.0.0.1", server.port(), new Credentials.Personal(server.ann(),
                    new KnownHostKeys(hosts, neverAsked), Suite.CHACHA_POLY));
            var refusal = assertThrows(HostKeyException.class, () -> Client.connect(config));
            assertTrue(refusal.getMessage().contains("HAS CHANGED"), refusal.getMessage());
            server.awaitEnded(CloseReason.HANDSHAKE_FAILED, 1);
            assertEquals(0, server.ended(CloseReason.NOT_AUTHORIZED), "message 3 never came");
            assertTrue(hosts.lookup("127.0.0.1", server.port(), stranger.publicKey()) instanceof KnownHosts.Lookup.Known);
        }
    }
}
