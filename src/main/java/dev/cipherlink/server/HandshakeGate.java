package dev.cipherlink.server;

import dev.cipherlink.budget.TokenBucket;
import dev.cipherlink.server.access.Netblock;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/// Limits the cost of strangers: the number of unestablished connections per address, per netblock and in all; the rate
/// of new connections per address and netblock; and penalties for failed handshakes. Checked before the first byte is
/// read, and so before any Diffie-Hellman.
///
/// As the gate fills, each new connection may have another one dropped at random, with growing probability: the oldest
/// unproved one if it has had its time, otherwise the new one. So a few silent connections never lock others out, and in
/// a flood each client has a chance. Recently admitted addresses are exempt, and the last part of the gate is reserved
/// for them. Thread-safe, never blocks.
public final class HandshakeGate {

    /// Maximum number of addresses, and of netblocks, remembered without a pending connection; beyond it the longest
    /// quiet are forgotten.
    static final int MAX_QUIET = 65_536;
    /// Maximum number of admitted addresses to remember, and for how long.
    static final int MAX_KNOWN = 4_096;
    private static final long KNOWN_NANOS = Duration.ofDays(1).toNanos();
    /// An unproved connection may be dropped for another one after this time.
    private static final long PROOF_NANOS = Duration.ofSeconds(2).toNanos();
    /// A netblock may begin this many times the connections of one address, and its penalties are this many times
    /// smaller.
    private static final int NETBLOCK_FACTOR = 4;
    /// Two, because each visit adds at most one: the table shrinks again after a time in which the oldest had to stay.
    private static final int FORGOTTEN_PER_VISIT = 2;

    /// Penalties add up. A sum below the first value has no effect, and no sum exceeds the second.
    private static final long LEAST_PENALTY_NANOS = Duration.ofSeconds(15).toNanos();
    private static final long MOST_PENALTY_NANOS = Duration.ofMinutes(10).toNanos();

    /// Why a connection ended without a session.
    enum Failure {
        /// Closed without a packet, as by a port scan, or after the server's handshake packet, as by a client that does not
        /// trust the server.
        NOTHING_SAID(1),
        /// The packets did not prove that the client may connect.
        NOT_PROVED(5),
        /// The handshake took too long.
        TOO_SLOW(10);

        private final long penaltyNanos;

        Failure(int penaltySeconds) {
            penaltyNanos = Duration.ofSeconds(penaltySeconds).toNanos();
        }
    }

    private final HandshakeLimits limits;
    private final DoubleSupplier random;
    private final Visitors sources;
    private final Visitors netblocks;
    /// Admitted sources with the time of the last admission, the latest at the end.
    private final Map<Netblock, Long> known = new LinkedHashMap<>(16, 0.75f, true);
    /// Unproved connections, the oldest first.
    private final Set<Visit> unproved = new LinkedHashSet<>();
    private int underWay;

    /// An address, or a netblock.
    private static final class Visitor {
        private final TokenBucket bucket;
        private int underWay;
        private long penaltyUntil;

        Visitor(TokenBucket bucket, long nanoTime) {
            this.bucket = bucket;
            penaltyUntil = nanoTime;
        }

        void punish(long penaltyNanos, long nanoTime) {
            penaltyUntil = Math.max(0, penaltyUntil - nanoTime) + nanoTime;
            penaltyUntil = Math.min(penaltyUntil - nanoTime + penaltyNanos, MOST_PENALTY_NANOS) + nanoTime;
        }

        boolean isPunished(long nanoTime) {
            return penaltyUntil - nanoTime >= LEAST_PENALTY_NANOS;
        }

        boolean isAsNew(long nanoTime) {
            return bucket.isFull(nanoTime) && penaltyUntil - nanoTime <= 0;
        }
    }

    /// All addresses, or all netblocks.
    private static final class Visitors {
        private final int perSecond;
        private final int burst;
        /// Those with pending connections; never more than such connections.
        private final Map<Netblock, Visitor> busy = new HashMap<>();
        /// All others, the longest quiet first.
        private final Map<Netblock, Visitor> quiet = new LinkedHashMap<>();

        Visitors(int perSecond, int burst) {
            this.perSecond = perSecond;
            this.burst = burst;
        }

        Visitor meet(Netblock netblock, long nanoTime) {
            Visitor visitor = busy.get(netblock);
            if (visitor == null) {
                // Removed and put back, to move it to the end.
                visitor = quiet.remove(netblock);
                if (visitor == null) {
                    visitor = new Visitor(new TokenBucket(perSecond, burst, nanoTime), nanoTime);
                }
                quiet.put(netblock, visitor);
            }
            forgetQuiet(netblock, nanoTime);
            return visitor;
        }

        /// @return null if it was forgotten
        Visitor find(Netblock netblock) {
            Visitor visitor = busy.get(netblock);
            return visitor != null ? visitor : quiet.get(netblock);
        }

        void enter(Netblock netblock) {
            Visitor visitor = find(netblock);
            visitor.underWay++;
            quiet.remove(netblock);
            busy.put(netblock, visitor);
        }

        void leave(Netblock netblock) {
            Visitor visitor = busy.get(netblock);
            visitor.underWay--;
            if (visitor.underWay == 0) {
                busy.remove(netblock);
                quiet.put(netblock, visitor);
            }
        }

        void giveBack(Netblock netblock) {
            Visitor visitor = find(netblock);
            if (visitor != null) {
                visitor.bucket.giveBack();
            }
        }

        void punish(Netblock netblock, long penaltyNanos, long nanoTime) {
            Visitor visitor = find(netblock);
            if (visitor != null) {
                visitor.punish(penaltyNanos, nanoTime);
            }
        }

        /// Forgets the longest quiet visitors if they are no different from new ones, or if the table is full; never the
        /// current one.
        private void forgetQuiet(Netblock here, long nanoTime) {
            Iterator<Map.Entry<Netblock, Visitor>> oldestFirst = quiet.entrySet().iterator();
            for (int i = 0; i < FORGOTTEN_PER_VISIT && oldestFirst.hasNext(); i++) {
                Map.Entry<Netblock, Visitor> oldest = oldestFirst.next();
                if (oldest.getKey().equals(here) || quiet.size() <= MAX_QUIET && !oldest.getValue().isAsNew(nanoTime)) {
                    return;
                }
                oldestFirst.remove();
            }
        }
    }

    /// A connection that may begin its handshakes.
    final class Visit {
        private final Netblock source;
        private final Netblock block;
        private final long enteredAt;
        private final Runnable drop;
        private boolean isOver;

        private Visit(Netblock source, Netblock block, long enteredAt, Runnable drop) {
            this.source = source;
            this.block = block;
            this.enteredAt = enteredAt;
            this.drop = drop;
        }

        /// The client has proved that it may connect; the connection is no longer dropped for others.
        void proved() {
            synchronized (HandshakeGate.this) {
                unproved.remove(this);
            }
        }

        /// The connection has a session; its address counts as known for a while.
        void established(long nanoTime) {
            synchronized (HandshakeGate.this) {
                known.put(source, nanoTime);
                if (known.size() > MAX_KNOWN) {
                    known.remove(known.keySet().iterator().next());
                }
            }
            leave();
        }

        /// The connection ends without a session.
        void failed(Failure failure, long nanoTime) {
            synchronized (HandshakeGate.this) {
                sources.punish(source, failure.penaltyNanos, nanoTime);
                netblocks.punish(block, failure.penaltyNanos / NETBLOCK_FACTOR, nanoTime);
            }
            leave();
        }

        /// Ends the visit. Idempotent.
        void leave() {
            synchronized (HandshakeGate.this) {
                if (!isOver) {
                    isOver = true;
                    unproved.remove(this);
                    underWay--;
                    sources.leave(source);
                    netblocks.leave(block);
                }
            }
        }

        /// Gives its tokens back, because the client is no stranger.
        void refund() {
            synchronized (HandshakeGate.this) {
                sources.giveBack(source);
                netblocks.giveBack(block);
            }
        }
    }

    HandshakeGate(HandshakeLimits limits) {
        this(limits, () -> ThreadLocalRandom.current().nextDouble());
    }

    /// @param random numbers from 0 to 1
    HandshakeGate(HandshakeLimits limits, DoubleSupplier random) {
        this.limits = limits;
        this.random = random;
        sources = new Visitors(limits.perSecond(), limits.burst());
        netblocks = new Visitors(NETBLOCK_FACTOR * limits.perSecond(), NETBLOCK_FACTOR * limits.burst());
    }

    /// Registers an accepted connection.
    ///
    /// @param drop called if it is dropped for another connection, perhaps on that connection's thread
    /// @return the visit, which has to be ended; null if the handshake may not begin
    Visit enter(InetAddress address, long nanoTime, Runnable drop) {
        Visit dropped = null;
        var visit = new Visit(Netblock.source(address), netblock(address), nanoTime, drop);
        synchronized (this) {
            Visitor source = sources.meet(visit.source, nanoTime);
            Visitor block = netblocks.meet(visit.block, nanoTime);
            boolean isKnown = isKnown(visit.source, nanoTime);
            boolean mayEnter = source.underWay < limits.maxPerAddress()
                    && (isKnown || block.underWay < limits.maxPerNetblock() && !isPunished(source, block, nanoTime))
                    && source.bucket.take(nanoTime) == 0 && block.bucket.take(nanoTime) == 0;
            if (mayEnter && isTooFull(isKnown)) {
                dropped = oldestUnproved(nanoTime);
                mayEnter = dropped != null;
            }
            if (!mayEnter) {
                return null;
            }
            if (dropped != null) {
                dropped.failed(Failure.TOO_SLOW, nanoTime);
            }
            underWay++;
            sources.enter(visit.source);
            netblocks.enter(visit.block);
            unproved.add(visit);
        }
        if (dropped != null) {
            dropped.drop.run();
        }
        return visit;
    }

    Netblock netblock(InetAddress address) {
        return Netblock.of(address, limits.ipv4Bits(), limits.ipv6Bits());
    }

    private boolean isPunished(Visitor source, Visitor block, long nanoTime) {
        return limits.penalties() && (source.isPunished(nanoTime) || block.isPunished(nanoTime));
    }

    private boolean isKnown(Netblock source, long nanoTime) {
        Long at = known.get(source);
        return at != null && nanoTime - at < KNOWN_NANOS;
    }

    /// Whether to drop a connection for the next one.
    private boolean isTooFull(boolean isKnown) {
        if (isKnown) {
            return underWay >= limits.maxInAll();
        }
        if (underWay >= limits.maxStrangers()) {
            return true;
        }
        int over = underWay - limits.earlyDrop();
        return over > 0 && random.getAsDouble() * (limits.maxStrangers() - limits.earlyDrop()) < over;
    }

    private Visit oldestUnproved(long nanoTime) {
        Iterator<Visit> oldestFirst = unproved.iterator();
        Visit oldest = oldestFirst.hasNext() ? oldestFirst.next() : null;
        return oldest != null && nanoTime - oldest.enteredAt >= PROOF_NANOS ? oldest : null;
    }

    /// Number of admitted addresses that are remembered.
    synchronized int known() {
        return known.size();
    }

    /// Number of addresses and netblocks that are remembered.
    synchronized int remembered() {
        return sources.busy.size() + sources.quiet.size() + netblocks.busy.size() + netblocks.quiet.size();
    }

    /// The limits on connections that are not established yet.
    ///
    /// @param maxPerAddress  of one address (one /64 of IPv6)
    /// @param maxPerNetblock of one netblock
    /// @param maxInAll       in all
    /// @param maxStrangers   in all, except for recently admitted addresses, for which the rest is reserved
    /// @param earlyDrop      number from which connections are dropped at random, more often the more there are
    /// @param perSecond      rate of new connections of one address after its burst
    /// @param burst          connections that one address may begin at once
    /// @param ipv4Bits       netblock size of IPv4 as a prefix length
    /// @param ipv6Bits       netblock size of IPv6 as a prefix length
    /// @param penalties      whether addresses whose handshakes fail are locked out for a while
    public record HandshakeLimits(int maxPerAddress, int maxPerNetblock, int maxInAll, int maxStrangers, int earlyDrop,
                                  int perSecond, int burst, int ipv4Bits, int ipv6Bits, boolean penalties) {

        /// Limits addresses only: each is its own netblock, and there are no penalties.
        public HandshakeLimits(int maxPerAddress, int maxInAll, int perSecond, int burst) {
            this(maxPerAddress, maxInAll, maxInAll, maxInAll, maxInAll, perSecond, burst, 32, 64, false);
        }

        public HandshakeLimits {
            if (maxPerAddress < 1 || maxPerNetblock < 1 || maxStrangers < 1 || maxInAll < maxStrangers || perSecond < 1 || burst < 1) {
                throw new IllegalArgumentException("limits must be positive");
            }
        }

        /// The limits that an operator chooses. The burst is the allowance of two seconds, a netblock gets twice as many
        /// connections as an address, and the limits on all connections only ever rise.
        public static HandshakeLimits of(int maxPerAddress, int perSecond, int ipv4Bits, int ipv6Bits, boolean penalties) {
            int more = Math.max(0, 2 * (maxPerAddress - 64));
            return new HandshakeLimits(maxPerAddress, 2 * maxPerAddress, 512 + more, 384 + more, 192 + more, perSecond, 2 * perSecond,
                    ipv4Bits, ipv6Bits, penalties);
        }
    }
}
