package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.AuthenticationException;
import dev.cipherlink.client.Client;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.CloseReason;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Case 79 of the fault catalogue: a key that is removed from the authorized-keys file while its client is there.
@Tag("slow")
class RevocationIT {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;
    private final Identity bob = Identity.generate();
    private final Identity carol = Identity.generate();
    private final AtomicInteger refreshes = new AtomicInteger();
    private Path file;
    private PersonalServer server;

    @BeforeEach
    void start() throws IOException {
        file = folder.resolve("authorized-keys");
        replaceFile("# two clients", line(bob, "bob operator"), line(carol, "carol"));
        server = PersonalServer.start(new Counting(AuthorizedKeys.load(file), refreshes));
    }

    /// As most editors do.
    private void replaceFile(String... lines) throws IOException {
        Path edited = Files.createFile(folder.resolve("authorized-keys.new"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(edited, List.of(lines));
        Files.move(edited, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Tells how often the server has looked at the file.
    private record Counting(AuthorizedKeys keys, AtomicInteger refreshes) implements ClientDirectory {
        @Override
        public boolean admits(PublicKey key) {
            return keys.admits(key);
        }

        @Override
        public Optional<ClientIdentity> identify(PublicKey key) {
            return keys.identify(key);
        }

        @Override
        public boolean refresh() {
            boolean isChanged = keys.refresh();
            refreshes.incrementAndGet();
            return isChanged;
        }
    }

    @AfterEach
    void stop() {
        server.close();
        bob.close();
        carol.close();
    }

    private static String line(Identity who, String nameAndOptions) {
        return new PublicKeyLine(who.publicKey(), "x").encode().replaceAll(" x$", " " + nameAndOptions);
    }

    private void awaitRevoked(long count) {
        await().pollInterval(Duration.ofMillis(20)).until(() -> server.ended(CloseReason.NOT_AUTHORIZED) == count);
    }

    /// By another program, as `cipherlink keys revoke` is.
    private void revoke(String name) throws IOException {
        assertTrue(AuthorizedKeys.load(file).remove(name).isPresent());
    }

    @Test
    void anOperatorEndsASessionThatIsBeingOpened() throws Exception {
        try (var operator = Client.connect(server.clientConfig(bob));
             var peer = new RawNoisePeer(server.connect(), carol.keyPair()).shakeHands()) {
            peer.send(MessageType.SYN, 0, "{\"operation_mode\":\"burst\",\"max_packet_size\":65519,\"window_size\":64}");
            assertEquals(MessageType.SYN_ACK, peer.receive().type());
            assertEquals("1", operator.request("SESSIONS END carol").text());
            server.awaitEnded(CloseReason.ENDED_BY_OPERATOR, 1);
        }
    }

    @Test
    void aRemovedKeyEndsItsLiveConnectionsAndNoOthers() throws Exception {
        try (var first = Client.connect(server.clientConfig(bob));
             var second = Client.connect(server.clientConfig(bob));
             var other = Client.connect(server.clientConfig(carol))) {
            for (Client client : List.of(first, second, other)) {
                assertEquals("PONG", client.request("PING").text());
            }
            revoke("bob");
            awaitRevoked(2);
            for (Client client : List.of(first, second)) {
                assertThrows(IOException.class, () -> client.request("PING"));
            }
            assertEquals("PONG", other.request("PING").text());
            assertThrows(AuthenticationException.class, () -> Client.connect(server.clientConfig(bob)));
            server.awaitConnections(1);
        }
    }

    @Test
    void aLineDeletedInAnEditorEndsItsLiveConnection() throws Exception {
        try (var client = Client.connect(server.clientConfig(bob)); var other = Client.connect(server.clientConfig(carol))) {
            Files.write(file, List.of("# one client", line(carol, "carol")));
            awaitRevoked(1);
            assertThrows(IOException.class, () -> client.request("PING"));
            assertEquals("PONG", other.request("PING").text());
        }
    }

    @Test
    void rightsThatAreTakenAwayEndTheConnectionThatHadThem() throws Exception {
        try (var client = Client.connect(server.clientConfig(bob))) {
            assertTrue(client.request("WHOAMI").text().contains("permissions: operator"));
            replaceFile(line(bob, "bob"), line(carol, "carol"));
            awaitRevoked(1);
        }
        try (var again = Client.connect(server.clientConfig(bob))) {
            assertTrue(again.request("WHOAMI").text().contains("permissions: user"));
        }
    }

    @Test
    void aClientThatDoesNotReadIsEndedInTimeAndDelaysNobody() throws Exception {
        try (var deaf = new RawNoisePeer(server.connect(), bob.keyPair()).establish();
             var other = Client.connect(server.clientConfig(carol))) {
            assertTrue(!other.request(("SET big " + "x".repeat(1 << 20)).getBytes(StandardCharsets.US_ASCII)).isError());
            Connection connection = server.live().getFirst();
            long[] seen = {-1};
            for (int i = 1; i <= 30; i++) {
                deaf.add(MessageType.DATA, i, "GET big".getBytes(StandardCharsets.US_ASCII));
            }
            deaf.flush();
            // Until the server is stuck in writing.
            await().pollInterval(Duration.ofMillis(100)).until(() -> {
                long before = seen[0];
                seen[0] = connection.bytesOut();
                return before == seen[0] && before > 1 << 20;
            });
            revoke("bob");
            awaitRevoked(1);
            assertEquals("PONG", other.request("PING").text());
            server.awaitConnections(1);
        }
    }

    /// Issue 13.17: a revoked client stayed in the rooms, and kept the name, for as long as the session might be resumed.
    @Test
    void aRevokedKeyLosesItsSessionsWhetherTheyHaveAConnectionOrNot() throws Exception {
        try (var other = Client.connect(server.clientConfig(carol)); var live = Client.connect(server.clientConfig(bob))) {
            assertEquals("OK", other.request("JOIN #r").text());
            try (var lost = new RawNoisePeer(server.connect(), bob.keyPair()).establish()) {
                lost.send(MessageType.DATA, 1, "JOIN #r");
                assertEquals("OK\n", lost.receive().payload().text());
            }
            assertEquals("OK", live.request("JOIN #r").text());
            await().until(() -> ((Number) server.info().get("sessions_detached")).intValue() == 1);
            assertTrue(other.request("WHO #r").text().contains("bob "));
            revoke("bob");
            awaitRevoked(1);
            await().until(() -> ((Number) server.info().get("sessions_detached")).intValue() == 0 && !other.request("WHO").text().contains("bob "));
            assertEquals("OK", other.request("SET k 1").text());
        }
    }

    @Test
    void aClientThatIsStillOnItsWayInIsEndedToo() throws Exception {
        try (var half = new RawNoisePeer(server.connect(), bob.keyPair()).shakeHands()) {
            half.send(MessageType.SYN, 0, "{\"operation_mode\":\"burst\",\"max_packet_size\":2048}");
            assertEquals(MessageType.SYN_ACK, half.receive().type());
            revoke("bob");
            awaitRevoked(1);
            assertEquals(0, half.readToEnd().length);
        }
    }

    @Test
    void aBrokenEditRevokesNobody() throws Exception {
        try (var client = Client.connect(server.clientConfig(bob))) {
            replaceFile(line(carol, "carol"), "cipherlink-x25519 not-a-key bob");
            int before = refreshes.get();
            await().until(() -> refreshes.get() >= before + 2);
            assertEquals("PONG", client.request("PING").text());
            replaceFile(line(carol, "carol"));
            awaitRevoked(1);
        }
    }

    /// A socket on which writing does what it is told from then on.
    private static final class TroubledSocket extends Socket {
        private final CountDownLatch closed = new CountDownLatch(1);
        private volatile Trouble trouble = () -> { };

        private interface Trouble {
            void meet() throws InterruptedException;
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            return new FilterOutputStream(super.getOutputStream()) {
                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    try {
                        trouble.meet();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    out.write(bytes, offset, length);
                }
            };
        }

        @Override
        public void close() throws IOException {
            super.close();
            closed.countDown();
        }
    }

    /// Has bob's connection revoked, with this trouble while he is told.
    private void endsInTime(TroubledSocket socket, TroubledSocket.Trouble trouble, boolean isInterrupted) throws Exception {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress()) {
                 @Override
                 public Socket accept() throws IOException {
                     implAccept(socket);
                     return socket;
                 }
             };
             var peer = new RawNoisePeer(new Socket(listener.getInetAddress(), listener.getLocalPort()), bob.keyPair())) {
            listener.accept();
            var connection = new Connection(99, socket, server.server());
            Thread serving = Thread.startVirtualThread(connection);
            peer.establish();
            peer.send(MessageType.DATA, 1, "PING");
            assertEquals("PONG\n", peer.receive().payload().text());
            socket.trouble = trouble;
            assertTimeoutPreemptively(LIMIT, () -> {
                if (isInterrupted) {
                    Thread.currentThread().interrupt();
                }
                connection.endUnlessAdmitted(ClientDirectory.NOBODY);
                assertEquals(isInterrupted, Thread.interrupted());
                serving.join();
            });
            assertEquals(1, server.ended(CloseReason.NOT_AUTHORIZED));
        }
    }

    /// Its last words are the first that do not fit: nobody was stuck in writing before.
    @Test
    void aClientThatCannotBeToldIsEndedInTime() throws Exception {
        var socket = new TroubledSocket();
        endsInTime(socket, socket.closed::await, false);
    }

    @Test
    void aClientIsEndedIfTellingItFails() throws Exception {
        endsInTime(new TroubledSocket(), () -> {
            throw new OutOfMemoryError("there is no memory for last words");
        }, false);
    }

    @Test
    void aClientIsEndedIfTheThreadThatTellsItIsInterrupted() throws Exception {
        var socket = new TroubledSocket();
        endsInTime(socket, socket.closed::await, true);
    }
}
