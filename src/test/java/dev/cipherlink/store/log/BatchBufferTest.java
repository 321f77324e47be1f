package dev.cipherlink.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Batches read as they were written, and what is no batch.
class BatchBufferTest {

    private static List<String> read(byte[] batch) throws IOException {
        var found = new ArrayList<String>();
        BatchBuffer.read(batch, (family, key, value) ->
                found.add(family + " " + new String(key) + (value == null ? "" : " " + value.length)));
        return found;
    }

    private static BatchBuffer three() {
        var batch = new BatchBuffer();
        batch.put(0, "a".getBytes(), new byte[200]);
        batch.delete(3, "bb".getBytes());
        batch.put(1, new byte[0], new byte[0]);
        return batch;
    }

    @Test
    void givesBackPutsAndDeletes() throws IOException {
        assertEquals(List.of("0 a 200", "3 bb", "1  0"), read(three().small()));
        assertTrue(new BatchBuffer().isEmpty());
        assertEquals(List.of(), read(new BatchBuffer().small()));
    }

    @Test
    void refusesABatchThatIsCutOrHasAnotherForm() throws IOException {
        byte[] whole = three().small();
        var ends = Set.of(12, whole.length - 4 - 5, whole.length - 4);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            if (ends.contains(length)) {
                read(cut); // between two changes
            } else {
                assertThrows(IOException.class, () -> read(cut), length + " bytes");
            }
        }
        byte[] other = whole.clone();
        other[12] = 9;
        assertThrows(IOException.class, () -> read(other));
    }

    @Test
    void refusesMoreThanTheLargestArrayHolds() {
        var batch = new BatchBuffer();
        byte[] value = new byte[64 << 20];
        for (int i = 0; i < 31; i++) {
            batch.put(0, "large".getBytes(), value);
        }
        int size = batch.size();
        assertThrows(OutOfMemoryError.class, () -> batch.put(0, "large".getBytes(), value));
        assertThrows(OutOfMemoryError.class, () -> new BatchBuffer().beginPut(0, "k".getBytes(), Integer.MAX_VALUE));
        assertEquals(size, batch.size());
    }
}
