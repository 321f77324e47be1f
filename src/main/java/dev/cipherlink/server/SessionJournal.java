package dev.cipherlink.server;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Unit;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// Records of one session what another process of the server needs to go on with it: how far it has come, and the answers
/// to requests that changed something. They become durable together with those changes, so that a request whose change
/// survives the process is known to have run.
///
/// The session itself is recorded before its client hears of it: whatever a client has asked for in a session that is not
/// there after a crash would have an unknown outcome. Each batch with changes has a record; a ring of as many as the window
/// is large holds the last window. A session that only reads has one now and then, so that its client is never further
/// ahead of the records than sequence numbers can tell.
///
/// Answers of reads are recorded with the next change: if such a read ran again, it would see what the session changed
/// after it. Reads behind the last change run again, and those with large answers.
/// Used by the session's reading thread.
final class SessionJournal {

    private static final Logger LOG = System.getLogger(SessionJournal.class.getName());
    /// Of a key: this, the session's id (16 bytes), and nothing for the origin, or the slot in the ring (2 bytes).
    private static final byte[] PREFIX = {'s', '/'};
    private static final int ID_BYTES = 16;
    private static final int ORIGIN_KEY_BYTES = PREFIX.length + ID_BYTES;
    private static final int ERROR_FLAG = 0x8000;
    /// Messages after which there is a record in any case: a quarter of those that sequence numbers can tell ahead from behind.
    private static final int MAX_UNRECORDED = Message.SEQUENCE_MODULUS / 8;

    private static final Reply TOO_LARGE = Reply.error("the answer was sent, and was too large to be kept; ask again");

    /// The answer to a request.
    private record Answer(int sequence, Reply reply) {
    }

    /// One record: which batch it was, how many messages the session had accepted after it, and its answers.
    private record Batch(long number, long accepted, List<Answer> answers) {
    }

    /// What the records of one session say.
    ///
    /// @param batches  how many were recorded, or tried to be
    /// @param accepted how many messages of the client had been accepted
    /// @param answers  those of the last window, by sequence number
    record Recorded(SessionOrigin origin, long batches, long accepted, Map<Integer, Reply> answers) {
    }

    /// The records of one session as they are read, in any order.
    private static final class Records {
        private SessionOrigin origin;
        private final List<Batch> batches = new ArrayList<>();
        private boolean isDamaged;

        void add(byte[] key, byte[] value) {
            try {
                if (key.length == ORIGIN_KEY_BYTES) {
                    origin = SessionOrigin.decode(value);
                } else {
                    batches.add(decode(value));
                }
            } catch (IOException | BufferUnderflowException e) {
                LOG.log(Level.WARNING, "a session of the last run cannot be read, and is lost: {0}", e.toString());
                isDamaged = true;
            }
        }

        boolean isWhole() {
            return origin != null && !isDamaged;
        }
    }

    private final SessionOrigin origin;
    private final boolean isKept;
    private final ByteBuffer slotKey;
    /// Those of the last window that are not recorded, oldest first.
    private final AnswerQueue answers = new AnswerQueue();
    private long accepted;
    /// As the last record says.
    private long recorded;
    private long batches;
    private boolean isOriginKept;
    /// It is in the unit under way.
    private boolean isOriginAdded;
    /// How many of them there are up to the last one that belongs to a change; 0 if none does.
    private int changed;
    private boolean isNew;
    private boolean isInFragments;

    SessionJournal(SessionOrigin origin, KeyValueStore store) {
        this.origin = origin;
        isKept = store.isDurable();
        slotKey = ByteBuffer.allocate(ORIGIN_KEY_BYTES + Short.BYTES).put(PREFIX).put(HexFormat.of().parseHex(origin.id()));
    }

    /// Goes on with what another process recorded.
    SessionJournal(Recorded last, KeyValueStore store) {
        this(last.origin, store);
        batches = last.batches;
        accepted = last.accepted;
        recorded = last.accepted;
        isOriginKept = true;
    }

    /// Records the session, which begins. Blocks until that is durable. While the store takes no writes, it is recorded with the
    /// first change instead.
    void begin(KeyValueStore store) {
        if (isKept) {
            try (Unit unit = store.begin()) {
                unit.record(originKey(), origin.encode());
                unit.commit();
                isOriginKept = true;
            } catch (StoreException e) {
                LOG.log(Level.DEBUG, "a session begins without a record", e);
            }
        }
    }

    /// A request runs. Numbers come in order; those of all fragments but the last are left out. One that comes again, since
    /// its answer was too large to be kept, is known already.
    void runs(int sequence) {
        int ahead = (short) (sequence - accepted);
        isNew = ahead > 0;
        isInFragments = ahead > 1;
        accepted += Math.max(0, ahead);
        while (answers.size() > 0 && !isInWindow(origin, accepted, answers.sequence(0))) {
            removeOldest();
        }
    }

    private void removeOldest() {
        answers.removeFirst();
        changed = Math.max(0, changed - 1);
    }

    /// The request that runs may have changed something.
    void changed(int sequence, Reply reply) {
        if (isKept) {
            answers.add(sequence, reply);
            changed = answers.size();
        }
    }

    /// The request that ran has changed nothing. Of one that came in fragments, a duplicate may bring the last one only, and
    /// must not run.
    void read(int sequence, Reply reply) {
        boolean isLarge = reply.payload().length > Session.MAX_STORED_REPLY_BYTES;
        if (isKept && isNew && (isInFragments || !isLarge)) {
            answers.add(sequence, isLarge ? TOO_LARGE : reply);
        }
    }

    /// Adds what the batch changed to its unit, and forgets it; of batches that changed nothing, how far they came, now and then.
    void addTo(Unit unit) throws StoreException {
        if (!isKept || changed == 0 && accepted - recorded < MAX_UNRECORDED) {
            return;
        }
        recorded = accepted;
        byte[] batch = takeBatch();
        if (!isOriginKept) {
            unit.record(originKey(), origin.encode());
            isOriginAdded = true;
        }
        unit.record(slotKey(batches), batch);
        batches++;
    }

    /// The record of the batch. What stands up to the last change leaves the queue, even if the store then takes no record: those
    /// answers will be refused.
    private byte[] takeBatch() {
        int bytes = 2 * Long.BYTES;
        for (int i = 0; i < changed; i++) {
            bytes += 2 * Short.BYTES + answers.reply(i).payload().length;
        }
        var out = ByteBuffer.allocate(bytes).putLong(batches).putLong(accepted);
        while (changed > 0) {
            Reply reply = answers.reply(0);
            byte[] payload = reply.payload();
            out.putShort((short) answers.sequence(0))
                    .putShort((short) (payload.length | (reply.isError() ? ERROR_FLAG : 0))).put(payload);
            removeOldest();
        }
        return out.array();
    }

    /// The unit was committed, or failed.
    void settle(boolean isKept) {
        isOriginKept |= isKept && isOriginAdded;
        isOriginAdded = false;
    }

    private static boolean isInWindow(SessionOrigin origin, long last, int sequence) {
        return (last - sequence & Message.SEQUENCE_MODULUS - 1) < origin.parameters().windowSize();
    }

    /// The session is over: nobody will go on with it.
    void forget(KeyValueStore store) {
        if (batches == 0 && !isOriginKept) {
            return;
        }
        try (Unit unit = store.begin()) {
            unit.forget(originKey());
            for (long slot = 0; slot < Math.min(batches, origin.parameters().windowSize()); slot++) {
                unit.forget(slotKey(slot));
            }
        } catch (StoreException e) {
            LOG.log(Level.DEBUG, "the records of an ended session stay until they expire", e);
        }
    }

    private byte[] originKey() {
        return Arrays.copyOf(slotKey.array(), ORIGIN_KEY_BYTES);
    }

    private byte[] slotKey(long batch) {
        return slotKey.putShort(ORIGIN_KEY_BYTES, (short) (batch % origin.parameters().windowSize())).array();
    }

    /// @throws BufferUnderflowException if it is damaged
    private static Batch decode(byte[] encoded) {
        var in = ByteBuffer.wrap(encoded);
        long number = in.getLong();
        long accepted = in.getLong();
        var answers = new ArrayList<Answer>();
        while (in.hasRemaining()) {
            int sequence = Short.toUnsignedInt(in.getShort());
            int length = Short.toUnsignedInt(in.getShort());
            byte[] payload = new byte[length & ~ERROR_FLAG];
            in.get(payload);
            answers.add(new Answer(sequence, Reply.received(payload, (length & ERROR_FLAG) != 0)));
        }
        return new Batch(number, accepted, answers);
    }

    /// Makes the sessions again that another process of the server had; they wait for their clients.
    ///
    /// @throws StoreException if the records cannot be read
    static void restoreAll(Server server, long now) throws StoreException {
        for (Recorded recorded : readAll(server.store())) {
            var journal = new SessionJournal(recorded, server.store());
            Session session = Session.restored(recorded.origin.open(server, journal), recorded.accepted, recorded.answers);
            server.sessions().addDetached(session, recorded.origin.owner(), now);
        }
    }

    /// The sessions that are recorded; those that cannot be read are reported in the log, and left out.
    ///
    /// @throws StoreException if the records cannot be read
    static List<Recorded> readAll(KeyValueStore store) throws StoreException {
        var sessions = new HashMap<String, Records>();
        store.records(PREFIX).forEach((key, value) -> sessions
                .computeIfAbsent(HexFormat.of().formatHex(key, PREFIX.length, ORIGIN_KEY_BYTES), _ -> new Records())
                .add(key, value));
        return sessions.values().stream().filter(Records::isWhole).map(SessionJournal::recorded).toList();
    }

    private static Recorded recorded(Records records) {
        SessionOrigin origin = records.origin;
        records.batches.sort(Comparator.comparingLong(Batch::number));
        var answers = new HashMap<Integer, Reply>();
        if (records.batches.isEmpty()) {
            return new Recorded(origin, 0, 0, answers);
        }
        Batch last = records.batches.getLast();
        for (Batch batch : records.batches) {
            for (Answer answer : batch.answers) {
                if (isInWindow(origin, last.accepted, answer.sequence)) {
                    answers.put(answer.sequence, answer.reply);
                }
            }
        }
        return new Recorded(origin, last.number + 1, last.accepted, answers);
    }
}
