package dev.cipherlink.server;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Unit;
import java.util.ArrayList;
import java.util.List;

/// The unit of one thread, with the changes of watched keys in it: they are told when it has been committed. Used again for
/// each of the thread's batches.
final class WatchedUnit implements Unit {

    /// Null between two batches.
    private Unit unit;
    private final List<KeyLine.Change> changes = new ArrayList<>(0);
    /// So many of them may be durable whatever becomes of the others.
    private int changesBeforePause;

    void begin(Unit next) {
        unit = next;
    }

    boolean isActive() {
        return unit != null;
    }

    void add(KeyLine.Change change) {
        changes.add(change);
    }

    @Override
    public void open() throws StoreException {
        unit.open();
    }

    @Override
    public void record(byte[] key, byte[] value) throws StoreException {
        unit.record(key, value);
    }

    @Override
    public void forget(byte[] key) throws StoreException {
        unit.forget(key);
    }

    @Override
    public void pause() {
        unit.pause();
        changesBeforePause = changes.size();
    }

    @Override
    public boolean hasWritten() {
        return unit.hasWritten();
    }

    @Override
    public void commit() throws StoreException {
        boolean isKept = false;
        Unit ended = unit;
        unit = null;
        try {
            ended.commit();
            isKept = true;
        } finally {
            settle(isKept);
        }
    }

    /// What becomes of a unit without a commit is not known here: told is better than missed.
    @Override
    public void close() {
        if (unit != null) {
            unit.close();
            unit = null;
            settle(true);
        }
    }

    private void settle(boolean isKept) {
        for (int i = 0; i < changes.size(); i++) {
            changes.get(i).settle(isKept || i < changesBeforePause);
        }
        changes.clear();
        changesBeforePause = 0;
    }
}
