package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.OwnRecord;
import dev.cipherlink.store.KeyVerbs.ReadGate;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

/// Records the progress of one session, and the answers that a duplicate would need, so that another process of the
/// server can continue it. The records are written in the transaction of the changes they describe: a request whose
/// change survives the process is known to have run. [SessionRecords] reads them.
///
/// The session itself is recorded before its client learns of it; otherwise a request in a session lost in a crash would
/// have an unknown outcome. Each batch with changes has a record. Records that have left the window are overwritten or
/// deleted; the others hold at most [#MAX_BYTES] of reads' answers. A session that only reads is recorded occasionally,
/// so that its client never gets further ahead of the records than sequence numbers can express.
///
/// Answers of reads are recorded with the next change: such a read, run again, would see the session's later changes.
/// Reads after the last record are run again, and so are those with large answers unless a change follows them.
///
/// Request numbers count from the session's first message; [#received] is the latest. Used by its reading thread.
final class SessionJournal {

    /// Limit on recorded answers of reads, by default two windows of the largest; beyond it only their loss is recorded.
    static final int MAX_BYTES = 2 << 20;
    /// There is a record after so many messages: a quarter of the numbers that tell ahead from behind.
    private static final int MAX_UNRECORDED = Message.SEQUENCE_MODULUS / 8;

    private static final Logger LOG = System.getLogger(SessionJournal.class.getName());

    /// The records in the window, oldest first, with their slots. Packed into numbers, because a session that only writes
    /// has one for each message of its window.
    private static final class Kept {
        private static final int INITIAL_CAPACITY = 8;
        private static final int SLOT_BITS = 16;
        private static final int BYTES_BITS = 24;
        private static final int RECEIVED_MASK = (1 << 24) - 1;

        /// A ring whose size is a power of two. Each entry has, from the highest bit on, the lowest 24 bits of the
        /// session's message count, the record's size in bytes, and its slot.
        private long[] entries = new long[INITIAL_CAPACITY];
        private final BitSet slots = new BitSet();
        private int first;
        private int size;
        private int bytes;

        void add(int slot, long received, int recordBytes) {
            if (size == entries.length) {
                long[] larger = Arrays.copyOf(Arrays.copyOfRange(entries, first, first + size), 2 * size);
                System.arraycopy(entries, 0, larger, size - first, first);
                entries = larger;
                first = 0;
            }
            entries[first + size++ & entries.length - 1] =
                    received << SLOT_BITS + BYTES_BITS | (long) recordBytes << SLOT_BITS | slot;
            slots.set(slot);
            bytes += recordBytes;
        }

        /// Whether the oldest record has left the window.
        boolean hasLeft(long received, int window) {
            long before = received - (entries[first] >>> SLOT_BITS + BYTES_BITS);
            return size > 0 && (before & RECEIVED_MASK) >= window;
        }

        int removeFirst() {
            int slot = (int) entries[first] & (1 << SLOT_BITS) - 1;
            bytes -= (int) (entries[first] >> SLOT_BITS) & (1 << BYTES_BITS) - 1;
            first = first + 1 & entries.length - 1;
            size--;
            slots.clear(slot);
            return slot;
        }
    }

    private final SessionOrigin origin;
    private final SessionRecords.Keys keys;
    private final int windowSize;
    private final boolean isKept;
    /// Number of messages that another process received.
    private final long restored;
    /// Answers of the last window that are not recorded yet, oldest first.
    private final AnswerQueue answers = new AnswerQueue();
    private final LaterChanges changes;
    private final StoredAnswers stored;
    /// Created on first use, because most sessions are idle.
    private Kept kept;
    /// Number of messages received up to the running request, fragments included.
    private long received;
    /// [#received] as of the last record.
    private long recorded;
    private boolean hasChanged;
    private boolean isOriginKept;
    private boolean isInFragments;

    SessionJournal(SessionOrigin origin, KeyValueStore store) {
        this(origin, store, 0, 0);
    }

    /// Continues a journal of another process.
    SessionJournal(SessionRecords.Recorded last, KeyValueStore store) {
        this(last.origin(), store, last.lastChange(), last.received());
        isOriginKept = true;
        for (SessionRecords.Batch batch : last.batches()) {
            add(batch.slot(), batch.received(), batch.bytes());
        }
        last.stored().forEach(stored::restore);
    }

    private SessionJournal(SessionOrigin origin, KeyValueStore store, long lastChange, long received) {
        this.origin = origin;
        this.received = received;
        recorded = received;
        restored = received;
        windowSize = origin.parameters().windowSize();
        changes = new LaterChanges(windowSize, lastChange, received);
        isKept = store.isDurable();
        keys = new SessionRecords.Keys(origin.id());
        stored = new StoredAnswers(origin.id(), store);
    }

    /// Records the start of the session. Blocks until that is durable. While the store takes no writes, the session is
    /// recorded with its first change instead.
    void begin(KeyValueStore store) {
        if (isKept) {
            try (Transaction transaction = store.begin()) {
                transaction.record(keys.origin(), origin.encode());
                transaction.commit();
                isOriginKept = true;
            } catch (StoreException e) {
                LOG.log(Level.DEBUG, "a session begins without a record", e);
            }
        }
    }

    /// Notes a request that has run and may have changed something.
    void changed(int sequence, Command command, Reply reply) {
        receive(sequence);
        changes.changed(received, command);
        if (isKept) {
            answers.add(sequence, stored.hasLast(received) ? StoredAnswers.STORED : reply);
            hasChanged = true;
        }
    }

    /// The record of a change's large answer, to be written with the change; null if memory keeps the answer.
    OwnRecord answerRecord(int sequence, Reply reply) {
        return isStored(reply) ? stored.record(received + ahead(sequence), reply) : null;
    }

    /// A change is written, with the record of its answer if that is large.
    void answerWritten(int sequence, Reply reply) {
        if (isStored(reply)) {
            stored.written(received + ahead(sequence), reply);
        }
    }

    private static boolean isStored(Reply reply) {
        return reply.payload().length >= StoredAnswers.MIN_BYTES;
    }

    /// The large answer of a change; null if none is stored. May block on the disk.
    ///
    /// @param gate asked for memory first
    Reply storedAnswer(int sequence, ReadGate gate) throws StoreException {
        return stored.find(number(sequence), gate);
    }

    /// Whether a change without an answer may not have been written: another process received it, and stored no answer of it.
    boolean mayBeUnwritten(int sequence) {
        return number(sequence) <= restored && !stored.mayBeDisplaced(number(sequence));
    }

    /// Notes a request that has run, or was refused, without a change. If it came in fragments, a duplicate may consist
    /// of the last one only, and must not run.
    void read(int sequence, Reply reply) {
        receive(sequence);
        boolean isLarge = reply.payload().length > Session.MAX_STORED_REPLY_BYTES;
        if (isKept && (isInFragments || !isLarge)) {
            answers.add(sequence, isLarge ? Session.NOT_KEPT : reply);
        }
        if (isLarge) {
            changes.largeRead(received);
        }
    }

    /// Numbers arrive in order; all fragments except the last are left out.
    private void receive(int sequence) {
        int ahead = ahead(sequence);
        isInFragments = ahead > 1;
        received += ahead;
        while (answers.size() > 0 && number(answers.sequence(0)) <= received - windowSize) {
            answers.removeFirst();
        }
    }

    private int ahead(int sequence) {
        return (int) (sequence - received) & Message.SEQUENCE_MODULUS - 1;
    }

    /// Drops the latest answer, because it takes too much memory.
    void notKept(int sequence) {
        int last = answers.size() - 1;
        if (last >= 0 && answers.sequence(last) == sequence && answers.reply(last) != StoredAnswers.STORED) {
            answers.replace(last, Session.NOT_KEPT);
        }
        changes.largeRead(received);
    }

    /// Whether a read could see a later change of the session.
    boolean hasChangedSince(int sequence, Command read) {
        return changes.mayBeSeenBy(read, number(sequence));
    }

    /// The number of a received message, counted from the first of the session.
    private long number(int sequence) {
        return received - (received - sequence & Message.SEQUENCE_MODULUS - 1);
    }

    /// Adds the record of a batch with changes to its transaction, and clears it; after batches without changes, records
    /// the progress occasionally.
    void addTo(Transaction transaction) throws StoreException {
        stored.forgetUpTo(transaction, received - windowSize);
        if (!isKept || !hasChanged && received - recorded < MAX_UNRECORDED) {
            return;
        }
        // Throws if the disk is full; nothing after it does.
        transaction.beginWrite();
        hasChanged = false;
        recorded = received;
        int slot = takeSlot(transaction);
        byte[] batch = takeBatch();
        if (!isOriginKept) {
            transaction.record(keys.origin(), origin.encode());
            isOriginKept = true;
        }
        transaction.record(keys.slot(slot), batch);
        add(slot, received, batch.length);
    }

    private void add(int slot, long atReceived, int bytes) {
        if (kept == null) {
            kept = new Kept();
        }
        kept.add(slot, atReceived, bytes);
    }

    /// The slot of the next record, taken from one that has left the window if possible. Other records that have left it
    /// are deleted.
    private int takeSlot(Transaction transaction) throws StoreException {
        if (kept == null) {
            return 0;
        }
        int slot = kept.hasLeft(received, windowSize) ? kept.removeFirst() : kept.slots.nextClearBit(0);
        while (kept.hasLeft(received, windowSize)) {
            transaction.forget(keys.slot(kept.removeFirst()));
        }
        return slot;
    }

    /// Encodes the record of the batch, and removes its answers from the queue.
    private byte[] takeBatch() {
        int left = MAX_BYTES - (kept == null ? 0 : kept.bytes);
        int bytes = SessionRecords.HEADER_BYTES;
        for (int i = 0; i < answers.size(); i++) {
            if (bytes + SessionRecords.bytes(answers.reply(i)) > left && !SessionRecords.isShort(answers.reply(i))) {
                answers.replace(i, Session.NOT_KEPT);
            }
            bytes += SessionRecords.bytes(answers.reply(i));
        }
        var out = ByteBuffer.allocate(bytes).putLong(changes.last()).putLong(received);
        for (; answers.size() > 0; answers.removeFirst()) {
            SessionRecords.encode(answers.sequence(0), answers.reply(0), stored.bytes(number(answers.sequence(0))), out);
        }
        return out.array();
    }

    /// Deletes the records when the session is over.
    void forget(KeyValueStore store) {
        try (Transaction transaction = store.begin()) {
            stored.forgetUpTo(transaction, Long.MAX_VALUE);
            transaction.forget(keys.origin());
            while (kept != null && kept.size > 0) {
                transaction.forget(keys.slot(kept.removeFirst()));
            }
        } catch (StoreException e) {
            LOG.log(Level.DEBUG, "the records of an ended session stay until they expire", e);
        }
    }

    /// Answers with their sequence numbers, oldest first.
    ///
    /// The numbers have an array of their own, so that a look at the oldest does not fetch an object that was not touched
    /// for a whole window. Used by one thread.
    static final class AnswerQueue {

        private static final int INITIAL_CAPACITY = 8;

        /// Rings whose size is a power of two; created on first use, because most sessions are idle.
        private int[] sequences;
        private Reply[] replies;
        private int first;
        private int size;

        int size() {
            return size;
        }

        /// @param index 0 for the oldest
        int sequence(int index) {
            return sequences[slot(index)];
        }

        Reply reply(int index) {
            return replies[slot(index)];
        }

        /// Replaces an answer.
        void replace(int index, Reply reply) {
            replies[slot(index)] = reply;
        }

        void add(int sequence, Reply reply) {
            if (sequences == null) {
                sequences = new int[INITIAL_CAPACITY];
                replies = new Reply[INITIAL_CAPACITY];
            } else if (size == sequences.length) {
                grow();
            }
            sequences[slot(size)] = sequence;
            replies[slot(size)] = reply;
            size++;
        }

        private void grow() {
            int[] oldSequences = sequences;
            Reply[] oldReplies = replies;
            int behind = size - first;
            sequences = Arrays.copyOf(Arrays.copyOfRange(oldSequences, first, size), 2 * size);
            replies = Arrays.copyOf(Arrays.copyOfRange(oldReplies, first, size), 2 * size);
            System.arraycopy(oldSequences, 0, sequences, behind, first);
            System.arraycopy(oldReplies, 0, replies, behind, first);
            first = 0;
        }

        void removeFirst() {
            replies[first] = null;
            first = slot(1);
            size--;
        }

        private int slot(int index) {
            return first + index & sequences.length - 1;
        }
    }
}
