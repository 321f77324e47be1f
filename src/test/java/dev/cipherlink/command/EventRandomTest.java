package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.random.Damage;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whatever bytes a server sends, the decoder gives an event that encodes to one line, or refuses them.
/// The seeds are fixed: a failure shows itself again.
@Tag("slow")
class EventRandomTest {
    private static final int ROUNDS = Damage.rounds(300_000);
    private static final List<byte[]> VALID = Stream.of(
            "EVENT message #dev 7 ann 2026-03-01T11:00:00.123Z hello  all\n",
            "EVENT direct 8 bob 2026-03-01T12:00:00+01:00 \ud83d\ude00\n", "EVENT joined #dev ann\n",
            "EVENT left #dev ann\n", "EVENT away ann\n", "EVENT back ann\n", "EVENT skipped #dev 12 7\n",
            "EVENT key set caf\u00e9\n", "EVENT key deleted k\n", "EVENT notice x\n")
            .map(text -> text.getBytes(UTF_8)).toList();

    @Test
    void survivesDamagedEvents() {
        var random = new Random(1);
        int decoded = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] payload = VALID.get(random.nextInt(VALID.size())).clone();
            for (int mutations = random.nextInt(3); mutations > 0 && payload.length > 0; mutations--) {
                int at = random.nextInt(payload.length);
                if (random.nextInt(4) == 0) {
                    payload = Arrays.copyOf(payload, at);
                } else {
                    payload[at] = random.nextBoolean() ? (byte) random.nextInt(256) : (byte) " \n-#9e".charAt(random.nextInt(6));
                }
            }
            decoded += tryOne(payload) ? 1 : 0;
        }
        assertTrue(decoded > ROUNDS / 4, "decoded " + decoded);
        assertTrue(decoded < ROUNDS, "some were refused");
    }

    private static boolean tryOne(byte[] payload) {
        try {
            Event event = Event.decode(payload, 0, payload.length);
            byte[] again = event.encode();
            Event second = Event.decode(again, 0, again.length);
            assertArrayEquals(again, second.encode());
            return true;
        } catch (ProtocolException e) {
            return false;
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("on payload " + Arrays.toString(payload), e);
        }
    }
}
