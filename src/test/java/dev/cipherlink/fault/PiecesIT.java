package dev.cipherlink.fault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.client.Client;
import dev.cipherlink.command.Reply;
import dev.cipherlink.fault.WireServer.Wire;
import dev.cipherlink.session.CloseReason;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Case 10 of the fault catalogue with both ends real: how the bytes are cut into segments means nothing.
class PiecesIT {

    /// Larger than one message, so that it goes as fragments and comes back as PARTs.
    private static final int LARGE_BYTES = 150_000;

    record Case(Wire wire, Pieces pieces, long seed) {
    }

    static List<Case> cases() {
        var cases = new ArrayList<Case>();
        for (Wire wire : Wire.values()) {
            cases.add(new Case(wire, Pieces.BYTES, 0));
            for (long seed = 1; seed <= 5; seed++) {
                cases.add(new Case(wire, Pieces.RANDOM, seed));
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void answersTheSameHoweverTheBytesAreCut(Case what) throws Exception {
        var random = new Random(what.seed);
        var flow = Flow.CLEAN.with(what.pieces).withSeed(what.seed);
        try (var server = WireServer.start(what.wire); var proxy = FaultProxy.to(server.port(), FaultPlan.both(flow))) {
            converse(server, proxy, random);
            server.awaitEnded(CloseReason.PEER_DISCONNECTED, 1);
            assertEquals(1, server.endedInAll());
        }
    }

    private static void converse(WireServer server, FaultProxy proxy, Random random) throws Exception {
        try (var client = Client.connect(server.through(proxy))) {
            var value = new byte[LARGE_BYTES];
            random.nextBytes(value);
            var expected = new ArrayList<String>();
            var answers = new ArrayList<CompletableFuture<Reply>>();
            for (int i = 1; i <= 300; i++) {
                answers.add(client.requestAsync("INCR n".getBytes(StandardCharsets.US_ASCII)));
                expected.add(String.valueOf(i));
                if (i == 150) {
                    answers.add(client.requestAsync(set(value)));
                    expected.add("OK");
                }
            }
            for (int i = 0; i < answers.size(); i++) {
                assertEquals(expected.get(i), answers.get(i).get(60, TimeUnit.SECONDS).text());
            }
            byte[] got = client.request("GET large").payload();
            assertArrayEquals(value, Arrays.copyOf(got, got.length - 1));
        }
    }

    private static byte[] set(byte[] value) {
        var command = new ByteArrayOutputStream();
        command.writeBytes("SET large ".getBytes(StandardCharsets.US_ASCII));
        command.writeBytes(value);
        return command.toByteArray();
    }
}
