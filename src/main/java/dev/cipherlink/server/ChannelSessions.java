package dev.cipherlink.server;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.Link.LinkEnd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;

/// The sessions of channels, each with a connection or waiting for one (`docs/protocol.md`, section 6.1). Thread-safe.
final class ChannelSessions {

    /// Sessions of one key that may wait for a connection; beyond that the oldest ends.
    private static final int MAX_DETACHED_PER_KEY = 16;
    /// Of the heap, for packets that are kept and bytes that targets have not taken.
    private static final int HEAP_SHARE = 8;

    /// Sessions with a platform thread: those are not for clients to use up.
    static final int MAX_THREADS = 64;

    private final Server server;
    private final Semaphore threads = new Semaphore(MAX_THREADS);
    private final MemoryBudget budget = MemoryBudget.ofHeap(HEAP_SHARE);
    private final Map<String, Entry> entries = new HashMap<>();

    private static final class Entry {
        private final ChannelSession session;
        /// Null while detached.
        private Connection holder;
        private long detachedAt;

        Entry(ChannelSession session, Connection holder) {
            this.session = session;
            this.holder = holder;
        }
    }

    ChannelSessions(Server server) {
        this.server = server;
    }

    /// Makes a new one for a connection.
    ChannelSession open(String id, ClientIdentity client, Connection connection) throws IOException {
        var session = new ChannelSession(id, client, server, budget);
        synchronized (this) {
            entries.put(id, new Entry(session, connection));
        }
        return session;
    }

    /// Serves a session in a platform thread, which waits for its selector without the poller and the scheduler of virtual threads; in the
    /// calling thread if [#MAX_THREADS] sessions have theirs. Blocks.
    LinkEnd inThread(Callable<LinkEnd> session) throws InterruptedException {
        var task = new FutureTask<>(session);
        if (!threads.tryAcquire()) {
            task.run();
            return endOf(task);
        }
        try {
            Thread thread = Thread.ofPlatform().daemon().name("cipherlink-session").start(task);
            try {
                return endOf(task);
            } catch (InterruptedException e) {
                thread.interrupt();
                thread.join();
                throw e;
            }
        } finally {
            threads.release();
        }
    }

    private static LinkEnd endOf(FutureTask<LinkEnd> session) throws InterruptedException {
        try {
            return session.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case InterruptedException cause -> throw cause;
                case Error cause -> throw cause;
                default -> throw new IllegalStateException(e.getCause());
            }
        }
    }

    /// The session with this id, if it is this client's, with the rights that it had; null if there is none.
    synchronized ChannelSession find(String id, ClientIdentity client) {
        Entry found = entries.get(id);
        return found == null || !found.session.client().equals(client) ? null : found.session;
    }

    /// Gives it to a connection, and ends the one that had it.
    ///
    /// @throws IOException if it has ended meanwhile
    void take(ChannelSession session, Connection connection) throws IOException {
        Connection before;
        synchronized (this) {
            Entry entry = entries.get(session.id());
            if (entry == null) {
                throw new IOException("the session has ended");
            }
            before = entry.holder;
            entry.holder = connection;
        }
        if (before != null && before != connection) {
            before.close();
            session.wakeUp();
        }
    }

    /// Has it wait for another connection, unless it has one already.
    void release(ChannelSession session, Connection connection) {
        synchronized (this) {
            Entry entry = entries.get(session.id());
            if (entry == null || entry.holder != connection) {
                return;
            }
            entry.holder = null;
            entry.detachedAt = System.nanoTime();
        }
        while (detachedOf(session.client()).size() > MAX_DETACHED_PER_KEY) {
            endOldest(session.client());
        }
    }

    private synchronized List<Entry> detachedOf(ClientIdentity client) {
        return entries.values().stream().filter(entry -> entry.holder == null && entry.session.client().key().equals(client.key()))
                .sorted(Comparator.comparingLong((Entry entry) -> entry.detachedAt)).toList();
    }

    /// Ends the session of the client that waits longest for a connection.
    ///
    /// @return false if there is none
    boolean endOldest(ClientIdentity client) {
        List<Entry> detached = detachedOf(client);
        if (detached.isEmpty()) {
            return false;
        }
        endDetached(detached.getFirst(), "its client has too many connections");
        return true;
    }

    /// Ends a session, unless a connection has taken it meanwhile: that one's thread runs it.
    ///
    /// @return whether it has ended, be it before
    private boolean endDetached(Entry entry, String why) {
        synchronized (this) {
            if (entry.holder != null) {
                return false;
            }
            if (!entries.remove(entry.session.id(), entry)) {
                return true;
            }
        }
        entry.session.end(why);
        return true;
    }

    /// Ends a session that waits for a connection.
    ///
    /// @return false if it has one
    boolean endIfDetached(ChannelSession session, String why) {
        Entry entry;
        synchronized (this) {
            entry = entries.get(session.id());
        }
        return entry == null || endDetached(entry, why);
    }

    /// Ends a session that no thread runs any more.
    void end(ChannelSession session, String why) {
        Entry entry;
        synchronized (this) {
            entry = entries.remove(session.id());
        }
        if (entry != null) {
            session.end(why);
        }
    }

    /// Ends those that waited for the resume window.
    void expire(long nanoTime) {
        long window = server.config().sessions().resumeWindow().toNanos();
        endWhere(entry -> nanoTime - entry.detachedAt >= window, "its client did not come back in time");
    }

    /// Ends those that wait and whose client is not admitted any more, or has other rights. Connections of others see to themselves.
    void endUnlessAdmitted(ClientDirectory clients) {
        endWhere(entry -> clients.identify(entry.session.client().key().orElseThrow())
                .filter(entry.session.client()::equals).isEmpty(), "revoked");
    }

    private void endWhere(Predicate<Entry> condition, String why) {
        List<Entry> ending;
        synchronized (this) {
            ending = entries.values().stream().filter(entry -> entry.holder == null).filter(condition).toList();
        }
        ending.forEach(entry -> endDetached(entry, why));
    }

    /// Ends the channels whose targets the rules do not admit any more.
    void endForwardsNotAllowed() {
        all().forEach(ChannelSession::endForwardsNotAllowed);
    }

    private synchronized List<ChannelSession> all() {
        var sessions = new ArrayList<ChannelSession>();
        entries.values().forEach(entry -> sessions.add(entry.session));
        return sessions;
    }

    /// Ends all, with the server.
    void endAll() {
        all().forEach(session -> end(session, "the server stopped"));
    }

    /// Open channels.
    int channels() {
        return all().stream().mapToInt(ChannelSession::size).sum();
    }

    /// Sessions that wait for a connection.
    synchronized int detached() {
        return (int) entries.values().stream().filter(entry -> entry.holder == null).count();
    }
}
