package dev.cipherlink.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.RocksIterator;

/// Reads a whole store that nobody writes to, and compares what it says twice.
final class StoreCheck {
    private static final int MAX_PROBLEMS = 100;

    private final Database database;
    private final long expectedKeys;
    private final List<String> problems = new ArrayList<>();
    private long expiring;

    StoreCheck(Database database, long expectedKeys) {
        this.database = database;
        this.expectedKeys = expectedKeys;
    }

    /// @return what is wrong, one line each, at most 100
    List<String> run() throws IOException {
        try {
            database.verifyChecksums();
            checkEntries();
            checkDeadlines();
        } catch (StoreException e) {
            throw new IOException(e.getCause() == null ? e.getMessage() : e.getCause().getMessage(), e);
        }
        return problems;
    }

    private void checkEntries() throws IOException, StoreException {
        long keys = 0;
        try (RocksIterator iterator = database.iterator(database.entries())) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                Key key = Key.of(iterator.key());
                Cell cell = EntryCodec.decode(iterator.value());
                keys++;
                if (cell.isLarge()) {
                    byte[] value = database.get(database.large(), EntryCodec.largeKey(key, cell.version));
                    require(value != null && value.length == cell.valueBytes, "the large value of an entry is missing");
                }
                if (cell.deadline != Cell.NO_DEADLINE) {
                    expiring++;
                    require(database.get(database.deadlines(), EntryCodec.deadlineKey(cell.deadline, key)) != null,
                            "an entry expires that is not in the list of deadlines");
                }
            }
            Database.requireGood(iterator);
        }
        require(keys == expectedKeys, "there are " + keys + " entries, not " + expectedKeys);
    }

    private void checkDeadlines() throws StoreException {
        long deadlines = 0;
        try (RocksIterator iterator = database.iterator(database.deadlines())) {
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
