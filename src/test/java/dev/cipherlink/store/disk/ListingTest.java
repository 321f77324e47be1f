package dev.cipherlink.store.disk;

import static dev.cipherlink.store.StoreChild.bytes;
import static dev.cipherlink.store.StoreChild.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreChild;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.log.BatchBuffer;
import dev.cipherlink.store.log.CommitLog;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Keys of a database that takes nothing, and of the groups that wait for it.
class ListingTest {
    private static final long NOW = 1_000;

    @TempDir
    Path folder;

    private final CellCache cells = new CellCache(1_000_000);
    private final Group waiting = new Group(1);
    private Database database;
    private CommitLog log;
    private Applier applier;
    private Listing listing;

    @BeforeEach
    void open() throws Exception {
        try (var made = new Database(folder.resolve("db"), Database.Mode.NEW)) {
            var batch = new BatchBuffer();
            for (String name : List.of("a", "c", "e", "g")) {
                long deadline = name.equals("c") ? NOW - 1 : DiskCell.NO_DEADLINE;
                DiskCell.of(new byte[1], 1, deadline, Group.IN_DATABASE).addTo(batch, key(name));
            }
            batch.put(Database.DEADLINES, DiskCell.deadlineKey(NOW - 1, key("c")), Database.NOTHING);
            new StoreState(1, 4, 1, 0).addTo(batch);
            made.write(batch);
            made.flush();
        }
        database = new Database(folder.resolve("db"), Database.Mode.LOOK);
        log = new CommitLog(folder, 1);
        applier = new Applier(database, log, _ -> { }, StoreState.of(database));
        listing = newListing();
    }

    private Listing newListing() {
        var committer = new Committer(log, applier, null, Durability.OS);
        return new Listing(database, cells, committer, applier, new StoreState.StoreClock(() -> 0, () -> NOW, 0));
    }

    @AfterEach
    void close() throws Exception {
        listing.close();
        applier.close();
        log.close();
        database.close();
    }

    private void change(String name, DiskCell before, DiskCell after) {
        waiting.add(new KeyChange(key(name), before, after), Long.MAX_VALUE);
        cells.update(key(name), (_, _) -> after);
    }

    private List<Key> keys(String prefix, int limit, String after) throws StoreException {
        return listing.keys(bytes(prefix), limit, bytes(after));
    }

    private static List<Key> named(String... names) {
        return Stream.of(names).map(StoreChild::key).toList();
    }

    @Test
    void mergesTheKeysOfBothInOrder() throws Exception {
        DiskCell stored = DiskCell.of(new byte[1], 1, DiskCell.NO_DEADLINE, Group.IN_DATABASE);
        change("b", DiskCell.ABSENT, DiskCell.of(new byte[2], 2, DiskCell.NO_DEADLINE, waiting));
        change("e", stored, DiskCell.absent(waiting));
        change("g", DiskCell.UNKNOWN, DiskCell.of(new byte[2], 3, DiskCell.NO_DEADLINE, waiting));
        change("z", DiskCell.ABSENT, DiskCell.of(new byte[2], 4, DiskCell.NO_DEADLINE, waiting));
        waiting.finish(new StoreState(2, 0, 4, 0));
        applier.add(waiting);

        assertEquals(named("a", "b", "g", "z"), keys("", 9, ""), "c has expired, and e was deleted");
        assertEquals(named("b", "g"), keys("", 2, "a"));
        assertEquals(named("g", "z"), keys("", 9, "b"));
        assertEquals(named(), keys("", 9, "z"));
        assertEquals(named("g"), keys("g", 9, ""));
        assertEquals(4, listing.count(new byte[0]));
        assertEquals(4, listing.size());
        assertEquals(5, listing.kept());
    }

    /// The change was brought into the database, and its cell dropped, between the looks.
    @Test
    void aKeyWithoutACellIsThereIfTheDatabaseHasIt() throws Exception {
        DiskCell cell = DiskCell.of(new byte[1], 1, DiskCell.NO_DEADLINE, waiting);
        for (String name : List.of("a", "x")) {
            waiting.add(new KeyChange(key(name), DiskCell.ABSENT, cell), Long.MAX_VALUE);
        }
        waiting.finish(new StoreState(2, 0, 4, 0));
        applier.add(waiting);
        assertEquals(named("a", "e", "g"), keys("", 9, ""));
    }

    @Test
    void countsNothingOfAStoreThatIsClosed() throws Exception {
        Listing closed = newListing();
        Thread.ofPlatform().start(closed::close).join();
        var failure = assertThrows(StoreException.class, () -> closed.count(null, () -> { }));
        assertEquals("the store is closed", failure.getCause().getMessage());
    }
}
