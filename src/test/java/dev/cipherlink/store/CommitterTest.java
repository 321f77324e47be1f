package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The committing thread when something of our own fails: nobody may wait for it for ever.
class CommitterTest {

    @TempDir
    Path folder;

    private final FailingOwner owner = new FailingOwner();
    private Database database;
    private CommitLog log;
    private Applier applier;
    private Committer committer;

    /// Fails where it is told to.
    private static final class FailingOwner implements Committer.Owner {
        private boolean failsInState;
        private boolean failsInUndo;
        private int undone;

        @Override
        public StoreState state(long commit) {
            if (failsInState) {
                throw new IllegalStateException("state");
            }
            return new StoreState(commit, 0, 0, 0);
        }

        @Override
        public void committed() {
            // Nothing is kept in memory here.
        }

        @Override
        public void undo(List<Group> groups) {
            if (failsInUndo) {
                throw new IllegalStateException("undo");
            }
            undone += groups.size();
        }

        @Override
        public void synced(long commit) {
            // Nobody asks.
        }
    }

    @BeforeEach
    void open() throws Exception {
        database = new Database(folder.resolve("database"), Database.Mode.NEW);
        log = new CommitLog(folder, 0);
        applier = new Applier(database, log, _ -> { }, 0);
        committer = new Committer(database, log, applier, owner, Durability.OS);
        applier.start(committer::stop);
        committer.start();
    }

    @AfterEach
    void close() throws IOException {
        committer.close();
        applier.close();
        log.close();
        database.close();
    }

    /// Writes a record and waits for its commit.
    ///
    /// @return how that failed; null if it did not
    private Throwable write() throws InterruptedException {
        var outcome = new AtomicReference<Throwable>();
        Thread writer = Thread.startVirtualThread(() -> {
            try {
                long stamp = committer.enter();
                Group group = committer.current();
                group.add(database, new RecordChange(Key.of(new byte[] {1}), new byte[] {2}));
                committer.leave(stamp);
                committer.await(group);
            } catch (StoreException e) {
                outcome.set(e);
            }
        });
        assertTrue(writer.join(Duration.ofSeconds(10)), "the writer waits for ever");
        return outcome.get();
    }

    @Test
    void tellsThoseWhoWaitThatACommitCouldNotBegin() throws InterruptedException {
        owner.failsInState = true;

        assertInstanceOf(StoreException.class, write());

        assertTrue(committer.isStopped());
        assertThrows(StoreException.class, committer::enter);
    }

    @Test
    void tellsThoseWhoWaitWhenAFailedCommitCannotBeUndone() throws InterruptedException {
        owner.failsInState = true;
        owner.failsInUndo = true;

        assertInstanceOf(StoreException.class, write());

        assertTrue(committer.isStopped());
    }

    /// A change came into the group, and there was no memory to show it to others: the group must not be committed.
    @Test
    void whatAStopFindsUnderWayIsUndone() throws Exception {
        long stamp = committer.enter();
        Group group = committer.current();
        group.add(database, new RecordChange(Key.of(new byte[] {1}), new byte[] {2}));
        committer.stop(StoreException.failed(new OutOfMemoryError()));
        committer.leave(stamp);

        assertThrows(StoreException.class, () -> committer.await(group));

        assertEquals(2, owner.undone);
        assertEquals(0, log.appended());
    }

    @Test
    void commitsWhatIsWhole() throws InterruptedException {
        assertEquals(null, write());
        assertFalse(committer.isStopped());
        assertEquals(1, committer.commits());
    }
}
