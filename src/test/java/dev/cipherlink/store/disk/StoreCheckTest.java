package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreChild;
import dev.cipherlink.store.log.BatchBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a database says twice, and differently.
class StoreCheckTest {
    @TempDir
    Path folder;

    private final BatchBuffer batch = new BatchBuffer();
    private Database database;

    @BeforeEach
    void open() throws Exception {
        database = new Database(folder.resolve("db"), Database.Mode.NEW);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void addEntry(Key key, DiskCell cell) {
        cell.addTo(batch, key);
    }

    private void check(int keys, String... problems) throws Exception {
        new StoreState(1, keys, 1, 0).addTo(batch);
        database.write(batch);
        assertEquals(List.of(problems), new StoreCheck(database).run());
    }

    @Test
    void largeValuesAreThereAndAsLargeAsTheirEntriesSay() throws Exception {
        DiskCell large = DiskCell.ofLarge(DiskCell.LARGE_BYTES, 1, DiskCell.NO_DEADLINE, Group.IN_DATABASE);
        for (String name : List.of("good", "missing", "short")) {
            addEntry(StoreChild.key(name), large);
        }
        batch.put(Database.LARGE, DiskCell.largeKey(StoreChild.key("good"), 1), new byte[DiskCell.LARGE_BYTES]);
        batch.put(Database.LARGE, DiskCell.largeKey(StoreChild.key("short"), 1), new byte[DiskCell.LARGE_BYTES - 1]);
        check(3, "the large value of an entry is missing", "the large value of an entry is missing");
    }

    @Test
    void eachDeadlineIsThatOfAnEntry() throws Exception {
        for (String name : List.of("good", "missing")) {
            addEntry(StoreChild.key(name), DiskCell.of(new byte[1], 1, 77, Group.IN_DATABASE));
        }
        for (String name : List.of("good", "gone", "gone too")) {
            batch.put(Database.DEADLINES, DiskCell.deadlineKey(77, StoreChild.key(name)), Database.NOTHING);
        }
        check(2, "an entry expires that is not in the list of deadlines", "there are 3 deadlines, not 2");
    }

    @Test
    void theNumberOfEntriesIsThatOfTheLastCommit() throws Exception {
        addEntry(StoreChild.key("k"), DiskCell.of(new byte[1], 1, DiskCell.NO_DEADLINE, Group.IN_DATABASE));
        check(5, "there are 1 entries, not 5");
    }

    @Test
    void ofManyProblemsAHundredAreListed() throws Exception {
        for (int i = 0; i < 150; i++) {
            addEntry(StoreChild.key("k" + i), DiskCell.of(new byte[1], 1, 77, Group.IN_DATABASE));
        }
        new StoreState(1, 150, 1, 0).addTo(batch);
        database.write(batch);
        List<String> problems = new StoreCheck(database).run();
        assertEquals(100, problems.size());
        assertEquals("an entry expires that is not in the list of deadlines", problems.getLast());
    }
}
