package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class SweeperTest {

    /// A store that was closed while it swept sometimes waited for its sweeper for hours: the wake-up of the close was
    /// spent on the wait for the sweep's own commit.
    @Test
    void endsAlthoughTheWakeUpOfItsCloseWasSpentInASweep() {
        var sweeping = new CountDownLatch(1);
        var sweeper = new Sweeper(from -> {
            sweeping.countDown();
            LockSupport.park();
            return new Sweeper.Swept(from, DiskCell.NO_DEADLINE);
        }, new StoreState.StoreClock(System::nanoTime, StoreState.StoreClock::wallNanos, 0));
        sweeper.start();
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            sweeping.await();
            sweeper.close();
        });
    }
}
