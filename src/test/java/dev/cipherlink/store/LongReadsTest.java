package dev.cipherlink.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.LongReads.Read;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Reads of virtual threads, on threads of their own.
class LongReadsTest {

    private final LongReads reads = new LongReads("test-reads", 1);

    @AfterEach
    void close() {
        reads.close();
    }

    /// What a read gave or threw in a virtual thread.
    private Object outcome(Read<Object> read) throws Exception {
        var task = new FutureTask<Object>(() -> {
            try {
                return reads.run(read);
            } catch (StoreException | RuntimeException e) {
                return e;
            }
        });
        Thread.startVirtualThread(task);
        return task.get(60, TimeUnit.SECONDS);
    }

    @Test
    void runsOnAnotherThreadOnlyForAVirtualOne() throws Exception {
        assertSame(Thread.currentThread(), reads.run(Thread::currentThread));
        assertFalse(((Thread) outcome(Thread::currentThread)).isVirtual());
    }

    @Test
    void throwsWhatTheReadThrew() throws Exception {
        var failure = StoreException.failed(new IOException("disk"));
        assertSame(failure, outcome(() -> {
            throw failure;
        }));
        var bug = new IllegalArgumentException("a bug");
        Object thrown = outcome(() -> {
            throw bug;
        });
        assertSame(bug, assertInstanceOf(IllegalStateException.class, thrown).getCause());
    }

    /// A read of RocksDB cannot be cut short.
    @Test
    void anInterruptIsKeptUntilTheReadHasEnded() throws Exception {
        var begun = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var task = new FutureTask<Object>(() -> {
            Object read = reads.run(() -> {
                begun.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return "read";
            });
            return read + ", interrupted " + Thread.interrupted();
        });
        Thread reader = Thread.startVirtualThread(task);
        begun.await();
        reader.interrupt();
        while (reader.isInterrupted()) {
            Thread.onSpinWait(); // it has noticed then
        }
        goOn.countDown();
        assertEquals("read, interrupted true", task.get(60, TimeUnit.SECONDS));
        assertTrue(task.isDone());
    }
}
