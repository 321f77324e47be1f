package dev.cipherlink.store.disk;

import static dev.cipherlink.store.StoreChild.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class CellCacheTest {
    private final CellCache cells = new CellCache(1_000_000);

    private void put(String name, Group group) {
        DiskCell cell = DiskCell.of(new byte[100], 1, DiskCell.NO_DEADLINE, group);
        cell.noteUse();
        cells.update(key(name), (_, _) -> cell);
    }

    /// For want of memory.
    @Test
    void dropsAllThatCanBeReadAgain() {
        cells.dropStored();
        var waiting = new Group(1);
        put("waiting", waiting);
        put("stored", Group.IN_DATABASE);
        put("stored too", Group.IN_DATABASE);
        cells.dropStored();
        assertNotNull(cells.get(key("waiting")));
        assertNull(cells.get(key("stored")));
        assertEquals(1, cells.size());
        waiting.stored();
        cells.dropStored();
        assertEquals(0, cells.size());
        assertEquals(0, cells.usedBytes());
    }
}
