package dev.cipherlink.store.disk;

import dev.cipherlink.store.EndOfThread;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.disk.Group.KeyChange;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Deque;
import java.util.LinkedList;
import java.util.List;

/// Tells the listener what groups changed and runs their actions, once they are durable, in the order of commits. One platform
/// thread does it, so that a commit does not wait for a listener.
final class AfterCommit implements AutoCloseable {
    private static final Logger LOG = System.getLogger(AfterCommit.class.getName());
    /// Changes that may wait for the listener; beyond that, commits wait as well.
    private static final int MAX_WAITING = 100_000;

    private final Thread thread = Thread.ofPlatform().name("store-tell").daemon().unstarted(this::run);
    /// Linked: an array that finds no memory to grow loses what is in it.
    private final Deque<Delivery> waiting = new LinkedList<>();
    private volatile KeyValueStore.ChangeListener listener = KeyValueStore.ChangeListener.NONE;
    private int waitingChanges;
    private boolean isClosed;

    /// That a key has another value, or none.
    private record Change(Key key, KeyValueStore.ChangeListener.Kind kind) {
    }

    /// The changes of one group, without values: those would fill the heap while a listener is slow.
    private record Delivery(List<Change> keys, List<Runnable> actions) {
        int changes() {
            return keys.size() + actions.size();
        }
    }

    void start() {
        thread.start();
    }

    void setListener(KeyValueStore.ChangeListener newListener) {
        listener = newListener;
    }

    /// The group is durable. Called in the order of commits.
    void add(Group group) {
        List<Change> keys = listener.isInterested() ? changes(group.keys()) : List.of();
        if (!keys.isEmpty() || !group.actions().isEmpty()) {
            add(new Delivery(keys, group.actions()));
        }
    }

    private static List<Change> changes(List<KeyChange> keys) {
        return keys.stream().filter(change -> change.after().version != change.before().version)
                .map(change -> new Change(change.key(), change.kind())).toList();
    }

    private synchronized void add(Delivery delivery) {
        waiting.add(delivery);
        waitingChanges += delivery.changes();
        notifyAll();
    }

    /// Blocks while too much waits.
    synchronized void awaitBacklog() {
        boolean isInterrupted = false;
        while (waitingChanges > MAX_WAITING && !isClosed) {
            try {
                wait();
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        for (Delivery next = next(); next != null; next = next()) {
            next.keys.forEach(change -> run(() -> listener.changed(change.key, change.kind)));
            next.actions.forEach(AfterCommit::run);
            told(next);
        }
    }

    /// @return null if there will be none
    private synchronized Delivery next() {
        while (waiting.isEmpty() && !isClosed) {
            try {
                wait();
            } catch (InterruptedException e) {
                LOG.log(Level.DEBUG, "nobody interrupts this thread", e);
            }
        }
        return waiting.poll();
    }

    private synchronized void told(Delivery delivery) {
        waitingChanges -= delivery.changes();
        notifyAll();
    }

    /// A failure of one does not keep the others from running.
    private static void run(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "a change of the store was not told", e);
        }
    }

    /// Delivers what is durable, and ends the thread.
    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        EndOfThread.await(thread);
    }
}
