package dev.cipherlink.store;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Platform threads for reads that may stay in native code for long: a virtual thread that waits for one lets others have its
/// carrier, of which there are few.
public final class LongReads implements AutoCloseable {
    private final ExecutorService executor;

    /// @param name       of the threads
    /// @param maxThreads how many reads may run at once; others wait for them
    public LongReads(String name, int maxThreads) {
        executor = Executors.newFixedThreadPool(maxThreads, Thread.ofPlatform().name(name).daemon().factory());
    }

    /// A read that may take long.
    public interface Read<T> {
        T run() throws StoreException;
    }

    /// Runs it, on another thread if this one is virtual, and waits for it without regard to interrupts.
    public <T> T run(Read<T> read) throws StoreException {
        if (!Thread.currentThread().isVirtual()) {
            return read.run();
        }
        Future<T> result = executor.submit(read::run);
        boolean isInterrupted = false;
        try {
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException e) {
                    isInterrupted = true;
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        executor.close();
    }
}
