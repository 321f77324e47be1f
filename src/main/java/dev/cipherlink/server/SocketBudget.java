package dev.cipherlink.server;

import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;

/// Limits the open connections, and the sockets: those of connections and of forward targets.
///
/// Sockets never take the last descriptors of the process. Without a free descriptor a server cannot load a class, write
/// its store's log or reread its keys, and would fail its present clients. A client beyond the budget therefore waits in
/// the listener's backlog. If `accept` fails all the same, [AcceptBackoff] delays the next one. Thread-safe.
final class SocketBudget {

    /// A quarter of all descriptors stays free, within these bounds: the store may have 512 table files open.
    private static final int SPARE_SHARE = 4;
    private static final int LEAST_SPARE = 32;
    private static final int MOST_SPARE = 600;

    private final int maxConnections;
    private final boolean isLowered;
    private final Semaphore connections;
    private final Semaphore sockets;

    /// Counts the open descriptors of the process once, so its files have to be open already.
    ///
    /// @throws IOException if the process may not have the descriptors for one connection
    SocketBudget(int maxConnections) throws IOException {
        this(maxConnections, ofProcess());
    }

    SocketBudget(int maxConnections, int maxSockets) {
        this.maxConnections = Math.min(maxConnections, maxSockets);
        isLowered = maxSockets < maxConnections;
        connections = new Semaphore(this.maxConnections);
        sockets = new Semaphore(maxSockets);
    }

    private static int ofProcess() throws IOException {
        String[] open = new File("/proc/self/fd").list();
        return open == null ? Integer.MAX_VALUE : maxSockets(descriptorLimit(), open.length);
    }

    /// The descriptor limit of the process.
    ///
    /// @return a very large number if there is no limit or the system does not report it; `accept` then fails at the
    ///     limit
    static long descriptorLimit() {
        try (Stream<String> limits = Files.lines(Path.of("/proc/self/limits"))) {
            return limits.filter(line -> line.startsWith("Max open files"))
                    .mapToLong(line -> Long.parseLong(line.split(" +")[3])).findFirst().orElse(Integer.MAX_VALUE);
        } catch (IOException | NumberFormatException e) {
            return Integer.MAX_VALUE;
        }
    }

    /// @param limit descriptor limit of the process
    /// @param open  descriptors that are open already
    /// @return at least 1
    /// @throws IOException if none is left
    static int maxSockets(long limit, int open) throws IOException {
        long spare = Math.clamp(limit / SPARE_SHARE, LEAST_SPARE, MOST_SPARE);
        if (limit - open - spare < 1) {
            throw new IOException("the process may have " + limit + " descriptors (ulimit -n), which is too few: " + open
                    + " are open, " + spare + " are kept for files, and each connection needs one");
        }
        return Math.clamp(limit - open - spare, 1, Integer.MAX_VALUE);
    }

    int maxConnections() {
        return maxConnections;
    }

    /// Whether the descriptor limit allows fewer connections than were configured.
    boolean isLowered() {
        return isLowered;
    }

    /// Takes a connection and its socket. Blocks while there is none.
    void enter() throws InterruptedException {
        connections.acquire();
        try {
            sockets.acquire();
        } catch (InterruptedException e) {
            connections.release();
            throw e;
        }
    }

    /// Gives a connection and its socket back.
    void leave() {
        sockets.release();
        connections.release();
    }

    /// Takes a socket for a target.
    ///
    /// @return false if there is none
    boolean enterTarget() {
        return enterTargets(1);
    }

    /// Takes several at once.
    boolean enterTargets(int count) {
        return sockets.tryAcquire(count);
    }

    /// Gives the socket of a target back.
    void leaveTarget() {
        leaveTargets(1);
    }

    void leaveTargets(int count) {
        sockets.release(count);
    }

    /// Divides the connections among clients: no key gets more than half of them, and clients that are not operators leave
    /// some to operators and handshakes. Holders of a shared key cannot be told apart: they are treated as operators, and
    /// not counted. Thread-safe.
    static final class ConnectionQuota {

        private static final int RESERVED_SHARE = 10;
        private static final int MOST_RESERVED = 16;
        /// Of the connections of a key, and of those of all clients: listeners leave that many free.
        private static final int SPARE_OF_LISTENERS = 4;

        private final int maxPerKey;
        private final int maxOfUsers;
        private final Map<PublicKey, Integer> perKey = new HashMap<>();
        private int users;

        /// @param maxConnections open at a time
        /// @param maxPerKey      with one key; at most half of all
        ConnectionQuota(int maxConnections, int maxPerKey) {
            this.maxPerKey = Math.clamp(maxConnections / 2, 1, maxPerKey);
            maxOfUsers = maxConnections - Math.min(MOST_RESERVED, maxConnections / RESERVED_SHARE);
        }

        /// Counts a connection of a stranger to a listener of this client. Strangers leave some to the client itself, and to all others.
        ///
        /// @return null if it was counted; otherwise the reason for the refusal
        synchronized String enterAccepted(ClientIdentity client) {
            int most = most(client);
            int free = most - of(client.key().orElseThrow());
            if (free <= Math.max(1, most / SPARE_OF_LISTENERS)) {
                return "this key has " + (most - free) + " connections, and the last of " + most + " are not for those that its listeners accept";
            }
            return maxOfUsers - users > maxOfUsers / SPARE_OF_LISTENERS ? enter(client, false)
                    : "the server has " + users + " connections, and the last of " + maxOfUsers + " are not for those that listeners accept";
        }

        /// Connections of a key now.
        synchronized int of(PublicKey key) {
            return perKey.getOrDefault(key, 0);
        }

        private int most(ClientIdentity client) {
            return Math.min(maxPerKey, client.rights().maxConnections());
        }

        /// Counts a connection.
        ///
        /// @param isReplacement whether it takes over from another connection, which ends; it is then never refused
        /// @return null if the connection was counted; otherwise the reason for the refusal
        synchronized String enter(ClientIdentity client, boolean isReplacement) {
            if (client.key().isEmpty()) {
                return null;
            }
            PublicKey key = client.key().get();
            int most = most(client);
            if (!isReplacement && of(key) >= most) {
                return "this key has " + most + " connections, and may not have more ("
                        + (most < maxPerKey ? "max-connections in its line" : "server.max-connections-per-key") + ")";
            }
            if (!isReplacement && !client.isOperator() && users >= maxOfUsers) {
                return "the server has no place for another client; try again later";
            }
            perKey.merge(key, 1, Integer::sum);
            users += client.isOperator() ? 0 : 1;
            return null;
        }

        /// To be called when the connection has ended.
        synchronized void leave(ClientIdentity client) {
            client.key().ifPresent(key -> {
                perKey.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
                users -= client.isOperator() ? 0 : 1;
            });
        }
    }

    /// The accept loop's delays after failures, and a limit on their log lines. A full descriptor table fails every
    /// accept at once: the loop must not spin, give up, or fill the log. Used by one thread.
    static final class AcceptBackoff {

        private static final Duration FIRST = Duration.ofMillis(10);
        private static final Duration LONGEST = Duration.ofSeconds(1);

        private Duration next = FIRST;
        private long sinceLogged;

        /// To be called after a successful accept.
        void reset() {
            next = FIRST;
        }

        /// The delay before the next accept after a failed one.
        Duration failed() {
            Duration wait = next;
            next = next.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : next.multipliedBy(2);
            return wait;
        }

        /// @return whether to log this failure: the first one, then one a second
        boolean shouldLog(long nanoTime) {
            if (sinceLogged != 0 && nanoTime - sinceLogged < LONGEST.toNanos()) {
                return false;
            }
            sinceLogged = nanoTime;
            return true;
        }
    }
}
