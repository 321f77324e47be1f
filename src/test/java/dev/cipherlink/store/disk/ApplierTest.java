package dev.cipherlink.store.disk;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.disk.Group.RecordChange;
import dev.cipherlink.store.log.BatchBuffer;
import dev.cipherlink.store.log.CommitLog;
import dev.cipherlink.store.log.WriteAheadLog;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The groups brought into the database at once.
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
             var applier = new Applier(database, log, groups -> parts.add(groups.size()), StoreState.EMPTY)) {
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
            assertEquals(8, StoreState.of(database).commit());
            for (byte commit = 1; commit <= 8; commit++) {
                assertEquals(commit, database.get(Database.RECORDS, new byte[] {commit})[0]);
            }
            assertArrayEquals(new byte[] {8}, database.get(Database.RECORDS, new byte[] {8}));
        }
    }

    /// A session was sent out of its rooms, and KEYS and COUNT failed, while the database took no writes.
    @Test
    void waitingChangesCanBeReadWhileTheDatabaseTakesNothing() throws Exception {
        new Database(folder.resolve("db"), Database.Mode.NEW).close();
        try (var database = new Database(folder.resolve("db"), Database.Mode.LOOK); var log = new CommitLog(folder, 0);
             var applier = new Applier(database, log, _ -> { }, StoreState.EMPTY)) {
            Key key = Key.of(new byte[] {'k'});
            Group first = group(database, 1, 10);
            applier.add(first);
            var second = new Group(2);
            DiskCell cell = DiskCell.of(new byte[] {1}, 1, DiskCell.NO_DEADLINE, second);
            second.add(new KeyChange(key, DiskCell.ABSENT, cell), Long.MAX_VALUE);
            second.add(new RecordChange(Key.of(new byte[] {7}), null));
            second.finish(new StoreState(2, 1, 1, 0));
            applier.add(second);
            assertThrows(StoreException.class, applier::apply);

            assertSame(first.records().getFirst(), applier.waitingRecord(Key.of(new byte[] {1})));
            assertNull(applier.waitingRecord(Key.of(new byte[] {7})).value());
            assertNull(applier.waitingRecord(Key.of(new byte[] {2})));
            var cells = new CellCache(1_000);
            cells.update(key, (_, _) -> cell);
            var committer = new Committer(log, applier, null, Durability.OS);
            try (var listing = new Listing(database, cells, committer, applier, new StoreState.StoreClock(() -> 0, () -> 0, 0))) {
                assertEquals(List.of(key), listing.keys(new byte[0], 9, new byte[0]));
                assertEquals(1, listing.count(new byte[0]));
                assertEquals(1, listing.size());
            }
        }
    }

    /// For want of memory, as often as it has refusals left.
    private static final class ShortOwner implements Applier.Owner {
        private final List<Integer> sizes = new ArrayList<>();
        private volatile int refusals = 2;
        private volatile int freed;

        @Override
        public void applied(List<Group> groups) {
            if (refusals > 0) {
                refusals--;
                throw new OutOfMemoryError("as if");
            }
            sizes.add(groups.size());
        }

        @Override
        public void freeMemory() {
            freed++;
        }
    }

    /// Issue 13.7a: an OutOfMemoryError in the applier's thread was taken for a failed disk, and the store took no writes until a
    /// restart. The log has everything, so that the applier frees memory and tries again, a group at a time.
    @Test
    void groupsForWhichThereIsNoMemoryAreAppliedLater() throws Exception {
        var owner = new ShortOwner();
        var stops = new CopyOnWriteArrayList<StoreException>();
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW); var log = new CommitLog(folder, 0);
             var applier = new Applier(database, log, owner, StoreState.EMPTY)) {
            applier.add(group(database, 1, 10));
            applier.add(group(database, 2, 10));
            applier.start(stops::add);
            await().until(() -> applier.waiting().isEmpty() || !stops.isEmpty());
            assertEquals(List.of(), stops);
            assertEquals(List.of(1, 1), owner.sizes);
            assertEquals(2, owner.freed);
            assertEquals(2, StoreState.of(database).commit());
        }
    }

    /// The keys of a group that was written, and then once more for want of memory behind that, were counted twice for good.
    @Test
    void keysOfAGroupThatIsAppliedTwiceAreCountedOnce() throws Exception {
        var owner = new ShortOwner();
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW); var log = new CommitLog(folder, 0);
             var applier = new Applier(database, log, owner, StoreState.EMPTY)) {
            var group = new Group(1);
            DiskCell cell = DiskCell.of(new byte[] {1}, 1, DiskCell.NO_DEADLINE, group);
            group.add(new KeyChange(Key.of(new byte[] {'k'}), DiskCell.ABSENT, cell), Long.MAX_VALUE);
            group.finish(new StoreState(1, 0, 1, 0));
            applier.add(group);
            assertThrows(StoreException.class, applier::apply);
            assertThrows(StoreException.class, applier::apply);
            applier.apply();
            assertEquals(1, applier.state().keys());
            assertEquals(1, StoreState.of(database).keys());
        }
    }

    /// Issue 13.7a: the committing thread, which has to wait until less is waiting for the database, failed its commit instead.
    @Test
    void aCommitWaitsWhileThereIsNoMemoryToApplyTheOnesBefore() throws Exception {
        var owner = new ShortOwner();
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW); var log = new CommitLog(folder, 0);
             var applier = new Applier(database, log, owner, StoreState.EMPTY)) {
            for (int commit = 1; commit <= 5; commit++) {
                applier.add(group(database, commit, 5 * VALUE_BYTES));
            }
            applier.awaitBacklog();
            assertEquals(2, owner.freed);
            assertEquals(List.of(), applier.waiting());
        }
    }

    /// The committing thread must not go on where nothing reaches the database.
    @Test
    void aCommitFailsWhereTheDatabaseTakesNothingAndTooMuchWaits() throws Exception {
        new Database(folder.resolve("db"), Database.Mode.NEW).close();
        try (var database = new Database(folder.resolve("db"), Database.Mode.LOOK); var log = new CommitLog(folder, 0);
             var applier = new Applier(database, log, _ -> { }, StoreState.EMPTY)) {
            applier.awaitBacklog();
            for (int commit = 1; commit <= 5; commit++) {
                applier.add(group(database, commit, 5 * VALUE_BYTES));
            }
            assertEquals(StoreException.Reason.FAILED, assertThrows(StoreException.class, applier::awaitBacklog).reason());
            assertNull(applier.refusal(), "its disk is not full");
            assertEquals(5, applier.waiting().size());
        }
    }

    /// The file may be there for ever: a warning for each commit would fill the journal.
    @Test
    void aFileOfTheLogThatStaysIsTriedAgainAMinuteLater() throws Exception {
        var tries = new AtomicInteger();
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW); var log = new CommitLog(folder, 0)) {
            WriteAheadLog failing = (WriteAheadLog) Proxy.newProxyInstance(getClass().getClassLoader(),
                    new Class<?>[] {WriteAheadLog.class}, (_, method, arguments) -> switch (method.getName()) {
                        case "mayForget" -> true;
                        case "forget" -> {
                            tries.incrementAndGet();
                            throw new IOException("busy");
                        }
                        default -> method.invoke(log, arguments);
                    });
            var caughtUp = new AtomicInteger();
            var owner = new Applier.Owner() {
                @Override
                public void applied(List<Group> groups) {
                    // The database has them.
                }

                @Override
                public void caughtUp() {
                    caughtUp.incrementAndGet();
                }
            };
            try (var applier = new Applier(database, failing, owner, StoreState.EMPTY)) {
                applier.start(_ -> { });
                for (int commit = 1; commit <= 2; commit++) {
                    int done = commit;
                    applier.add(group(database, commit, 10));
                    await().until(() -> caughtUp.get() == done);
                }
                assertEquals(1, tries.get());
            }
        }
    }

    /// What another version, or a bad disk, has left.
    @Test
    void anEntryOfUnknownFormStopsWhatChangesIt() throws Exception {
        Key key = Key.of(new byte[] {'k'});
        try (var database = new Database(folder.resolve("db"), Database.Mode.NEW)) {
            var batch = new BatchBuffer();
            batch.put(Database.ENTRIES, key.bytes(), new byte[] {99});
            database.write(batch);
            database.flush();
        }
        try (var database = new Database(folder.resolve("db"), Database.Mode.EXISTING); var log = new CommitLog(folder, 0);
             var applier = new Applier(database, log, _ -> { }, StoreState.EMPTY)) {
            var group = new Group(1);
            group.add(new KeyChange(key, DiskCell.UNKNOWN, DiskCell.of(new byte[] {1}, 1, DiskCell.NO_DEADLINE, group)), Long.MAX_VALUE);
            group.finish(new StoreState(1, 0, 1, 0));
            applier.add(group);
            var failure = assertThrows(StoreException.class, applier::apply);
            assertEquals("an entry of the store has a form that this version does not know", failure.getCause().getMessage());
            assertArrayEquals(new byte[] {99}, database.get(Database.ENTRIES, key.bytes()), "it is as it was");
        }
    }

    private static Group group(Database database, int commit, int bytes) {
        byte[] value = new byte[bytes];
        value[0] = (byte) commit;
        var group = new Group(commit);
        group.add(new RecordChange(Key.of(new byte[] {(byte) commit}), value));
        group.finish(new StoreState(commit, 0, 0, 0));
        group.succeed();
        return group;
    }
}
