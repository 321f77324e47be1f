package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

/// Records of one session what another process of the server needs to go on with it: how far it has come, and the answers
/// that a duplicate would need. They become durable together with the changes they tell of, so that a request whose change
/// survives the process is known to have run. [SessionRecords] reads them again.
///
/// The session itself is recorded before its client hears of it: whatever a client has asked for in a session that is not
/// there after a crash would have an unknown outcome. Each batch with changes has a record. Records that have left the
/// window are overwritten or forgotten, and what is left has at most [#MAX_BYTES] of reads' answers. A session that only
/// reads has a record now and then, so that its client is never further ahead of the records than sequence numbers can tell.
///
/// Answers of reads are recorded with the next change: if such a read ran again, it would see what the session changed
/// after it. Reads behind the last record run again, and those with large answers too, if no change stands behind them.
/// Used by the session's reading thread.
final class SessionJournal {

    /// Beyond this, answers of reads are not recorded, only that they are lost: two windows of the largest, by default.
    static final int MAX_BYTES = 2 << 20;
    /// Messages after which there is a record in any case: a quarter of those that sequence numbers can tell ahead from behind.
    private static final int MAX_UNRECORDED = Message.SEQUENCE_MODULUS / 8;

    private static final Logger LOG = System.getLogger(SessionJournal.class.getName());

    /// The records that are in the window, oldest first, and the slots that they have. In an array of numbers, since a session that
    /// changes much has as many as its window is large.
    private static final class Kept {
        private static final int INITIAL_CAPACITY = 8;
        private static final int SLOT_BITS = 16;
        private static final int BYTES_BITS = 24;
        private static final int ACCEPTED_MASK = (1 << 24) - 1;

        /// A ring, its size a power of two. Of each record, from the highest bit on: the lowest 24 bits of how many messages the
        /// session had accepted, its size in bytes, its slot.
        private long[] entries = new long[INITIAL_CAPACITY];
        private final BitSet slots = new BitSet();
        private int first;
        private int size;
        private int bytes;

        void add(int slot, long accepted, int recordBytes) {
            if (size == entries.length) {
                long[] larger = Arrays.copyOf(Arrays.copyOfRange(entries, first, first + size), 2 * size);
                System.arraycopy(entries, 0, larger, size - first, first);
                entries = larger;
                first = 0;
            }
            entries[first + size++ & entries.length - 1] =
                    accepted << SLOT_BITS + BYTES_BITS | (long) recordBytes << SLOT_BITS | slot;
            slots.set(slot);
            bytes += recordBytes;
        }

        boolean hasLeft(long accepted, int window) {
            long before = accepted - (entries[first] >>> SLOT_BITS + BYTES_BITS);
            return size > 0 && (before & ACCEPTED_MASK) >= window;
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
    private final boolean isKept;
    /// Those of the last window that are not recorded, oldest first.
    private final AnswerQueue answers = new AnswerQueue();
    /// Made on first use, since most sessions are idle.
    private Kept kept;
    private long accepted;
    /// As the last record says.
    private long recorded;
    /// The number of the last request that may have changed something, counted from the first of the session on.
    private long lastChange;
    private boolean hasChanged;
    private boolean isOriginKept;
    private boolean isInFragments;

    SessionJournal(SessionOrigin origin, KeyValueStore store) {
        this.origin = origin;
        isKept = store.isDurable();
        keys = new SessionRecords.Keys(origin.id());
    }

    /// Goes on with what another process recorded.
    SessionJournal(SessionRecords.Recorded last, KeyValueStore store) {
        this(last.origin(), store);
        accepted = last.accepted();
        recorded = last.accepted();
        lastChange = last.lastChange();
        isOriginKept = true;
        for (SessionRecords.Batch batch : last.batches()) {
            add(batch.slot(), batch.accepted(), batch.bytes());
        }
    }

    /// Records the session, which begins. Blocks until that is durable. While the store takes no writes, it is recorded with the
    /// first change instead.
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

    /// A request runs, for the first time. Numbers come in order; those of all fragments but the last are left out.
    void runs(int sequence) {
        int ahead = (int) (sequence - accepted) & Message.SEQUENCE_MODULUS - 1;
        isInFragments = ahead > 1;
        accepted += ahead;
        while (answers.size() > 0 && position(answers.sequence(0)) <= accepted - windowSize()) {
            answers.removeFirst();
        }
    }

    /// The request that runs may have changed something.
    void changed(int sequence, Reply reply) {
        lastChange = accepted;
        if (isKept) {
            answers.add(sequence, reply);
            hasChanged = true;
        }
    }

    /// The request that ran has changed nothing. Of one that came in fragments, a duplicate may bring the last one only, and
    /// must not run.
    void read(int sequence, Reply reply) {
        boolean isLarge = reply.payload().length > Session.MAX_STORED_REPLY_BYTES;
        if (isKept && (isInFragments || !isLarge)) {
            answers.add(sequence, isLarge ? Session.NOT_KEPT : reply);
        }
    }

    /// The number of the last request that may have changed something, counted from the first of the session on.
    long lastChange() {
        return lastChange;
    }

    /// How many messages were accepted, up to the request that runs.
    long accepted() {
        return accepted;
    }

    /// The answer that came last is not to be kept: it takes too much memory.
    void notKept(int sequence) {
        int last = answers.size() - 1;
        if (last >= 0 && answers.sequence(last) == sequence) {
            answers.replace(last, Session.NOT_KEPT);
        }
    }

    /// The number of a message that was accepted, counted from the first of the session on.
    long position(int sequence) {
        return accepted - (accepted - sequence & Message.SEQUENCE_MODULUS - 1);
    }

    private int windowSize() {
        return origin.parameters().windowSize();
    }

    /// Adds what the batch changed to its transaction, and forgets it; of batches that changed nothing, how far they came, now and then.
    void addTo(Transaction transaction) throws StoreException {
        if (!isKept || !hasChanged && accepted - recorded < MAX_UNRECORDED) {
            return;
        }
        // Where there is no room for a record, this throws, and nothing else does.
        transaction.beginWrite();
        hasChanged = false;
        recorded = accepted;
        int slot = takeSlot(transaction);
        byte[] batch = takeBatch();
        if (!isOriginKept) {
            transaction.record(keys.origin(), origin.encode());
            isOriginKept = true;
        }
        transaction.record(keys.slot(slot), batch);
        add(slot, accepted, batch.length);
    }

    private void add(int slot, long atAccepted, int bytes) {
        if (kept == null) {
            kept = new Kept();
        }
        kept.add(slot, atAccepted, bytes);
    }

    /// A place for the next record: that of one that has left the window, if there is any. Others that have are forgotten.
    private int takeSlot(Transaction transaction) throws StoreException {
        if (kept == null) {
            return 0;
        }
        int slot = kept.hasLeft(accepted, windowSize()) ? kept.removeFirst() : kept.slots.nextClearBit(0);
        while (kept.hasLeft(accepted, windowSize())) {
            transaction.forget(keys.slot(kept.removeFirst()));
        }
        return slot;
    }

    /// The record of the batch. Its answers leave the queue.
    private byte[] takeBatch() {
        int left = MAX_BYTES - (kept == null ? 0 : kept.bytes);
        int bytes = SessionRecords.HEADER_BYTES;
        for (int i = 0; i < answers.size(); i++) {
            if (bytes + SessionRecords.bytes(answers.reply(i)) > left && !SessionRecords.isShort(answers.reply(i))) {
                answers.replace(i, Session.NOT_KEPT);
            }
            bytes += SessionRecords.bytes(answers.reply(i));
        }
        var out = ByteBuffer.allocate(bytes).putLong(lastChange).putLong(accepted);
        for (; answers.size() > 0; answers.removeFirst()) {
            SessionRecords.encode(answers.sequence(0), answers.reply(0), out);
        }
        return out.array();
    }

    /// The session is over: nobody will go on with it.
    void forget(KeyValueStore store) {
        if (kept == null && !isOriginKept) {
            return;
        }
        try (Transaction transaction = store.begin()) {
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
    /// In arrays of their own: a look at the number of the oldest must not fetch objects that nobody has touched for a whole
    /// window. Used by one thread.
    static final class AnswerQueue {

        private static final int INITIAL_CAPACITY = 8;

        /// Rings, their size a power of two; made on first use, since most sessions are idle.
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

        /// Puts another answer in the place of one.
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
