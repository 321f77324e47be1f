package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.Group.KeyChange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Finds what keys had that were changed by somebody who did not look. Blocks on the disk, with several threads at a time.
final class BlindChanges implements AutoCloseable {
    private static final int MAX_READS = 8;

    private final Database database;
    private final ExecutorService readers =
            Executors.newFixedThreadPool(MAX_READS, Thread.ofPlatform().name("store-before").daemon().factory());

    BlindChanges(Database database) {
        this.database = database;
    }

    /// Puts what the database has into the place of what is not known.
    void find(Map<Key, KeyChange> changes) throws StoreException {
        var unread = new ArrayList<KeyChange>();
        for (Map.Entry<Key, KeyChange> entry : changes.entrySet()) {
            KeyChange change = entry.getValue();
            if (change.isBlind()) {
                Optional<Database.Looked> looked = database.look(database.entries(), change.key().bytes());
                if (looked.isPresent()) {
                    entry.setValue(from(change, looked.get().value()));
                } else {
                    unread.add(change);
                }
            }
        }
        if (!unread.isEmpty()) {
            read(unread, changes);
        }
    }

    private void read(List<KeyChange> unread, Map<Key, KeyChange> changes) throws StoreException {
        List<Callable<KeyChange>> reads = new ArrayList<>(unread.size());
        unread.forEach(change -> reads.add(() -> from(change, database.get(database.entries(), change.key().bytes()))));
        try {
            for (Future<KeyChange> read : readers.invokeAll(reads)) {
                KeyChange found = read.get();
                changes.put(found.key(), found);
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof StoreException failure ? failure : StoreException.failed(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw StoreException.failed(e);
        }
    }

    private static KeyChange from(KeyChange change, byte[] entry) throws StoreException {
        try {
            return change.from(entry == null ? RocksWrite.ABSENT : EntryCodec.decode(entry));
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }

    /// Ends the threads.
    @Override
    public void close() {
        readers.shutdown();
    }
}
