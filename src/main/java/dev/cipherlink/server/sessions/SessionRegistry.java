package dev.cipherlink.server.sessions;

import dev.cipherlink.session.Session;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
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

/// The sessions of a server: those with a connection, and detached ones that wait for their client (`docs/protocol.md`,
/// section 5).
///
/// At most one connection holds a session: that of its newest [Claim] that was taken. A connection opens a session or claims one,
/// takes it once its client has proved to be live, and releases it at its end. Each `now` is a [System#nanoTime]. Thread-safe.
public final class SessionRegistry {

    private static final Logger LOG = System.getLogger(SessionRegistry.class.getName());

    /// Limits on detached sessions. Beyond them, the owner with the most sessions, or the most memory, loses the one that
    /// has waited longest: an owner never evicts sessions of others that have fewer.
    ///
    /// @param resumeWindow how long a session waits for its client; zero: it does not wait
    /// @param maxDetached  maximum number of detached sessions
    /// @param maxBytes     maximum memory of all detached sessions
    public record Limits(Duration resumeWindow, int maxDetached, long maxBytes) {

        /// 10,000 sessions, and 256 MiB or an eighth of the heap.
        public static Limits of(Duration resumeWindow) {
            return new Limits(resumeWindow, 10_000, Math.min(256L << 20, Runtime.getRuntime().maxMemory() / 8));
        }
    }

    private static final class Entry {
        private final Session session;
        private final String owner;
        /// Null while detached.
        private Claim holder;
        /// Whether a client has proved that it knows of the session.
        private boolean isEstablished;
        /// Whether to end it with its connection, because its owner has lost the right to it.
        private boolean isRevoked;
        private int claims;
        private long detachedAt;

        Entry(Session session, String owner) {
            this.session = session;
            this.owner = owner;
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

    /// Registers a new session, held by the connection that opens it.
    ///
    /// @param owner      only the same owner may resume it
    /// @param connection closed when another connection takes the session over
    public synchronized Claim open(Session session, String owner, Closeable connection) {
        var entry = new Entry(session, owner);
        sessions.put(session.identity().id(), entry);
        entry.holder = new Claim(entry, connection);
        return entry.holder;
    }

    /// Claims a session for another connection.
    ///
    /// @param connection closed when yet another one takes the session over
    /// @return null if no session has that id and owner; a client is not told which of them is wrong
    public synchronized Claim claim(String id, String owner, Closeable connection) {
        Entry entry = sessions.get(id);
        return entry == null || !entry.owner.equals(owner) ? null : new Claim(entry, connection);
    }

    /// Adds a session of the previous process, which waits for its client within the limits.
    public void addDetached(Session session, String owner, long now) {
        var ended = new ArrayList<Session>();
        synchronized (this) {
            var entry = new Entry(session, owner);
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

    /// A connection's claim on a session. Before [#take] it changes nothing for the session or its present connection,
    /// except that the session is kept, even if no client has proved that it knows of it.
    public final class Claim {
        private final Entry entry;
        private final Closeable connection;
        private boolean isReleased;

        private Claim(Entry entry, Closeable connection) {
            this.entry = entry;
            this.connection = connection;
            entry.claims++;
        }

        public Session session() {
            return entry.session;
        }

        /// Whether this connection holds the session.
        public boolean isHolder() {
            synchronized (SessionRegistry.this) {
                return entry.holder == this;
            }
        }

        /// Whether another connection holds the session, which [#take] would end.
        public boolean isHeldByOther() {
            synchronized (SessionRegistry.this) {
                return entry.holder != null && entry.holder != this;
            }
        }

        /// Takes the session, unless this connection holds it already: its client has proved to be live, and to know of it. Blocks
        /// until the previous connection, which is closed, has released it.
        ///
        /// @throws IOException if the session has ended or must end, or the thread is interrupted
        public void take() throws IOException {
            synchronized (SessionRegistry.this) {
                while (isHeldByOther()) {
                    entry.holder.closeConnection();
                    awaitRelease();
                }
                // Another claim may have been faster, or the session may have ended with its connection, or before its client knew it.
                if (!isRegistered(entry) || entry.isRevoked) {
                    throw new IOException("the session ended while it was being taken");
                }
                if (entry.holder == null) {
                    detached.remove(entry.session, entry.owner);
                    entry.holder = this;
                    resumed++;
                }
                entry.isEstablished = true;
            }
        }

        private void closeConnection() {
            try {
                connection.close();
            } catch (IOException e) {
                // It releases the session nevertheless.
            }
        }

        /// Ends the claim. A session that this connection held waits for another one, unless it is over. One that no client has
        /// proved to know of is kept only while it is claimed. Idempotent.
        public void release(long now) {
            var ended = new ArrayList<Session>();
            synchronized (SessionRegistry.this) {
                if (isReleased) {
                    return;
                }
                isReleased = true;
                entry.claims--;
                boolean isOver = !entry.isEstablished && entry.claims == 0;
                if (entry.holder == this) {
                    detach(entry, now);
                    isOver |= entry.session.isOver() || entry.isRevoked || limits.resumeWindow().isZero();
                    SessionRegistry.this.notifyAll();
                }
                if (isOver && entry.holder == null && isRegistered(entry)) {
                    remove(entry, ended);
                }
                evict(ended);
            }
            end(ended);
        }
    }

    private boolean isRegistered(Entry entry) {
        return sessions.get(entry.session.identity().id()) == entry;
    }

    private void awaitRelease() throws InterruptedIOException {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the session's last connection to end");
        }
    }

    /// Ends the sessions that have waited too long, and drops requests with missing fragments.
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

    /// Ends the sessions of owners that have lost their right: detached ones at once, the others with their connections,
    /// which the caller ends.
    ///
    /// @param isOwner whether an owner still has its right; called with the registry's lock
    public void revoke(Predicate<String> isOwner) {
        endAll(entry -> !isOwner.test(entry.owner));
    }

    /// Ends the sessions with this name, ignoring case: as [#revoke] does.
    public void endNamed(String name) {
        endAll(entry -> entry.session.identity().name().equalsIgnoreCase(name));
    }

    private void endAll(Predicate<Entry> isOver) {
        var ended = new ArrayList<Session>();
        synchronized (this) {
            for (Entry entry : List.copyOf(sessions.values())) {
                if (isOver.test(entry)) {
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

    /// Ends sessions without the registry's lock, and continues if a handler throws.
    private static void end(List<Session> ended) {
        for (Session session : ended) {
            try {
                session.abandon(new SessionOverException());
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "the end of a session failed", e);
            }
        }
    }

    /// Ends a session. Without a stack trace, which would be most of its cost and shows nothing of interest.
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

    /// A session for operators.
    ///
    /// @param isConnected    whether a connection holds it
    /// @param waitingSeconds since it lost its connection; 0 if it has one
    public record Listed(String name, boolean isConnected, long waitingSeconds) {
    }

    /// All sessions, by name.
    public synchronized List<Listed> list(long now) {
        return sessions.values().stream().map(entry -> new Listed(entry.session.identity().name(), entry.holder != null,
                        entry.holder != null ? 0 : Duration.ofNanos(now - entry.detachedAt).toSeconds()))
                .sorted(Comparator.comparing(Listed::name, String.CASE_INSENSITIVE_ORDER)).toList();
    }

    /// Number of sessions that wait for their client.
    public synchronized int detached() {
        return detached.count();
    }

    /// Number of resumed sessions so far.
    public synchronized long resumed() {
        return resumed;
    }

    /// Number of sessions so far that were not resumed in time, or were evicted.
    public synchronized long expired() {
        return expired;
    }

    /// The detached sessions, by owner. Guarded by the [SessionRegistry].
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

        /// The memory of all detached sessions.
        long bytes() {
            return bytes;
        }

        /// The longest waiting session of the owner with the most. There must be one.
        Session oldestOfMost() {
            return oldestOf(share -> share.sessions.size());
        }

        /// The longest waiting session of the owner whose sessions use the most memory. There must be one.
        Session oldestOfLargest() {
            return oldestOf(share -> share.bytes);
        }

        /// Between equal owners, the one whose session has waited longest.
        private Session oldestOf(ToLongFunction<Share> size) {
            Comparator<Share> youngestLast = Comparator.comparingLong(share -> share.oldest().since);
            return shares.values().stream().max(Comparator.comparingLong(size).thenComparing(youngestLast.reversed()))
                    .orElseThrow().oldest().session;
        }
    }
}
