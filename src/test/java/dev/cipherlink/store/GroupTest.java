package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// How far a group has come.
class GroupTest {

    @Test
    void isDurableBeforeItIsStored() throws Exception {
        var group = new Group();
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
    void oneThatIsStoredBeforeThoseWhoWaitAreToldStaysStored() throws Exception {
        var group = new Group();
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
    void tellsThoseWhoWaitWhyItFailed() {
        var group = new Group();
        group.fail(StoreException.diskFull(null));
        assertThrows(StoreException.class, group::await);
        assertTrue(group.isFailed());
        assertFalse(group.isDurable());
    }
}
