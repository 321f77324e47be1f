package dev.cipherlink.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.cipherlink.fuzz.FuzzTarget;
import java.net.ProtocolException;

/// An event of a server: it encodes to one that says the same, or is refused.
public final class EventFuzz implements FuzzTarget {
    @Override
    public byte[][] seeds() {
        return FuzzTarget.utf8(
                "EVENT message #dev 7 ann 2026-03-01T11:00:00.123Z hello  all\n",
                "EVENT direct 8 bob 2026-03-01T12:00:00+01:00 \ud83d\ude00\n", "EVENT joined #dev ann\n",
                "EVENT left #dev ann\n", "EVENT away ann\n", "EVENT back ann\n", "EVENT skipped #dev 12 7\n",
                "EVENT key set caf\u00e9\n", "EVENT key deleted k\n", "EVENT notice x\n");
    }

    @Override
    public boolean accepts(byte[] input) {
        try {
            byte[] again = Event.decode(input, 0, input.length).encode();
            assertArrayEquals(again, Event.decode(again, 0, again.length).encode());
            return true;
        } catch (ProtocolException _) {
            return false;
        }
    }
}
