package dev.cipherlink.server.sessions;

import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;

/// Records the place of one session, for another process of the server to put it there again. Thread-safe:
/// others may send the session out of a room.
///
/// Its monitor is taken inside the store's gate, by a thread whose transaction is open. Under it the place is looked at and
/// written, so that what stands last in the transactions is what was true last.
final class PlaceJournal {

    private static final Logger LOG = System.getLogger(PlaceJournal.class.getName());
    /// Of a key: this, and the session's id (16 bytes).
    static final byte[] PREFIX = {'p', '/'};

    private final KeyValueStore store;
    private final Supplier<SessionPlace> place;
    private final byte[] key;
    /// Whether the place is another than what is recorded.
    private volatile boolean isChanged;
    private volatile boolean isRecorded;

    /// @param place where the session is now
    PlaceJournal(String sessionId, KeyValueStore store, Supplier<SessionPlace> place) {
        this.store = store;
        this.place = place;
        byte[] id = HexFormat.of().parseHex(sessionId);
        key = ByteBuffer.allocate(PREFIX.length + id.length).put(PREFIX).put(id).array();
    }

    /// Where the last process had the session.
    synchronized SessionPlace read() {
        try {
            byte[] found = store.record(key);
            if (found != null) {
                isRecorded = true;
                return SessionPlace.decode(found);
            }
        } catch (IOException | StoreException e) {
            LOG.log(Level.WARNING, "a session of the last run is not in its rooms any more: {0}", e.getMessage());
        }
        return SessionPlace.NOWHERE;
    }

    /// The place is another one. Takes no lock.
    void changed() {
        isChanged = true;
    }

    /// Adds the place to the transaction of a batch of the session, or of whoever has changed it, if it is not recorded.
    void addTo(Transaction transaction) throws StoreException {
        if (!isChanged) {
            return;
        }
        // Who waited for the gate with our monitor would wait for those inside who want it.
        transaction.beginWrite();
        synchronized (this) {
            isRecorded = true;
            // Before the place is looked at: what changes it from here on is not in the record.
            isChanged = false;
            transaction.record(key, place.get().encode());
        }
    }

    /// The session is over: nobody will go on with it.
    void forget() {
        if (!isRecorded) {
            return;
        }
        // Without our lock, which others take inside the store's gate.
        try (Transaction transaction = store.begin()) {
            transaction.forget(key);
        } catch (StoreException e) {
            LOG.log(Level.DEBUG, "the place of an ended session stays recorded", e);
        }
    }

    /// Of what a session is told: what its client takes for granted when it resumes.
    ///
    /// @param isPresent whether it takes part in the chat
    /// @param rooms     that it is in
    /// @param prefixes  of keys that it watches
    record SessionPlace(boolean isPresent, List<String> rooms, List<byte[]> prefixes) {

        static final SessionPlace NOWHERE = new SessionPlace(false, List.of(), List.of());

        byte[] encode() {
            var bytes = new ByteArrayOutputStream();
            try (var out = new DataOutputStream(bytes)) {
                out.writeBoolean(isPresent);
                out.writeShort(rooms.size());
                for (String room : rooms) {
                    out.writeUTF(room);
                }
                out.writeShort(prefixes.size());
                for (byte[] prefix : prefixes) {
                    out.writeShort(prefix.length);
                    out.write(prefix);
                }
            } catch (IOException e) {
                throw new UncheckedIOException("an array takes whatever is written", e);
            }
            return bytes.toByteArray();
        }

        /// @throws IOException if it is damaged
        static SessionPlace decode(byte[] encoded) throws IOException {
            try (var in = new DataInputStream(new ByteArrayInputStream(encoded))) {
                boolean isPresent = in.readBoolean();
                var rooms = new ArrayList<String>();
                for (int left = in.readUnsignedShort(); left > 0; left--) {
                    rooms.add(in.readUTF());
                }
                var prefixes = new ArrayList<byte[]>();
                for (int left = in.readUnsignedShort(); left > 0; left--) {
                    byte[] prefix = new byte[in.readUnsignedShort()];
                    in.readFully(prefix);
                    prefixes.add(prefix);
                }
                return new SessionPlace(isPresent, rooms, prefixes);
            }
        }
    }
}
