package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What many changes of a key come to: in the database as one, and when they are taken back.
class KeyChangeTest {
    private static final Key KEY = StoreChild.key("k");

    @TempDir
    Path folder;

    private static Cell cell(int bytes, long version, long deadline) {
        return Cell.of(new byte[bytes], version, deadline, new Group());
    }

    /// Each pair of states, joined over each third one, leaves the same as both changes one after the other.
    @Test
    void twoChangesAsOneLeaveTheSame() throws Exception {
        List<Cell> states = List.of(Cell.absent(new Group()), cell(3, 1, Cell.NO_DEADLINE), cell(3, 2, 77),
                cell(EntryCodec.LARGE_BYTES, 3, Cell.NO_DEADLINE), cell(EntryCodec.LARGE_BYTES, 4, 88));
        int compared = 0;
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW)) {
            for (Cell first : states) {
                for (Cell second : states) {
                    for (Cell third : states) {
                        var toFirst = new KeyChange(KEY, RocksWrite.ABSENT, first);
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

    private static void clear(Database database, Cell last) throws StoreException {
        content(database, new KeyChange(KEY, last, RocksWrite.ABSENT));
    }

    private static List<String> content(Database database, KeyChange... changes) throws StoreException {
        var found = new java.util.ArrayList<String>();
        for (KeyChange change : changes) {
            var batch = new BatchBuffer();
            change.addTo(batch, database);
            database.write(batch.toArray());
        }
        for (int family : new int[] {database.entries(), database.deadlines(), database.large()}) {
            try (var iterator = database.iterator(family)) {
                for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                    found.add(family + ": " + java.util.HexFormat.of().formatHex(iterator.key()) + " = "
                            + java.util.Arrays.hashCode(iterator.value()));
                }
            }
        }
        return found;
    }

    /// The database may lack what the log has: a failed group that took the cell away would have shown an older value.
    @Test
    void whatFailedLeavesTheStateThatTheLogHas() {
        var counters = new StoreCounters(new StoreClock(() -> 0, () -> 0, 0), new AtomicLong(), new AtomicLong(1));
        var cells = new CellCache(1_000);
        var commits = new RocksCommits(counters, cells, null, null);
        Cell durable = cell(1, 1, Cell.NO_DEADLINE);
        Cell failed = cell(2, 2, Cell.NO_DEADLINE);
        Cell alsoFailed = cell(3, 3, Cell.NO_DEADLINE);
        cells.update(KEY, (_, _) -> alsoFailed);
        counters.keys().set(9);
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW)) {
            var older = new Group();
            older.add(database, new KeyChange(KEY, durable, failed));
            older.add(database, new KeyChange(KEY, failed, alsoFailed));
            var younger = new Group();
            younger.add(database, new KeyChange(KEY, alsoFailed, cell(4, 4, Cell.NO_DEADLINE)));
            commits.undo(List.of(older, younger));
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
        assertSame(durable, cells.get(KEY));
        assertEquals(1, counters.keys().get());
    }

    @Test
    void anEntryIsReadAsItWasPut() throws Exception {
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW)) {
            for (Cell cell : List.of(cell(0, 5, Cell.NO_DEADLINE), cell(70, 6, 123), cell(EntryCodec.LARGE_BYTES, 7, 456))) {
                content(database, new KeyChange(KEY, RocksWrite.ABSENT, cell));
                Cell read = EntryCodec.decode(database.get(database.entries(), KEY.bytes()));
                assertEquals(cell.version, read.version);
                assertEquals(cell.deadline, read.deadline);
                assertEquals(cell.valueBytes, read.valueBytes);
                if (cell.isLarge()) {
                    assertNull(read.value);
                } else {
                    assertArrayEquals(cell.value, read.value);
                }
            }
        }
    }
}
