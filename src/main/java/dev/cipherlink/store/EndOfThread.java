package dev.cipherlink.store;

/// Waits for threads that have been told to end. An interrupt does not cut that short; the caller finds it afterwards.
public final class EndOfThread {

    private EndOfThread() {
    }

    public static void await(Thread thread) {
        await(thread, () -> { });
    }

    /// @param then runs without the interrupt, which would close a file that it writes
    public static void await(Thread thread, Runnable then) {
        boolean isInterrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        then.run();
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
