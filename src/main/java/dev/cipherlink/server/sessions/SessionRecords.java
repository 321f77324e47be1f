package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.server.sessions.SessionEvents.SubscriptionJournal;
import dev.cipherlink.server.sessions.SessionOrigin.Services;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/// The records of all sessions, as written by [SessionJournal], and how to read them: session by session, so that they
/// need not fit into memory together.
public final class SessionRecords {

    private static final Logger LOG = System.getLogger(SessionRecords.class.getName());
    /// A key is this prefix, the session's id (16 bytes), and for a record its slot (2 bytes); the key of the origin has
    /// no slot.
    private static final byte[] PREFIX = {'s', '/'};
    private static final int ID_BYTES = 16;
    private static final int ORIGIN_KEY_BYTES = PREFIX.length + ID_BYTES;
    private static final byte[] NOTHING = {};
    /// Bytes of records that are read at once.
    private static final int PAGE_BYTES = 1 << 20;
    /// Header of a record: the number of the last request that may have changed something, and the number of received
    /// messages. Both count from the start of the session.
    static final int HEADER_BYTES = 2 * Long.BYTES;
    private static final int ERROR_FLAG = 0x8000;
    /// In place of a length: the answer is a record of its own, whose size follows (4 bytes).
    private static final int STORED = 0xFFFF;
    /// Answers up to this size are always recorded and restored, because they may belong to changes.
    static final int SHORT_BYTES = 256;

    private SessionRecords() {
    }

    /// The keys of one session's records.
    static final class Keys {
        private final ByteBuffer slot;

        Keys(String sessionId) {
            slot = ByteBuffer.allocate(ORIGIN_KEY_BYTES + Short.BYTES).put(PREFIX).put(HexFormat.of().parseHex(sessionId));
        }

        byte[] origin() {
            return Arrays.copyOf(slot.array(), ORIGIN_KEY_BYTES);
        }

        /// @return the same array each time
        byte[] slot(int number) {
            return slot.putShort(ORIGIN_KEY_BYTES, (short) number).array();
        }
    }

    /// A record without its answers.
    ///
    /// @param bytes size of the whole record
    record Batch(int slot, long received, int bytes) {
    }

    /// The contents of one session's records.
    ///
    /// @param received   number of messages received from the client
    /// @param lastChange number of the last request that may have changed something, on the same count
    /// @param answers    those of the last window, by sequence number
    /// @param batches    the records in the window, oldest first
    /// @param stored     sizes of the answers that are among the [StoredAnswers], by the numbers of their requests
    public record Recorded(SessionOrigin origin, long received, long lastChange, Map<Integer, Reply> answers, List<Batch> batches,
                           NavigableMap<Long, Integer> stored) {
    }

    static boolean isShort(Reply reply) {
        return hasNoPayload(reply) || reply.payload().length <= SHORT_BYTES;
    }

    /// The size of an answer in a record.
    static int bytes(Reply reply) {
        return 2 * Short.BYTES + (reply == StoredAnswers.STORED ? Integer.BYTES : hasNoPayload(reply) ? 0 : reply.payload().length);
    }

    private static boolean hasNoPayload(Reply reply) {
        return reply == Session.NOT_KEPT || reply == StoredAnswers.STORED;
    }

    /// An error without text stands for a lost answer.
    ///
    /// @param storedBytes of an answer that is a record of its own
    static void encode(int sequence, Reply reply, int storedBytes, ByteBuffer out) {
        if (reply == StoredAnswers.STORED) {
            out.putShort((short) sequence).putShort((short) STORED).putInt(storedBytes);
            return;
        }
        byte[] payload = reply == Session.NOT_KEPT ? NOTHING : reply.payload();
        out.putShort((short) sequence).putShort((short) (payload.length | (reply.isError() ? ERROR_FLAG : 0))).put(payload);
    }

    private static Reply decode(ByteBuffer in) {
        int length = Short.toUnsignedInt(in.getShort());
        if (length == ERROR_FLAG || length == STORED) {
            return length == STORED ? StoredAnswers.STORED : Session.NOT_KEPT;
        }
        byte[] payload = new byte[length & ~ERROR_FLAG];
        in.get(payload);
        return Reply.received(payload, (length & ERROR_FLAG) != 0);
    }

    /// Reads the records of one session, one by one and in any order. Never holds more than a window of answers, nor more
    /// than [SessionJournal#MAX_BYTES] of the long ones.
    private static final class Reading {
        private final String id;
        private final SessionOrigin origin;
        /// By the number of messages received up to them.
        private final NavigableMap<Long, Batch> batches = new TreeMap<>();
        private final NavigableMap<Long, Reply> answers = new TreeMap<>();
        private final NavigableMap<Long, Integer> stored = new TreeMap<>();
        private final List<Integer> left = new ArrayList<>();
        private long bytes;
        private long lastChange;

        Reading(String id, byte[] origin) throws IOException {
            this.id = id;
            this.origin = SessionOrigin.decode(origin);
            if (!this.origin.id().equals(id)) {
                throw new IOException("a session under the id of another");
            }
        }

        /// @throws BufferUnderflowException if the record is damaged
        void add(int slot, byte[] record) {
            var in = ByteBuffer.wrap(record);
            long changed = in.getLong();
            long received = in.getLong();
            lastChange = Math.max(lastChange, changed);
            batches.put(received, new Batch(slot, received, record.length));
            while (in.hasRemaining()) {
                int sequence = Short.toUnsignedInt(in.getShort());
                long number = received - (received - sequence & Message.SEQUENCE_MODULUS - 1);
                Reply answer = decode(in);
                add(number, answer);
                if (answer == StoredAnswers.STORED) {
                    stored.put(number, in.getInt());
                }
            }
            leaveWindow();
        }

        private void add(long number, Reply answer) {
            boolean isTooMuch = bytes + answer.payload().length > SessionJournal.MAX_BYTES && !isShort(answer);
            Reply known = isTooMuch ? Session.NOT_KEPT : answer;
            bytes += known.payload().length;
            Reply other = answers.put(number, known);
            bytes -= other == null ? 0 : other.payload().length;
        }

        private void leaveWindow() {
            long last = batches.lastKey() - origin.parameters().windowSize();
            batches.headMap(last, true).values().forEach(batch -> left.add(batch.slot));
            batches.headMap(last, true).clear();
            NavigableMap<Long, Reply> late = answers.headMap(last, true);
            late.values().forEach(answer -> bytes -= answer.payload().length);
            late.clear();
            stored.headMap(last, true).clear();
        }

        Recorded end() {
            var bySequence = new HashMap<Integer, Reply>();
            answers.forEach((number, answer) -> {
                if (answer != StoredAnswers.STORED) {
                    bySequence.put((int) (number & Message.SEQUENCE_MODULUS - 1), answer);
                }
            });
            long received = batches.isEmpty() ? 0 : batches.lastKey();
            return new Recorded(origin, received, lastChange, bySequence, List.copyOf(batches.values()), stored);
        }
    }

    /// Recreates the sessions of the previous process, which then wait for their clients. A failure for one session is
    /// logged, and its records stay until [#forgetAll].
    ///
    /// @throws StoreException if the records cannot be read
    public static void restoreAll(Services services, long now) throws StoreException {
        long expired = services.sessions().expired();
        forEach(services.store(), recorded -> {
            try {
                var journal = new SessionJournal(recorded, services.store());
                Session session = Session.restored(recorded.origin.open(services, journal), recorded.received, recorded.answers);
                services.sessions().addDetached(session, recorded.origin.owner(), now);
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "a session of the last run is lost: " + recorded.origin.id(), e);
            }
        });
        long lost = services.sessions().expired() - expired;
        if (lost > 0) {
            LOG.log(Level.WARNING, "{0} sessions of the last run are lost: together they were more than the server has memory for",
                    Long.toString(lost));
        }
    }

    /// Passes each recorded session to `taker`, one at a time; an unreadable one is logged and skipped. Records that have
    /// left the window of their session are deleted.
    ///
    /// @throws StoreException if the records cannot be read
    public static void forEach(KeyValueStore store, Consumer<Recorded> taker) throws StoreException {
        Reading[] reading = {null};
        String[] damaged = {null};
        forEachRecord(store, PREFIX, (key, record) -> {
            String id = HexFormat.of().formatHex(key, PREFIX.length, ORIGIN_KEY_BYTES);
            if (reading[0] != null && !reading[0].id.equals(id)) {
                end(store, reading[0], taker);
                reading[0] = null;
            }
            if (id.equals(damaged[0])) {
                return;
            }
            try {
                // An origin has the shortest key of its session, and so comes first.
                if (key.length == ORIGIN_KEY_BYTES) {
                    reading[0] = new Reading(id, record);
                } else if (reading[0] == null) {
                    throw new IOException("whose it was is not recorded");
                } else {
                    reading[0].add(Short.toUnsignedInt(ByteBuffer.wrap(key).getShort(ORIGIN_KEY_BYTES)), record);
                }
            } catch (IOException | BufferUnderflowException e) {
                LOG.log(Level.WARNING, "a session of the last run cannot be read, and is lost: {0}", e.toString());
                damaged[0] = id;
                reading[0] = null;
            }
        });
        if (reading[0] != null) {
            end(store, reading[0], taker);
        }
    }

    private static void end(KeyValueStore store, Reading reading, Consumer<Recorded> taker) throws StoreException {
        if (!reading.left.isEmpty()) {
            var keys = new Keys(reading.id);
            try (Transaction transaction = store.begin()) {
                for (int slot : reading.left) {
                    transaction.forget(keys.slot(slot));
                }
            } catch (StoreException e) {
                LOG.log(Level.DEBUG, "records that nobody needs stay", e);
            }
        }
        taker.accept(reading.end());
    }

    /// Deletes all sessions and their subscriptions, for a store that is not opened by a server.
    ///
    /// @return the number of sessions
    /// @throws StoreException if the store takes no writes
    public static int forgetAll(KeyValueStore store) throws StoreException {
        int[] sessions = {0};
        for (byte[] prefix : List.of(PREFIX, SubscriptionJournal.PREFIX, StoredAnswers.PREFIX)) {
            forEachRecord(store, prefix, (key, _) -> {
                sessions[0] += key.length == ORIGIN_KEY_BYTES && prefix == PREFIX ? 1 : 0;
                try (Transaction transaction = store.begin()) {
                    transaction.forget(key);
                }
            });
        }
        try (Transaction transaction = store.begin()) {
            transaction.forget(PREFIX);
            transaction.commit();
        }
        return sessions[0];
    }

    /// Receives records, one at a time.
    private interface RecordTaker {
        void take(byte[] key, byte[] record) throws StoreException;
    }

    private static void forEachRecord(KeyValueStore store, byte[] prefix, RecordTaker taker) throws StoreException {
        byte[] after = NOTHING;
        while (true) {
            NavigableMap<byte[], byte[]> page = store.records(prefix, after, PAGE_BYTES);
            if (page.isEmpty()) {
                return;
            }
            for (Map.Entry<byte[], byte[]> record : page.entrySet()) {
                taker.take(record.getKey(), record.getValue());
            }
            after = page.lastKey();
        }
    }
}
