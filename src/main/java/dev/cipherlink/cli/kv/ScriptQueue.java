package dev.cipherlink.cli.kv;

import dev.cipherlink.cli.kv.ScriptSender.ScriptOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Outcomes on their way from the client's reading thread, which must not wait, to the thread that writes them; and the
/// brake on the thread that sends, so that neither their number nor their bytes grow without bound. Thread-safe.
final class ScriptQueue {
    private static final int MAX_BYTES = 16 << 20;
    /// Outcomes that are worth waking the writer for, while more are to come: a wake-up for each would cost more than
    /// the request.
    private static final int BATCH = 256;

    private final int maxUnsettled;
    private List<ScriptOutcome> outcomes = new ArrayList<>();
    private int unsettled;
    private long bytes;
    private boolean stopped;
    private long waitingSince;

    /// @param maxUnsettled commands sent whose outcome has not been written
    ScriptQueue(int maxUnsettled) {
        this.maxUnsettled = maxUnsettled;
    }

    synchronized boolean hasRoom() {
        return unsettled < maxUnsettled && bytes < MAX_BYTES || stopped;
    }

    /// Waits for room and takes it for one more command. Blocks.
    ///
    /// @return false if no more commands are to be sent
    synchronized boolean awaitRoom() throws InterruptedException {
        while (!hasRoom()) {
            wait();
        }
        if (!stopped && unsettled++ == 0) {
            waitingSince = System.nanoTime();
        }
        return !stopped;
    }

    /// Waits until all other commands under way have been written, for an outcome that does not come from the server. Blocks.
    synchronized void awaitOthers() throws InterruptedException {
        unsettled--;
        notifyAll();
        while (unsettled > 0 && !stopped) {
            wait();
        }
        unsettled++;
    }

    synchronized void add(ScriptOutcome outcome) {
        outcomes.add(outcome);
        bytes += outcome.bytes();
        if (outcomes.size() >= Math.min(BATCH, unsettled) || bytes >= MAX_BYTES || outcome instanceof ScriptOutcome.Ended) {
            notifyAll();
        }
    }

    /// Takes all outcomes that are there; if there are none, waits until all commands under way have theirs, or many
    /// have. Their room is free only after [#settled].
    ///
    /// @return empty if none came in that time
    synchronized List<ScriptOutcome> takeAll(long maxWaitNanos) throws InterruptedException {
        if (outcomes.isEmpty() && maxWaitNanos > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, maxWaitNanos); // waking up too early does no harm
        }
        List<ScriptOutcome> taken = outcomes;
        outcomes = new ArrayList<>();
        return taken;
    }

    /// Outcomes have been written, and no longer hold memory.
    synchronized void settled(List<ScriptOutcome> written) {
        for (ScriptOutcome outcome : written) {
            unsettled -= outcome instanceof ScriptOutcome.Ended ? 0 : 1;
            bytes -= outcome.bytes();
        }
        waitingSince = System.nanoTime();
        notifyAll();
    }

    /// Lets no more commands through.
    synchronized void stop() {
        stopped = true;
        notifyAll();
    }

    synchronized boolean isStopped() {
        return stopped;
    }

    synchronized boolean isSettled() {
        return unsettled == 0 && outcomes.isEmpty();
    }

    /// How long commands have been waiting without any outcome; 0 if none is.
    synchronized long stalledNanos() {
        return unsettled == 0 ? 0 : System.nanoTime() - waitingSince;
    }
}
