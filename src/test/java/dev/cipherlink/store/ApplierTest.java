package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is brought into the database at once.
class ApplierTest {
    private static final int VALUE_BYTES = 3 << 20;

    @TempDir
    Path folder;

    /// All that waited was copied three times at once: with a heap of 256 MiB, eight clients that wrote 4 MiB each used it up,
    /// and the store took no writes any more.
    @Test
    void manyLargeGroupsAreAppliedAFewAtATime() throws Exception {
        var parts = new ArrayList<Integer>();
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW); var log = new CommitLog(folder, 0);
             var applier = new Applier(database, log, groups -> parts.add(groups.size()), 0)) {
            for (int commit = 1; commit <= 5; commit++) {
                applier.add(group(database, commit, VALUE_BYTES));
            }
            applier.add(group(database, 6, 4 * VALUE_BYTES));
            applier.add(group(database, 7, 1));
            applier.add(group(database, 8, 1));
            applier.apply();
            assertEquals(List.of(2, 2, 1, 1, 2), parts);
            assertEquals(8, applier.applied());
            assertEquals(List.of(), applier.waiting());
            assertEquals(8, StoreState.decode(database.get(database.state(), StoreState.KEY)).commit());
            for (byte commit = 1; commit <= 8; commit++) {
                assertEquals(commit, database.get(database.records(), new byte[] {commit})[0]);
            }
            assertArrayEquals(new byte[] {8}, database.get(database.records(), new byte[] {8}));
        }
    }

    private static Group group(Database database, int commit, int bytes) {
        byte[] value = new byte[bytes];
        value[0] = (byte) commit;
        var group = new Group();
        group.add(database, new RecordChange(Key.of(new byte[] {(byte) commit}), value));
        group.finish(database, new StoreState(commit, 0, 0, 0));
        group.succeed();
        return group;
    }
}
