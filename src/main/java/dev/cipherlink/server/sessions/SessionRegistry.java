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
/// At most one connection holds a session. A connection that resumes one claims it, and takes it when its client has proved to be
/// there; the connection that held it is closed first. Each `now` is a [System#nanoTime]. Thread-safe.
public final class SessionRegistry {

    private static final Logger LOG = System.getLogger(SessionRegistry.class.getName());

    /// Limits on detached sessions. Beyond them, the owner with the most sessions, or the most memory, loses the one that has waited
    /// longest: an owner never evicts sessions of others that have fewer.
    ///
    /// @param resumeWindow time that a session waits for its client; zero: it does not wait
    /// @param maxDetached  the most that wait
    /// @param maxBytes     the most memory that they keep together
    public record Limits(Duration resumeWindow, int maxDetached, long maxBytes) {
    }

    private static final class Entry {
        private final Session session;
        private final String owner;
        /// The connection that has it; null while it is detached.
        private Closeable holder;
        /// Whether a client has proved that it knows of the session.
        private boolean isEstablished;
        /// Whether it ends with its connection, since its owner has lost the right to it.
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
    /// @param owner  only the same owner may resume it
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

    /// Adds a session of the last process, which waits for its client within the limits.
    public void addDetached(Session session, String owner, long now) {
        var ended = new ArrayList<Session>();
        synchronized (this) {
            var entry = new Entry(session, owner, null);
            entry.isEstablished = true;
            sessions.put(session.identity().id(), entry);
            detach(entry, now);
            evict(ended);
        }
        end(ended);
    }

    private void detach(Entry entry, long now) {
        entry.holder = null;
        entry.detachedAt = now;
        detached.add(entry.session, entry.owner, now);
    }

    /// A claim of a connection on a session. It changes nothing for the session or the connection that holds it before [#take], but
    /// that the session is kept meanwhile, even if no client has proved that it knows of it.
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

        /// Whether a connection holds the session now, which [#take] would end.
        public boolean isHeld() {
            synchronized (SessionRegistry.this) {
                return entry.holder != null;
            }
        }

        /// Takes the session for a connection whose client has proved that it is there. Blocks until the connection that held it has
        /// released it. Ends the claim.
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
                    // Another claim may have been faster, or the session may have ended with its connection.
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
    /// @return null if there is none of that id and owner; a client is not told which
    public synchronized Claim claim(String id, String owner) {
        Entry entry = sessions.get(id);
        return entry == null || !entry.owner.equals(owner) ? null : new Claim(entry);
    }

    private static void close(Closeable holder) {
        try {
            holder.close();
        } catch (IOException e) {
            // It releases the session all the same.
        }
    }

    /// The connection that held the session has ended: the session waits for another one, unless it is over. If no client has proved
    /// that it knows of the session, it is kept only while there is a claim on it.
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
            evict(ended);
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

    /// Ends the sessions of owners that have lost their right: those that wait at once, the others with their connections, which the
    /// caller ends.
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

    private void evict(List<Session> ended) {
        while (detached.count() > limits.maxDetached()) {
            evict(detached.oldestOfMost(), ended);
        }
        while (detached.bytes() > limits.maxBytes()) {
            evict(detached.oldestOfLargest(), ended);
        }
    }

    private void evict(Session session, List<Session> ended) {
        expired++;
        remove(sessions.get(session.identity().id()), ended);
    }

    private void remove(Entry entry, List<Session> ended) {
        sessions.remove(entry.session.identity().id());
        detached.remove(entry.session, entry.owner);
        ended.add(entry.session);
    }

    /// Ends them without the registry's lock, and goes on if a handler throws.
    private static void end(List<Session> ended) {
        for (Session session : ended) {
            try {
                session.abandon(new SessionOverException());
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "the end of a session failed", e);
            }
        }
    }

    /// One ends each session, and says nothing by its place in the code: it has no stack trace, which would be most of its cost.
    private static final class SessionOverException extends IOException {
        private static final long serialVersionUID = 1;

        SessionOverException() {
            super("the session is over");
        }

        @Override
        public Throwable fillInStackTrace() {
            return this;
        }
    }

    /// Sessions that wait for their client.
    public synchronized int detached() {
        return detached.count();
    }

    /// Resumes so far.
    public synchronized long resumed() {
        return resumed;
    }

    /// Sessions so far that were not resumed in time, or were evicted.
    public synchronized long expired() {
        return expired;
    }

    /// The sessions that wait for their clients, by owner. Guarded by the [SessionRegistry].
    static final class DetachedSessions {

        private record Waiting(Session session, long since, long bytes) {
        }

        /// The sessions of one owner, the longest waiting first.
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

        /// Memory that they keep.
        long bytes() {
            return bytes;
        }

        /// The one that has waited longest, of the owner with the most sessions. There must be one.
        Session oldestOfMost() {
            return oldestOf(share -> share.sessions.size());
        }

        /// The one that has waited longest, of the owner whose sessions keep the most memory. There must be one.
        Session oldestOfLargest() {
            return oldestOf(share -> share.bytes);
        }

        /// Of owners that are equal, the one whose session has waited longest.
        private Session oldestOf(ToLongFunction<Share> size) {
            Comparator<Share> youngestLast = Comparator.comparingLong(share -> share.oldest().since);
            return shares.values().stream().max(Comparator.comparingLong(size).thenComparing(youngestLast.reversed()))
                    .orElseThrow().oldest().session;
        }
    }
}
