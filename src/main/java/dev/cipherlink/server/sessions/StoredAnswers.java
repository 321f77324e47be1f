package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Reply;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.OwnRecord;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;

/// The answers to changes of one session that are too large to be kept in memory: records of the store, written with the changes,
/// until they leave the window. The oldest go first where they are too many. Used by the session's reading thread.
final class StoredAnswers {

    /// The key prefix; the session's id (16 bytes) and the number of the request (8 bytes) follow.
    static final byte[] PREFIX = {'a', '/'};
    /// Stands for a stored answer in the session's records.
    static final Reply STORED = Reply.error("the answer is in the store");
    /// Larger answers of changes are stored: up to this size all are kept in memory.
    static final int MIN_BYTES = SessionRecords.SHORT_BYTES + 1;
    private static final long MAX_BYTES = 64 << 20;
    private static final int NUMBER_AT = PREFIX.length + 16;

    /// @param bytes 0 if another process stored it
    private record Stored(long number, int bytes) {
    }

    private final KeyValueStore store;
    private final ByteBuffer key;
    /// Oldest first; created on first use.
    private Deque<Stored> stored;
    private long bytes;

    StoredAnswers(String sessionId, KeyValueStore store) {
        this.store = store;
        key = ByteBuffer.allocate(NUMBER_AT + Long.BYTES).put(PREFIX).put(HexFormat.of().parseHex(sessionId));
    }

    private byte[] key(long number) {
        return key.putLong(NUMBER_AT, number).array();
    }

    /// The record of an answer, to be written with the changes that it tells of.
    ///
    /// @param number of the request, counted from the first of the session
    OwnRecord record(long number, Reply answer) {
        return new OwnRecord(key(number).clone(), answer.payload());
    }

    /// The record of an answer is written.
    void written(long number, Reply answer) {
        added(number, answer.payload().length);
    }

    /// Takes over an answer that another process stored.
    void restore(long number) {
        added(number, 0);
    }

    private void added(long number, int answerBytes) {
        if (stored == null) {
            stored = new ArrayDeque<>();
        }
        stored.add(new Stored(number, answerBytes));
        bytes += answerBytes;
    }

    private void removeFirst(Transaction transaction) throws StoreException {
        // First, since a full disk refuses it: it is tried again with a later batch.
        transaction.forget(key(stored.getFirst().number));
        bytes -= stored.removeFirst().bytes;
    }

    /// Whether the last answer is that of this request.
    boolean hasLast(long number) {
        return stored != null && !stored.isEmpty() && stored.getLast().number == number;
    }

    /// The answer to a request; null if it is not stored. May block on the disk.
    Reply find(long number) throws StoreException {
        if (stored == null || stored.stream().noneMatch(answer -> answer.number == number)) {
            return null;
        }
        byte[] payload = store.record(key(number));
        return payload == null ? null : Reply.ok(payload);
    }

    /// Deletes the answers up to this request, which have left the window, and the oldest of too many.
    void forgetUpTo(Transaction transaction, long number) throws StoreException {
        while (stored != null && !stored.isEmpty() && (stored.getFirst().number <= number || bytes > MAX_BYTES)) {
            removeFirst(transaction);
        }
    }
}
