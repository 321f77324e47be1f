package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.AuthenticationException;
import dev.cipherlink.client.Client;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.message.MessageType;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Case 79 of the fault catalogue: a key that is removed from the authorized-keys file while its client is there.
@Timeout(60)
class RevocationIT {

    private static final Duration LIMIT = Duration.ofSeconds(5);

    @TempDir
    Path folder;
    private final Identity bob = Identity.generate();
    private final Identity carol = Identity.generate();
    private Path file;
    private PersonalServer server;

    @BeforeEach
    void start() throws IOException {
        file = Files.createFile(folder.resolve("authorized-keys"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(file, List.of("# two clients", line(bob, "bob operator"), line(carol, "carol")));
        server = PersonalServer.start(AuthorizedKeys.load(file));
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
        await().pollInterval(Duration.ofMillis(20)).atMost(LIMIT)
                .until(() -> server.ended(CloseReason.NOT_AUTHORIZED) == count);
    }

    /// By another program, as `cipherlink keys revoke` is.
    private void revoke(String name) throws IOException {
        assertTrue(AuthorizedKeys.load(file).remove(name).isPresent());
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
            assertEquals(1, server.connections());
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
            Files.write(file, List.of(line(bob, "bob"), line(carol, "carol")));
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
            assertEquals(1, server.connections());
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
            Files.write(file, List.of(line(carol, "carol"), "cipherlink-x25519 not-a-key bob"));
            // The correction is taken up after the broken state was seen, so that the wait has an end.
            await().pollDelay(Duration.ofMillis(2_500)).until(() -> true);
            assertEquals("PONG", client.request("PING").text());
            Files.write(file, List.of(line(carol, "carol")));
            awaitRevoked(1);
        }
    }
}
