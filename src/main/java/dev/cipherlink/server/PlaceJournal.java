package dev.cipherlink.server;

import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Unit;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Supplier;

/// Records the place of one session, for another process of the server to put it there again. Thread-safe:
/// others may send the session out of a room.
///
/// Its monitor is taken inside the store's gate, by a thread whose unit is open. Under it the place is looked at and
/// written, so that what stands last in the units is what was true last.
final class PlaceJournal {

    private static final Logger LOG = System.getLogger(PlaceJournal.class.getName());
    /// Of a key: this, and the session's id (16 bytes).
    static final byte[] PREFIX = {'p', '/'};
    private static final byte[] UNKNOWN = {};

    private final KeyValueStore store;
    private final Supplier<SessionPlace> place;
    private final byte[] key;
    /// As it is on the disk, or will be with the unit under way.
    private byte[] recorded = SessionPlace.NOWHERE.encode();

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
                recorded = found;
                return SessionPlace.decode(found);
            }
        } catch (IOException | StoreException e) {
            LOG.log(Level.WARNING, "a session of the last run is not in its rooms any more: {0}", e.getMessage());
        }
        return SessionPlace.NOWHERE;
    }

    /// Adds the place to the unit of a batch of the session, if it has changed.
    void addTo(Unit unit) throws StoreException {
        // Who waited for the gate with our monitor would wait for those inside who want it.
        unit.open();
        synchronized (this) {
            byte[] encoded = place.get().encode();
            if (!Arrays.equals(encoded, recorded)) {
                unit.record(key, encoded);
                recorded = encoded;
            }
        }
    }

    /// Adds the place to a unit of somebody else, who has changed it. Whether that unit fails is not told here.
    void addToOthers(Unit unit) throws StoreException {
        unit.open();
        synchronized (this) {
            unit.record(key, place.get().encode());
            recorded = UNKNOWN;
        }
    }

    /// The unit was not committed.
    synchronized void failed() {
        recorded = UNKNOWN;
    }

    /// The session is over: nobody will go on with it.
    void forget() {
        if (!isRecorded()) {
            return;
        }
        // Without our lock, which others take inside the store's gate.
        try (Unit unit = store.begin()) {
            unit.forget(key);
        } catch (StoreException e) {
            LOG.log(Level.DEBUG, "the place of an ended session stays recorded", e);
        }
    }

    private synchronized boolean isRecorded() {
        return !Arrays.equals(recorded, SessionPlace.NOWHERE.encode());
    }
}
