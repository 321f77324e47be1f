package dev.cipherlink.server.sessions;

import dev.cipherlink.session.Session;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/// The sessions of a server: those that have a connection, and those that wait for their client to come back
/// (`docs/protocol.md`, section 5).
///
/// Each is held by at most one connection. Who resumes a session claims it, and takes it from the connection that holds it when its
/// client has proved to be there: that one is closed first. It does not look at the clock: each `now` is a [System#nanoTime]. Thread-safe.
public final class SessionRegistry {

    private static final Logger LOG = System.getLogger(SessionRegistry.class.getName());

    /// What detached sessions may cost. Beyond that, whoever keeps most of them, or most memory with them, loses the one that
    /// has waited longest: nobody pushes out the sessions of others who keep fewer.
    ///
    /// @param resumeWindow how long a session waits for its client; zero: not at all
    /// @param maxDetached  how many wait at most
    /// @param maxBytes     of memory that they keep together
    public record Limits(Duration resumeWindow, int maxDetached, long maxBytes) {
    }

    private static final class Entry {
        private final Session session;
        private final String owner;
        /// The connection that has it; null while it is detached.
        private Closeable holder;
        /// Whether a client has proved that it knows of the session.
        private boolean isEstablished;
        /// Whether it ends with its connection, since its owner has no right to it any more.
        private boolean isRevoked;
        private int claims;
        private long detachedAt;

        Entry(Session session, String owner, Closeable holder) {
            this.session = session;
            this.owner = owner;
            this.holder = holder;
        }
    }

    private final Limits limits;
    private final Map<String, Entry> sessions = new HashMap<>();
    private final DetachedSessions detached = new DetachedSessions();
    private long resumed;
    private long expired;

    public SessionRegistry(Limits limits) {
        this.limits = limits;
    }

    /// A new session was granted.
    ///
    /// @param owner  whoever resumes it must be the same
    /// @param holder closed when another connection takes the session over
    public synchronized void add(Session session, String owner, Closeable holder) {
        sessions.put(session.identity().id(), new Entry(session, owner, holder));
    }

    /// The client has proved that it knows of the session.
    public synchronized void established(Session session) {
        Entry entry = sessions.get(session.identity().id());
        if (entry != null) {
            entry.isEstablished = true;
        }
    }

    /// A session that another process had waits for its client, as far as there is room.
    public void addDetached(Session session, String owner, long now) {
        var ended = new ArrayList<Session>();
        synchronized (this) {
            var entry = new Entry(session, owner, null);
            entry.isEstablished = true;
            sessions.put(session.identity().id(), entry);
            detach(entry, now);
            makeRoom(ended);
        }
        end(ended);
    }

    private void detach(Entry entry, long now) {
        entry.holder = null;
        entry.detachedAt = now;
        detached.add(entry.session, entry.owner, now);
    }

    /// A session that a connection would go on with. Nothing happens to the session, nor to the connection that has it, before
    /// [#take]; only that it is kept meanwhile if no client has proved that it knows of it.
    public final class Claim implements AutoCloseable {
        private final Entry entry;
        private boolean isOpen = true;

        private Claim(Entry entry) {
            this.entry = entry;
            entry.claims++;
        }

        public Session session() {
            return entry.session;
        }

        /// Whether a connection has the session now, which [#take] would end.
        public boolean isHeld() {
            synchronized (SessionRegistry.this) {
                return entry.holder != null;
            }
        }

        /// Takes the session for the connection, whose client has proved that it is there. Blocks until the one that had it has
        /// let it go. Ends the claim.
        ///
        /// @param holder closed when another connection takes the session over
        /// @return false if the session has ended meanwhile
        public boolean take(Closeable holder) throws InterruptedException {
            synchronized (SessionRegistry.this) {
                try {
                    while (entry.holder != null) {
                        SessionRegistry.close(entry.holder);
                        SessionRegistry.this.wait();
                    }
                    // Another one may have been faster, or the session have ended with its connection.
                    if (sessions.get(entry.session.identity().id()) != entry) {
                        return false;
                    }
                    detached.remove(entry.session, entry.owner);
                    entry.holder = holder;
                    entry.isEstablished = true;
                    resumed++;
                    return true;
                } finally {
                    close();
                }
            }
        }

        /// Gives the claim up. Idempotent.
        @Override
        public void close() {
            var ended = new ArrayList<Session>();
            synchronized (SessionRegistry.this) {
                if (isOpen) {
                    isOpen = false;
                    entry.claims--;
                    if (entry.holder == null && !isWanted(entry) && sessions.get(entry.session.identity().id()) == entry) {
                        remove(entry, ended);
                    }
                }
            }
            end(ended);
        }
    }

    private static boolean isWanted(Entry entry) {
        return entry.isEstablished || entry.claims > 0;
    }

    /// Claims a session for another connection.
    ///
    /// @return null if there is none of that id and owner, which a client cannot tell apart
    public synchronized Claim claim(String id, String owner) {
        Entry entry = sessions.get(id);
        return entry == null || !entry.owner.equals(owner) ? null : new Claim(entry);
    }

    private static void close(Closeable holder) {
        try {
            holder.close();
        } catch (IOException e) {
            // It lets the session go all the same.
        }
    }

    /// The connection that had the session has ended: the session waits for another one, unless it is over.
    /// If no client has proved that it knows of the session, it is only kept for a connection that claims it already.
    public void release(Session session, long now) {
        var ended = new ArrayList<Session>();
        synchronized (this) {
            Entry entry = sessions.get(session.identity().id());
            if (entry == null) {
                return;
            }
            detach(entry, now);
            if (session.isOver() || entry.isRevoked || limits.resumeWindow().isZero() || !isWanted(entry)) {
                remove(entry, ended);
            }
            makeRoom(ended);
            notifyAll();
        }
        end(ended);
    }

    /// Ends the sessions that waited too long, and drops requests whose fragments do not go on.
    public void expire(long now) {
        var ended = new ArrayList<Session>();
        synchronized (this) {
            for (Entry entry : List.copyOf(sessions.values())) {
                entry.session.expireFragments(now);
                if (entry.holder == null && now - entry.detachedAt >= limits.resumeWindow().toNanos()) {
                    expired++;
                    remove(entry, ended);
                }
            }
        }
        end(ended);
    }

    /// Ends the sessions of those who have no right to them any more: those that wait at once, the others with their connections,
    /// which the caller ends.
    ///
    /// @param isOwner whether an owner has its right still; called with the registry's lock
    public void revoke(Predicate<String> isOwner) {
        var ended = new ArrayList<Session>();
        synchronized (this) {
            for (Entry entry : List.copyOf(sessions.values())) {
                if (!isOwner.test(entry.owner)) {
                    entry.isRevoked = true;
                    if (entry.holder == null) {
                        remove(entry, ended);
                    }
                }
            }
        }
        end(ended);
    }

    private void makeRoom(List<Session> ended) {
        while (detached.count() > limits.maxDetached()) {
            pushOut(detached.oldestOfMost(), ended);
        }
        while (detached.bytes() > limits.maxBytes()) {
            pushOut(detached.oldestOfLargest(), ended);
        }
    }

    private void pushOut(Session session, List<Session> ended) {
        expired++;
        remove(sessions.get(session.identity().id()), ended);
    }

    private void remove(Entry entry, List<Session> ended) {
        sessions.remove(entry.session.identity().id());
        detached.remove(entry.session, entry.owner);
        ended.add(entry.session);
    }

    /// Without our lock: handlers are told, also those behind one that throws.
    private static void end(List<Session> ended) {
        for (Session session : ended) {
            try {
                session.abandon(new IOException("the session is over"));
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "the end of a session failed", e);
            }
        }
    }

    /// How many wait for their client.
    public synchronized int detached() {
        return detached.count();
    }

    /// How many times a session was resumed.
    public synchronized long resumed() {
        return resumed;
    }

    /// How many ended because nobody resumed them in time, or to make room.
    public synchronized long expired() {
        return expired;
    }

    /// The sessions that wait for their clients, by whose they are. Guarded by its [SessionRegistry].
    static final class DetachedSessions {

        private record Waiting(Session session, long since, long bytes) {
        }

        /// What one owner keeps waiting, the longest first.
        private static final class Share {
            private final Map<Session, Waiting> sessions = new LinkedHashMap<>();
            private long bytes;

            private Waiting oldest() {
                return sessions.values().iterator().next();
            }
        }

        private final Map<String, Share> shares = new HashMap<>();
        private int count;
        private long bytes;

        /// @param now a [System#nanoTime], not before that of an earlier call
        void add(Session session, String owner, long now) {
            var waiting = new Waiting(session, now, session.retainedBytes());
            Share share = shares.computeIfAbsent(owner, _ -> new Share());
            share.sessions.put(session, waiting);
            share.bytes += waiting.bytes;
            count++;
            bytes += waiting.bytes;
        }

        void remove(Session session, String owner) {
            Share share = shares.get(owner);
            Waiting waiting = share.sessions.remove(session);
            share.bytes -= waiting.bytes;
            if (share.sessions.isEmpty()) {
                shares.remove(owner);
            }
            count--;
            bytes -= waiting.bytes;
        }

        int count() {
            return count;
        }

        /// Of memory that they keep.
        long bytes() {
            return bytes;
        }

        /// Of the owner who keeps most of them waiting, the one that has waited longest. There must be one.
        Session oldestOfMost() {
            return oldestOf(share -> share.sessions.size());
        }

        /// Of the owner whose sessions keep most memory, the one that has waited longest. There must be one.
        Session oldestOfLargest() {
            return oldestOf(share -> share.bytes);
        }

        /// Where several owners keep as much, the one of them whose session has waited longest.
        private Session oldestOf(ToLongFunction<Share> size) {
            Comparator<Share> youngestLast = Comparator.comparingLong(share -> share.oldest().since);
            return shares.values().stream().max(Comparator.comparingLong(size).thenComparing(youngestLast.reversed()))
                    .orElseThrow().oldest().session;
        }
    }
}
