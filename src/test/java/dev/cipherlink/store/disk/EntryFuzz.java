package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import java.io.IOException;
import java.util.HexFormat;
import java.util.stream.Stream;

/// An entry of the database, or its state: read, or refused with `IOException`.
public final class EntryFuzz implements FuzzTarget {
    @Override
    public byte[][] seeds() {
        return Stream.of("00 0000000000000001 76", "01 0000000000000007 7fffffffffffffff 76616c7565", "02 0000000000000002 00010000",
                "03 0000000000000002 0000000000000001 00010000", "0000000000000001 0000000000000002 0000000000000003 0000000000000004", "", "ff")
                .map(hex -> HexFormat.of().parseHex(hex.replace(" ", ""))).toArray(byte[][]::new);
    }

    @Override
    public boolean accepts(byte[] input) {
        return acceptsCell(input) | acceptsState(input);
    }

    private static boolean acceptsCell(byte[] input) {
        try {
            DiskCell cell = DiskCell.decode(input);
            assertTrue(cell.isLarge() || cell.valueBytes() < input.length);
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    private static boolean acceptsState(byte[] input) {
        try {
            StoreState.decode(input);
            return true;
        } catch (IOException _) {
            return false;
        }
    }
}
