package dev.cipherlink.console;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ServiceNotifierTest {

    /// The first sign for which there was no memory was the last, and the service manager ended the server.
    @Test
    void signsOfLifeGoOnAfterOneThatFailed() throws Exception {
        var signs = new CountDownLatch(3);
        Thread watchdog = Thread.startVirtualThread(() -> ServiceNotifier.showLife(() -> {
            signs.countDown();
            throw new OutOfMemoryError("of the test");
        }, Duration.ofMillis(1)));
        signs.await();
        watchdog.interrupt();
    }
}
