package dev.cipherlink.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.peer.PythonServer;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The real client against an independent server: `src/test/python/fake_server_v1.py`, which knows nothing of our
/// code but `docs/protocol.md`, and can misbehave in the ways that its help lists.
class PythonServerIT {

    private static final long SEED = 20_261_121;
    /// More than the sequence numbers of one version 1 session.
    private static final int MORE_THAN_ONE_SESSION = 66_000;

    @TempDir
    Path folder;
    private SharedKey key;
    private PythonServer server;

    @BeforeEach
    void makeKey() throws IOException {
        key = SharedKey.generate();
        key.save(folder.resolve("shared.key"), false);
    }

    @AfterEach
    void stopServer() throws Exception {
        key.close();
        if (server != null) {
            server.close();
        }
    }

    private ClientConfig serve(String... fault) throws Exception {
        var arguments = new ArrayList<String>(List.of(folder.resolve("shared.key").toString()));
        arguments.addAll(List.of(fault));
        server = PythonServer.start("fake_server_v1.py", arguments.toArray(String[]::new));
        return ClientConfig.to("127.0.0.1", server.port(), key).withReconnect(Duration.ZERO);
    }

    private static byte[] set(String name, byte[] value) {
        byte[] command = ("SET " + name + " ").getBytes(UTF_8);
        byte[] request = new byte[command.length + value.length];
        System.arraycopy(command, 0, request, 0, command.length);
        System.arraycopy(value, 0, request, command.length, value.length);
        return request;
    }

    private static void assertKeeps(Client client, byte[] value) throws Exception {
        assertEquals("OK", client.request(set("value", value)).text());
        byte[] answer = client.request("GET value").payload();
        assertEquals(value.length + 1, answer.length);
        assertArrayEquals(value, Arrays.copyOf(answer, value.length));
        assertEquals('\n', answer[value.length]);
    }

    @ParameterizedTest
    @EnumSource(names = {"STEP_BY_STEP", "BURST"})
    void speaksToAnIndependentServer(OperationMode mode) throws Exception {
        try (var client = Client.connect(serve().withStepByStep(mode == OperationMode.STEP_BY_STEP).withClientId("java-peer"))) {
            assertEquals("java-peer", client.session().clientId());
            assertEquals(mode.wireName(), client.session().mode());
            assertEquals("OK", client.request("SET greeting hello world").text());
            assertEquals("hello world", client.request("GET greeting").text());
            assertEquals("OK", client.request("DELETE greeting").text());
            Reply missing = client.request("GET greeting");
            assertTrue(missing.isError());
            assertEquals("not found", missing.reason());
            assertEquals("Echo: again", client.request("ECHO again").text());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 256, 65_000, 65_519, 1 << 20, 4 << 20})
    void valuesOfAnySizeComeBackExactly(int bytes) throws Exception {
        var value = new byte[bytes];
        new Random(SEED).nextBytes(value);
        try (var client = Client.connect(serve())) {
            assertKeeps(client, value);
        }
    }

    @Test
    void goesOnInANewSessionWhenTheNumbersAreUsedUp() throws Exception {
        try (var client = Client.connect(serve().withWindowSize(1_024))) {
            String firstSession = client.session().sessionId();
            CompletableFuture<Reply> last = null;
            for (int i = 0; i < MORE_THAN_ONE_SESSION; i++) {
                last = client.requestAsync("INCR counter".getBytes(UTF_8));
            }
            assertEquals(String.valueOf(MORE_THAN_ONE_SESSION), last.get().text());
            assertNotEquals(firstSession, client.session().sessionId());
        }
    }

    @Test
    void putsAnAnswerTogetherFromManySmallParts() throws Exception {
        var value = new byte[5_000];
        new Random(SEED).nextBytes(value);
        try (var client = Client.connect(serve("part"))) {
            assertKeeps(client, value);
            assertEquals("PONG", client.request("PING").text());
        }
    }

    @Test
    void ignoresAnAnswerThatComesTwice() throws Exception {
        try (var client = Client.connect(serve("twice"))) {
            for (int i = 1; i <= 100; i++) {
                assertEquals(String.valueOf(i), client.request("INCR counter").text());
            }
        }
    }

    @Test
    void sendsAgainWhatTheServerAsksFor() throws Exception {
        try (var client = Client.connect(serve("resend"))) {
            var replies = new ArrayList<CompletableFuture<Reply>>();
            for (int i = 0; i < 20; i++) {
                replies.add(client.requestAsync("INCR counter".getBytes(UTF_8)));
            }
            for (int i = 0; i < replies.size(); i++) {
                assertEquals(String.valueOf(i + 1), replies.get(i).get().text());
            }
        }
    }

    /// The server ends the connection when the next request comes before the answer to its KEEPALIVE.
    @Test
    void answersKeepalives() throws Exception {
        try (var client = Client.connect(serve("keepalive"))) {
            for (int i = 0; i < 10; i++) {
                assertEquals("PONG", client.request("PING").text());
            }
        }
    }

    @Test
    void deliversEventsInOrderAndOnce() throws Exception {
        var events = new CopyOnWriteArrayList<String>();
        try (var client = Client.connect(serve("event"))) {
            client.onEvent(event -> events.add(new String(event, UTF_8)));
            for (int i = 0; i < 3; i++) {
                assertEquals("PONG", client.request("PING").text());
            }
        }
        assertEquals(List.of("EVENT notice number 1\n", "EVENT notice number 2\n", "EVENT notice number 3\n"), events);
    }

    @Test
    void tellsTheReasonOfARefusal() throws Exception {
        ClientConfig config = serve("refuse");
        var refusal = assertThrows(RefusedException.class, () -> Client.connect(config).close());
        assertEquals("the house is full", refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"wrong-key", "reflect", "huge-header", "bad-tag"})
    void doesNotConnectToAServerThatCannotProveThatItHasTheKey(String fault) throws Exception {
        ClientConfig config = serve(fault);
        assertThrows(AuthenticationException.class, () -> Client.connect(config).close());
    }

    @Test
    void isClosedByAServerWithAnotherKey() throws Exception {
        ClientConfig config = serve();
        try (var another = SharedKey.generate()) {
            var wrong = ClientConfig.to(config.host(), config.port(), another);
            assertThrows(AuthenticationException.class, () -> Client.connect(wrong).close());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "close-on-data", "close-mid-reply", "reflect-data", "wrong-answer", "error-0"})
    void doesNotKnowTheOutcomeWhenTheAnswerCannotBeTrusted(String fault) throws Exception {
        ClientConfig config = serve(fault);
        try (var client = Client.connect(config)) {
            var failure = assertThrows(OutcomeUnknownException.class, () -> client.request("SET greeting hello"));
            assertInstanceOf(IOException.class, failure.getCause());
            if (fault.equals("error-0")) {
                assertTrue(failure.getMessage().contains("told to"), failure.getMessage());
            }
            assertThrows(IOException.class, () -> client.request("PING"));
        }
    }
}
