package dev.cipherlink.session;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToLongFunction;

/// The sessions that wait for their clients, by whose they are. Guarded by its [SessionRegistry].
final class DetachedSessions {

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
