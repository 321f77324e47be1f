package dev.cipherlink.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Reply;
import dev.cipherlink.fault.WireServer.Wire;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Case 11 of the fault catalogue with both ends real: a bit is turned over at each byte of a conversation, from the
/// first of the handshake on. The connection ends of it, and no answer is wrong.
class FlipsIT {

    private static final int CONNECTIONS_AT_ONCE = 16;
    private static final int REQUESTS = 12;
    /// Fewer than either direction of the conversation has.
    private static final int OFFSETS = 700;
    private static final Duration TIMEOUT = Duration.ofSeconds(3);
    /// A size that was made larger leaves its receiver waiting for bytes that never come.
    private static final Duration KEEPALIVE = Duration.ofMillis(250);

    record Case(Wire wire, Direction direction) {
    }

    static List<Case> cases() {
        var cases = new ArrayList<Case>();
        for (Wire wire : Wire.values()) {
            for (Direction direction : Direction.values()) {
                cases.add(new Case(wire, direction));
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void findsABitThatWasTurnedOverWhereverItIs(Case what) throws Exception {
        try (var server = WireServer.start(what.wire, WireServer.times(TIMEOUT, KEEPALIVE));
             var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var room = new Semaphore(CONNECTIONS_AT_ONCE);
            var results = new ArrayList<Future<String>>();
            for (int offset = 0; offset < OFFSETS; offset++) {
                int at = offset;
                room.acquire();
                results.add(executor.submit(() -> {
                    try {
                        return converse(server, what.direction, at);
                    } finally {
                        room.release();
                    }
                }));
            }
            for (int offset = 0; offset < OFFSETS; offset++) {
                assertEquals("detected", results.get(offset).get(60, TimeUnit.SECONDS), "flip at byte " + offset);
            }
            server.awaitConnections(0);
        }
    }

    private static String converse(WireServer server, Direction direction, int offset) throws Exception {
        var plan = FaultPlan.of(direction, Flow.CLEAN.with(Fault.FLIP, offset).withSeed(offset));
        try (var proxy = FaultProxy.to(server.port(), plan)) {
            ClientConfig config = server.through(proxy).withTimes(TIMEOUT, KEEPALIVE);
            try (var client = Client.connect(config)) {
                return ask(client);
            } catch (IOException e) {
                assertTrue(proxy.struck() > 0, () -> "failed before the flip: " + e);
                return "detected";
            }
        }
    }

    private static String ask(Client client) throws Exception {
        var answers = new ArrayList<CompletableFuture<Reply>>();
        for (int i = 0; i < REQUESTS; i++) {
            answers.add(client.requestAsync(("ECHO " + text(i)).getBytes(StandardCharsets.US_ASCII)));
        }
        boolean isDetected = false;
        for (int i = 0; i < REQUESTS; i++) {
            try {
                String answer = answers.get(i).get(60, TimeUnit.SECONDS).text();
                if (!answer.equals("Echo: " + text(i))) {
                    return "wrong answer: " + answer;
                }
            } catch (ExecutionException e) {
                isDetected = true;
            }
        }
        return isDetected ? "detected" : "not detected";
    }

    private static String text(int i) {
        return "some text, with the number " + i;
    }
}
