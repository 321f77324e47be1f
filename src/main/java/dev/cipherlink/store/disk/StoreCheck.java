package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.RocksIterator;

/// Reads all of a store's database at one moment, and compares what it says twice.
final class StoreCheck {
    private static final int MAX_PROBLEMS = 100;

    private final Database database;
    private final List<String> problems = new ArrayList<>();
    private long expiring;

    StoreCheck(Database database) {
        this.database = database;
    }

    /// @return what is wrong, one line each, at most 100
    List<String> run() throws IOException {
        try (Database.View view = database.view()) {
            database.verifyChecksums();
            checkEntries(view);
            checkDeadlines(view);
        } catch (StoreException e) {
            throw new IOException(e.getCause().getMessage(), e);
        }
        return problems;
    }

    private void checkEntries(Database.View view) throws IOException, StoreException {
        long keys = 0;
        try (RocksIterator iterator = view.iterator(Database.ENTRIES)) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                Key key = Key.of(iterator.key());
                DiskCell cell = DiskCell.decode(iterator.value());
                keys++;
                if (cell.isLarge()) {
                    byte[] value = view.get(Database.LARGE, DiskCell.largeKey(key, cell.version));
                    require(value != null && value.length == cell.valueBytes(), "the large value of an entry is missing");
                }
                if (cell.deadline != DiskCell.NO_DEADLINE) {
                    expiring++;
                    require(view.get(Database.DEADLINES, DiskCell.deadlineKey(cell.deadline, key)) != null,
                            "an entry expires that is not in the list of deadlines");
                }
            }
            Database.requireGood(iterator);
        }
        long expected = StoreState.decode(view.get(Database.STATE, StoreState.KEY)).keys();
        require(keys == expected, "there are " + keys + " entries, not " + expected);
    }

    private void checkDeadlines(Database.View view) throws StoreException {
        long deadlines = 0;
        try (RocksIterator iterator = view.iterator(Database.DEADLINES)) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                deadlines++;
            }
            Database.requireGood(iterator);
        }
        require(deadlines == expiring, "there are " + deadlines + " deadlines, not " + expiring);
    }

    private void require(boolean isGood, String problem) {
        if (!isGood && problems.size() < MAX_PROBLEMS) {
            problems.add(problem);
        }
    }
}
