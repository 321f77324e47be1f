package dev.cipherlink.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.AuthenticationException.HostKeyException;
import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier.KnownHostKeys;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.peer.PythonServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The real client against an independent server of version 2: `src/test/python/fake_server_v2.py`, which knows nothing
/// of our code but `docs/protocol.md`, and can misbehave in the ways that its help lists. It tells how many packets of
/// each connection it has got.
@Tag("slow")
class PythonServerV2IT {

    private static final long SEED = 20_261_121;
    /// More than there are sequence numbers.
    private static final int MORE_THAN_ALL_NUMBERS = 66_000;
    private static final String ENDED_BEFORE_PACKET_3 = "ended after 1 packets";

    @TempDir
    Path folder;
    private final Identity identity = Identity.generate();
    private PublicKey serverKey;
    private PythonServer server;

    @BeforeEach
    void makeServerKey() throws IOException {
        byte[] secret = new byte[KeyPair.KEY_BYTES];
        new SecureRandom().nextBytes(secret);
        Files.write(folder.resolve("server.key"), secret);
        try (var pair = KeyPair.of(secret)) {
            serverKey = PublicKey.of(pair.publicKey());
        }
    }

    @AfterEach
    void stopServer() throws Exception {
        identity.close();
        if (server != null) {
            server.close();
        }
    }

    private ClientConfig serve(Suite suite, String... fault) throws Exception {
        return serveTo(identity.publicKey(), new PinnedHostKey(serverKey.fingerprint()), suite, fault);
    }

    private ClientConfig serveTo(PublicKey client, HostKeyVerifier verifier, Suite suite, String... fault)
            throws Exception {
        var arguments = new ArrayList<String>(List.of(folder.resolve("server.key").toString(),
                HexFormat.of().formatHex(client.bytes())));
        arguments.addAll(List.of(fault));
        server = PythonServer.start("fake_server_v2.py", arguments.toArray(String[]::new));
        return ClientConfig.to("127.0.0.1", server.port(), new Credentials.Personal(identity, verifier, suite))
                .withReconnect(Duration.ZERO);
    }

    private static void assertKeeps(Client client, byte[] value) throws Exception {
        byte[] command = "SET value ".getBytes(UTF_8);
        byte[] request = Arrays.copyOf(command, command.length + value.length);
        System.arraycopy(value, 0, request, command.length, value.length);
        assertEquals("OK", client.request(request).text());
        byte[] expected = Arrays.copyOf(value, value.length + 1);
        expected[value.length] = '\n';
        assertArrayEquals(expected, client.request("GET value").payload());
    }

    @ParameterizedTest
    @CsvSource({"AES_GCM, STEP_BY_STEP", "AES_GCM, BURST", "CHACHA_POLY, STEP_BY_STEP", "CHACHA_POLY, BURST",
        "HYBRID_AES_GCM, BURST", "HYBRID_CHACHA_POLY, STEP_BY_STEP"})
    void speaksToAnIndependentServer(Suite suite, OperationMode mode) throws Exception {
        try (var client = Client.connect(serve(suite).withStepByStep(mode == OperationMode.STEP_BY_STEP).withClientId("java-peer"))) {
            assertEquals("known.by-its-key", client.session().clientId());
            assertEquals(mode.wireName(), client.session().mode());
            assertEquals(suite.protocolName(), client.protocolName());
            assertEquals("OK", client.request("SET greeting hello world").text());
            assertEquals("hello world", client.request("GET greeting").text());
            assertEquals("not found", client.request("GET nothing").reason());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_000, 65_519, 4 << 20})
    void valuesOfAnySizeComeBackExactly(int bytes) throws Exception {
        var value = new byte[bytes];
        new Random(SEED).nextBytes(value);
        try (var client = Client.connect(serve(Suite.AES_GCM))) {
            assertKeeps(client, value);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"part", "twice", "resend", "keepalive", "event"})
    void followsWhatIsUnusualButAllowed(String way) throws Exception {
        var value = new byte[5_000];
        new Random(SEED).nextBytes(value);
        try (var client = Client.connect(serve(Suite.CHACHA_POLY, way))) {
            assertKeeps(client, value);
            for (int i = 1; i <= 20; i++) {
                assertEquals(String.valueOf(i), client.request("INCR counter").text());
            }
        }
    }

    @Test
    void staysInItsSessionWhenTheNumbersWrap() throws Exception {
        try (var client = Client.connect(serve(Suite.AES_GCM).withWindowSize(1_024))) {
            String session = client.session().sessionId();
            CompletableFuture<Reply> last = null;
            for (int i = 0; i < MORE_THAN_ALL_NUMBERS; i++) {
                last = client.requestAsync("INCR counter".getBytes(UTF_8));
            }
            assertEquals(String.valueOf(MORE_THAN_ALL_NUMBERS), last.get().text());
            assertEquals(session, client.session().sessionId());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"AES_GCM", "CHACHA_POLY"})
    void takesUpTheRenewedKeyOfTheServer(Suite suite) throws Exception {
        try (var client = Client.connect(serve(suite, "flood"))) {
            assertEquals("PONG", client.request("PING").text());
            assertEquals("PONG", client.request("PING").text());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"AES_GCM", "CHACHA_POLY"})
    void refusesAServerThatDoesNotRenewItsKey(Suite suite) throws Exception {
        try (var client = Client.connect(serve(suite, "flood-no-rekey"))) {
            assertThrows(OutcomeUnknownException.class, () -> client.request("PING"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"payload-2", "bad-tag-2", "low-order-2", "short-2"})
    void sendsNothingMoreAfterAPacket2ThatIsWrong(String fault) throws Exception {
        ClientConfig config = serve(Suite.AES_GCM, fault);
        assertThrows(AuthenticationException.class, () -> Client.connect(config).close());
        assertEquals(ENDED_BEFORE_PACKET_3, server.nextLine());
    }

    @Test
    void doesNotShowItsKeyToAServerWithAnotherKeyThanThePinnedOne() throws Exception {
        try (var other = Identity.generate()) {
            ClientConfig config = serveTo(identity.publicKey(), new PinnedHostKey(other.publicKey().fingerprint()),
                    Suite.AES_GCM);
            assertThrows(HostKeyException.class, () -> Client.connect(config).close());
        }
        assertEquals(ENDED_BEFORE_PACKET_3, server.nextLine());
    }

    @Test
    void doesNotShowItsKeyToAServerWhoseKeyHasChanged() throws Exception {
        var hosts = new KnownHosts(folder.resolve("known_hosts"));
        ClientConfig config = serveTo(identity.publicKey(), new KnownHostKeys(hosts, unknown -> true), Suite.AES_GCM);
        Client.connect(config).close();
        assertTrue(server.nextLine().startsWith("ended after "));
        server.close();
        makeServerKey();
        ClientConfig changed = serve(Suite.AES_GCM);
        // Under the name of the first server: its line now stands for the port of the second.
        String line = Files.readString(hosts.path());
        Files.writeString(hosts.path(), line.replace(":" + config.port() + " ", ":" + changed.port() + " "));
        var credentials = new Credentials.Personal(identity, new KnownHostKeys(hosts, unknown -> true), Suite.AES_GCM);
        var failure = assertThrows(HostKeyException.class,
                () -> Client.connect(ClientConfig.to("127.0.0.1", changed.port(), credentials)).close());
        assertTrue(failure.getMessage().contains("HAS CHANGED"), failure.getMessage());
        assertEquals(ENDED_BEFORE_PACKET_3, server.nextLine());
    }

    @Test
    void saysThatTheServerDoesNotKnowIt() throws Exception {
        ClientConfig config = serveTo(serverKey, new PinnedHostKey(serverKey.fingerprint()), Suite.AES_GCM);
        var failure = assertThrows(AuthenticationException.class, () -> Client.connect(config).close());
        assertTrue(failure.getMessage().contains("does not know this identity"), failure.getMessage());
        assertEquals("ended after 2 packets", server.nextLine());
    }

    @Test
    void doesNotConnectWhenTheFirstSealedPacketIsWrong() throws Exception {
        ClientConfig config = serve(Suite.AES_GCM, "bad-tag");
        assertThrows(AuthenticationException.class, () -> Client.connect(config).close());
    }

    @ParameterizedTest
    @ValueSource(strings = {"close-on-data", "close-mid-reply", "wrong-answer", "wrong-checksum", "part-gap", "error-0",
        "replay", "empty", "version-1", "nonce"})
    void givesTheConnectionUpWhenTheServerCannotBeFollowed(String fault) throws Exception {
        try (var client = Client.connect(serve(Suite.CHACHA_POLY, fault))) {
            // The replayed packet is the answer to the first request.
            assertThrows(IOException.class, () -> {
                client.request("SET greeting hello");
                client.request("PING");
            });
            assertThrows(IOException.class, () -> client.request("PING"));
        }
    }
}
