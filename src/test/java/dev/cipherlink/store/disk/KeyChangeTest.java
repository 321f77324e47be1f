package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreChild;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.log.BatchBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many changes of a key, merged into one for the database.
class KeyChangeTest {
    private static final Key KEY = StoreChild.key("k");

    @TempDir
    Path folder;

    private static DiskCell cell(int bytes, long version, long deadline) {
        return DiskCell.of(new byte[bytes], version, deadline, new Group(1));
    }

    /// Each pair of states, joined over each third one, leaves the same as both changes one after the other.
    @Test
    void twoChangesAsOneLeaveTheSame() throws Exception {
        List<DiskCell> states = List.of(DiskCell.absent(new Group(1)), cell(3, 1, DiskCell.NO_DEADLINE), cell(3, 2, 77),
                cell(DiskCell.LARGE_BYTES, 3, DiskCell.NO_DEADLINE), cell(DiskCell.LARGE_BYTES, 4, 88));
        int compared = 0;
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW)) {
            for (DiskCell first : states) {
                for (DiskCell second : states) {
                    for (DiskCell third : states) {
                        var toFirst = new KeyChange(KEY, DiskCell.ABSENT, first);
                        var change = new KeyChange(KEY, first, second);
                        var next = new KeyChange(KEY, second, third);
                        List<String> apart = content(database, toFirst, change, next);
                        clear(database, third);
                        assertEquals(apart, content(database, toFirst, change.then(next)));
                        clear(database, third);
                        assertEquals(List.of(), content(database));
                        compared++;
                    }
                }
            }
        }
        assertEquals(125, compared);
    }

    private static void clear(Database database, DiskCell last) throws StoreException {
        content(database, new KeyChange(KEY, last, DiskCell.ABSENT));
    }

    private static List<String> content(Database database, KeyChange... changes) throws StoreException {
        var found = new java.util.ArrayList<String>();
        for (KeyChange change : changes) {
            var batch = new BatchBuffer();
            change.addTo(batch);
            database.write(batch);
        }
        for (int family : new int[] {Database.ENTRIES, Database.DEADLINES, Database.LARGE}) {
            try (var iterator = database.iterator(family)) {
                for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                    found.add(family + ": " + java.util.HexFormat.of().formatHex(iterator.key()) + " = "
                            + java.util.Arrays.hashCode(iterator.value()));
                }
            }
        }
        return found;
    }

    /// A change made without a look leaves nothing behind either: the state before is found later.
    @Test
    void aBlindChangeLeavesTheSameWhenItIsKnownWhatWasThere() throws Exception {
        DiskCell after = cell(3, 9, DiskCell.NO_DEADLINE);
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW)) {
            for (DiskCell before : List.of(DiskCell.ABSENT, cell(3, 1, 77), cell(DiskCell.LARGE_BYTES, 4, 88))) {
                content(database, new KeyChange(KEY, DiskCell.ABSENT, before));
                KeyChange blind = new KeyChange(KEY, DiskCell.UNKNOWN, after);
                assertTrue(blind.isBlind());
                KeyChange known = blind.from(before);
                assertEquals(before.exists() ? 0 : 1, known.entries());
                assertEquals(1, content(database, known).size());
                clear(database, after);
                assertEquals(List.of(), content(database));
            }
        }
    }

    @Test
    void anEntryIsReadAsItWasPut() throws Exception {
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW)) {
            for (DiskCell cell : List.of(cell(0, 5, DiskCell.NO_DEADLINE), cell(70, 6, 123), cell(DiskCell.LARGE_BYTES, 7, 456))) {
                content(database, new KeyChange(KEY, DiskCell.ABSENT, cell));
                DiskCell read = DiskCell.decode(database.get(Database.ENTRIES, KEY.bytes()));
                assertEquals(cell.version, read.version);
                assertEquals(cell.deadline, read.deadline);
                assertEquals(cell.valueBytes(), read.valueBytes());
                if (cell.isLarge()) {
                    assertNull(read.value);
                } else {
                    assertArrayEquals(cell.value, read.value);
                }
            }
        }
    }
}
