package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Reply;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.OwnRecord;
import dev.cipherlink.store.KeyVerbs.ReadGate;
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

    private record Stored(long number, int bytes) {
    }

    private final KeyValueStore store;
    private final ByteBuffer key;
    /// Oldest first; created on first use.
    private Deque<Stored> stored;
    private long bytes;
    /// The last answer that went since there were too many.
    private long displaced;

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
    void restore(long number, int answerBytes) {
        added(number, answerBytes);
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
        displaced = bytes > MAX_BYTES ? stored.getFirst().number : displaced;
        bytes -= stored.removeFirst().bytes;
    }

    /// Whether the last answer is that of this request.
    boolean hasLast(long number) {
        return stored != null && !stored.isEmpty() && stored.getLast().number == number;
    }

    /// Bytes of the answer to a request; 0 if it is not stored.
    int bytes(long number) {
        return stored == null ? 0 : stored.stream().filter(answer -> answer.number == number).mapToInt(Stored::bytes).sum();
    }

    /// The answer to a request; null if it is not stored. May block on the disk.
    ///
    /// @param gate asked for memory first
    /// @return [Session#NOT_KEPT] if another process displaced it, or its batch is not durable yet
    Reply find(long number, ReadGate gate) throws StoreException {
        int answerBytes = bytes(number);
        if (answerBytes == 0) {
            return null;
        }
        gate.enter(answerBytes);
        byte[] payload = store.record(key(number));
        return payload == null ? Session.NOT_KEPT : Reply.ok(payload);
    }

    /// Whether the answer to a request may have gone since there were too many.
    boolean mayBeDisplaced(long number) {
        return number <= displaced;
    }

    /// Deletes the answers up to this request, which have left the window, and the oldest of too many.
    void forgetUpTo(Transaction transaction, long number) throws StoreException {
        while (stored != null && !stored.isEmpty() && (stored.getFirst().number <= number || bytes > MAX_BYTES)) {
            removeFirst(transaction);
        }
    }
}
