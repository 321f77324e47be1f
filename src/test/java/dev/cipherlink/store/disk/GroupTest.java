package dev.cipherlink.store.disk;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreChild;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.disk.Group.RecordChange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// How far a group has come.
class GroupTest {

    @Test
    void isDurableBeforeItIsStored() throws Exception {
        var group = new Group(1);
        assertTrue(group.isPending());
        group.succeed();
        assertTrue(group.isDurable() && !group.isStored());
        group.stored();
        assertTrue(group.isDurable() && group.isStored());
        group.await();
    }

    /// A listing applied a group between its coming to the applier and the word to those who waited for it: it counted as not
    /// stored from then on, and its cells were never let go.
    @Test
    void aGroupStoredBeforeItsWaitersAreToldStaysStored() throws Exception {
        var group = new Group(1);
        var isWaiting = new CountDownLatch(1);
        Thread waiter = Thread.startVirtualThread(() -> {
            isWaiting.countDown();
            try {
                group.await();
            } catch (StoreException e) {
                throw new IllegalStateException(e);
            }
        });
        isWaiting.await();
        group.stored();
        group.succeed();
        assertTrue(group.isStored());
        assertTrue(waiter.join(Duration.ofSeconds(10)));
    }

    @Test
    void tellsItsWaitersWhyItFailed() {
        var group = new Group(1);
        group.fail(StoreException.diskFull(null));
        assertThrows(StoreException.class, group::await);
        assertTrue(group.isFailed());
        assertFalse(group.isDurable());
    }

    /// A SET of a large value over an acknowledged one ran out of memory when the old value had been taken away in the group
    /// and the new one was not there yet. The client was refused, and the next commit took the acknowledged value away.
    @Test
    void hasNothingOfAChangeThatCouldNotBeAddedWhole() {
        Key key = StoreChild.key("k");
        DiskCell durable = DiskCell.of(new byte[DiskCell.LARGE_BYTES], 1, DiskCell.NO_DEADLINE, Group.IN_DATABASE);
        // Adding a large value that is not on the heap fails where one fails that there is no memory for.
        DiskCell failing = DiskCell.ofLarge(DiskCell.LARGE_BYTES, 2, 77, Group.IN_DATABASE);
        var group = new Group(1);
        assertThrows(NullPointerException.class, () -> group.add(new KeyChange(key, durable, failing), Long.MAX_VALUE));
        assertTrue(group.isEmpty());
        assertEquals(List.of(), group.keys());

        var other = new RecordChange(StoreChild.key("r"), new byte[] {1});
        group.add(other);
        byte[] whole = group.log().small();
        assertThrows(NullPointerException.class, () -> group.add(new KeyChange(key, durable, failing), Long.MAX_VALUE));
        assertThrows(NullPointerException.class, () -> group.add(new RecordChange(null, new byte[] {1})));
        assertArrayEquals(whole, group.log().small());
        assertEquals(List.of(other), group.records());
    }

    @Test
    void takesNoActionOnceItIsFinished() {
        var group = new Group(1);
        assertTrue(group.addAction(() -> { }));
        group.endActions();
        assertFalse(group.addAction(() -> { }));
        assertEquals(1, group.actions().size());
    }

    @Test
    void namesTheKeysThatBeginWithAPrefix() {
        var group = new Group(1);
        for (String key : List.of("a1", "b1", "a2")) {
            DiskCell cell = DiskCell.of(new byte[1], 1, DiskCell.NO_DEADLINE, group);
            group.add(new KeyChange(StoreChild.key(key), DiskCell.ABSENT, cell), Long.MAX_VALUE);
        }
        var found = new ArrayList<Key>();
        group.addKeys(new byte[] {'a'}, found);
        assertEquals(List.of(StoreChild.key("a1"), StoreChild.key("a2")), found);
    }

    @Test
    void anInterruptDoesNotEndTheWaitAndIsKept() throws Exception {
        var group = new Group(1);
        var interrupted = new FutureTask<>(() -> {
            group.await();
            return Thread.interrupted();
        });
        Thread waiter = Thread.ofPlatform().daemon().start(interrupted);
        await().until(() -> waiter.getState() == Thread.State.WAITING);
        waiter.interrupt();
        await().until(() -> !waiter.isInterrupted() && waiter.getState() == Thread.State.WAITING);
        assertFalse(interrupted.isDone());
        group.succeed();
        assertTrue(interrupted.get(100, TimeUnit.SECONDS));
    }

    /// A large answer that was added behind its changes without a look at the space stopped the store on a full disk.
    @Test
    void takesChangesWithTheirRecordOrNothing() {
        var change = new KeyChange(StoreChild.key("k"), DiskCell.ABSENT, DiskCell.of(new byte[100], 1, DiskCell.NO_DEADLINE, Group.IN_DATABASE));
        var record = new RecordChange(StoreChild.key("r"), new byte[1_000]);
        var group = new Group(1);
        assertFalse(group.addAll(List.of(change), record, 1_000));
        assertThrows(NullPointerException.class, () -> group.addAll(List.of(change), new RecordChange(null, new byte[1]), 1_000));
        assertTrue(group.isEmpty());
        assertEquals(List.of(), group.keys());
        assertEquals(List.of(), group.records());
        assertTrue(group.addAll(List.of(change), record, 2_000));
        assertTrue(group.addAll(List.of(), record, 4_000));
        assertEquals(List.of(change), group.keys());
        assertEquals(List.of(record, record), group.records());
    }

    /// Issue 13.5: what finds no room in the log is not in the group.
    @Test
    void takesNoChangeBeyondTheSpaceOfTheLog() {
        var change = new KeyChange(StoreChild.key("k"), DiskCell.ABSENT, DiskCell.of(new byte[100], 1, DiskCell.NO_DEADLINE, Group.IN_DATABASE));
        var group = new Group(1);
        assertFalse(group.add(change, 100));
        assertTrue(group.isEmpty());
        assertTrue(group.add(change, 1_000));
        int bytes = group.sizeBytes();
        assertFalse(group.add(change, bytes));
        assertEquals(bytes, group.sizeBytes());
        assertEquals(List.of(change), group.keys());
    }
}
