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

/// Limits what strangers cost: the connections that wait to be established, of one address, of one netblock and in all; the number
/// that each may begin in a second; and the penalty for handshakes that failed. Asked before the first byte is read, and so before
/// any Diffie-Hellman.
///
/// As the gate fills, a new connection has another one dropped at random, more often the fuller it is: the oldest that has proved
/// nothing, if that had its time, else the new one. So a few silent connections never keep others out, and in a flood each client
/// has a chance. Addresses that were let in lately are exempt, and the last part of the gate is theirs. Thread-safe, never blocks.
public final class HandshakeGate {

    /// Addresses, and netblocks, that are remembered without a connection under way; beyond this, the longest quiet are forgotten.
    static final int MAX_QUIET = 65_536;
    /// Addresses that are remembered after they were let in, and for how long.
    static final int MAX_KNOWN = 4_096;
    private static final long KNOWN_NANOS = Duration.ofDays(1).toNanos();
    /// A connection that has proved nothing by then may be dropped for another.
    private static final long PROOF_NANOS = Duration.ofSeconds(2).toNanos();
    /// A netblock may begin so many times what one address may, and its penalties are so many times smaller.
    private static final int NETBLOCK_FACTOR = 4;
    /// Two, since each visit adds one at most: the table shrinks again after a time when the oldest could not be forgotten.
    private static final int FORGOTTEN_PER_VISIT = 2;

    /// Penalties add up. Below the first they have no effect, and they never exceed the second.
    private static final long LEAST_PENALTY_NANOS = Duration.ofSeconds(15).toNanos();
    private static final long MOST_PENALTY_NANOS = Duration.ofMinutes(10).toNanos();

    /// How a connection ended without a session.
    enum Failure {
        /// It closed without a packet, as a port scan does, or after the server's handshake packet, as a client does that does not
        /// trust the server.
        NOTHING_SAID(1),
        /// What it sent did not prove that it may come in.
        NOT_PROVED(5),
        /// It took all the time it had.
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
    /// Sources that were let in, and when, the latest at the end.
    private final Map<Netblock, Long> known = new LinkedHashMap<>(16, 0.75f, true);
    /// Connections that have proved nothing, the oldest first.
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
        /// Those with connections under way: at most as many as there are such connections.
        private final Map<Netblock, Visitor> busy = new HashMap<>();
        /// All others, the longest quiet first.
        private final Map<Netblock, Visitor> quiet = new LinkedHashMap<>();

        Visitors(int perSecond, int burst) {
            this.perSecond = perSecond;
            this.burst = burst;
        }

        Visitor meet(Netblock who, long nanoTime) {
            Visitor visitor = busy.get(who);
            if (visitor == null) {
                // Put in again, at the end.
                visitor = quiet.remove(who);
                if (visitor == null) {
                    visitor = new Visitor(new TokenBucket(perSecond, burst, nanoTime), nanoTime);
                }
                quiet.put(who, visitor);
            }
            forgetQuiet(who, nanoTime);
            return visitor;
        }

        /// @return null if it is forgotten
        Visitor find(Netblock who) {
            Visitor visitor = busy.get(who);
            return visitor != null ? visitor : quiet.get(who);
        }

        void enter(Netblock who) {
            Visitor visitor = find(who);
            visitor.underWay++;
            quiet.remove(who);
            busy.put(who, visitor);
        }

        void leave(Netblock who) {
            Visitor visitor = busy.get(who);
            visitor.underWay--;
            if (visitor.underWay == 0) {
                busy.remove(who);
                quiet.put(who, visitor);
            }
        }

        void giveBack(Netblock who) {
            Visitor visitor = find(who);
            if (visitor != null) {
                visitor.bucket.giveBack();
            }
        }

        void punish(Netblock who, long penaltyNanos, long nanoTime) {
            Visitor visitor = find(who);
            if (visitor != null) {
                visitor.punish(penaltyNanos, nanoTime);
            }
        }

        /// Drops the longest quiet once they are indistinguishable from new ones, or when the table is full; never the present one.
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

        /// The client has proved that it may come in: it is not dropped for others any more.
        void proved() {
            synchronized (HandshakeGate.this) {
                unproved.remove(this);
            }
        }

        /// It has a session: its address is no stranger's for a while.
        void established(long nanoTime) {
            synchronized (HandshakeGate.this) {
                known.put(source, nanoTime);
                if (known.size() > MAX_KNOWN) {
                    known.remove(known.keySet().iterator().next());
                }
            }
            leave();
        }

        /// It ends without a session.
        void failed(Failure failure, long nanoTime) {
            synchronized (HandshakeGate.this) {
                sources.punish(source, failure.penaltyNanos, nanoTime);
                netblocks.punish(block, failure.penaltyNanos / NETBLOCK_FACTOR, nanoTime);
            }
            leave();
        }

        /// It is not under way any more. Idempotent.
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

        /// Gives its tokens back: it was no stranger's.
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

    /// A connection was accepted.
    ///
    /// @param drop called if it is dropped for another connection, perhaps by that one's thread
    /// @return null if the handshake may not begin; a visit has to be ended
    Visit enter(InetAddress address, long nanoTime, Runnable drop) {
        Visit dropped = null;
        var visit = new Visit(Netblock.source(address), Netblock.of(address, limits.ipv4Bits(), limits.ipv6Bits()), nanoTime, drop);
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

    private boolean isPunished(Visitor source, Visitor block, long nanoTime) {
        return limits.penalties() && (source.isPunished(nanoTime) || block.isPunished(nanoTime));
    }

    private boolean isKnown(Netblock source, long nanoTime) {
        Long at = known.get(source);
        return at != null && nanoTime - at < KNOWN_NANOS;
    }

    /// Whether a connection has to be dropped for the next one.
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

    /// Addresses that are remembered after they were let in.
    synchronized int known() {
        return known.size();
    }

    /// Addresses and netblocks that are remembered.
    synchronized int remembered() {
        return sources.busy.size() + sources.quiet.size() + netblocks.busy.size() + netblocks.quiet.size();
    }

    /// The limits on connections that are not established yet.
    ///
    /// @param maxPerAddress  of one address, which is a /64 of IPv6
    /// @param maxPerNetblock of one netblock
    /// @param maxInAll       in all
    /// @param maxStrangers   in all, but for addresses that were let in lately: the rest is reserved for those
    /// @param earlyDrop      from this number on connections are dropped at random, more often the more there are
    /// @param perSecond      connections that one address may begin in a second, once its burst is used up
    /// @param burst          connections that one address may begin at once
    /// @param ipv4Bits       of an address of IPv4 that name its netblock
    /// @param ipv6Bits       of an address of IPv6 that name its netblock
    /// @param penalties      whether addresses whose handshakes fail are kept out for a while
    public record HandshakeLimits(int maxPerAddress, int maxPerNetblock, int maxInAll, int maxStrangers, int earlyDrop,
                                  int perSecond, int burst, int ipv4Bits, int ipv6Bits, boolean penalties) {

        public static final HandshakeLimits DEFAULT = new HandshakeLimits(64, 128, 512, 384, 192, 200, 400, 24, 48, true);

        /// Limits addresses only: each is its own netblock, and there are no penalties.
        public HandshakeLimits(int maxPerAddress, int maxInAll, int perSecond, int burst) {
            this(maxPerAddress, maxInAll, maxInAll, maxInAll, maxInAll, perSecond, burst, 32, 64, false);
        }

        public HandshakeLimits {
            if (maxPerAddress < 1 || maxPerNetblock < 1 || maxStrangers < 1 || maxInAll < maxStrangers || perSecond < 1 || burst < 1) {
                throw new IllegalArgumentException("limits must be positive");
            }
        }

        /// The same, with other limits for one address, whose burst is what it may begin in two seconds. A netblock has twice as many,
        /// and others together no fewer than before.
        public HandshakeLimits forAddress(int newMaxPerAddress, int newPerSecond) {
            int more = Math.max(0, 2 * (newMaxPerAddress - maxPerAddress));
            return new HandshakeLimits(newMaxPerAddress, 2 * newMaxPerAddress, maxInAll + more, maxStrangers + more, earlyDrop + more,
                    newPerSecond, 2 * newPerSecond, ipv4Bits, ipv6Bits, penalties);
        }

        /// The same, with netblocks of another size.
        public HandshakeLimits forNetblocks(int newIpv4Bits, int newIpv6Bits) {
            return new HandshakeLimits(maxPerAddress, maxPerNetblock, maxInAll, maxStrangers, earlyDrop, perSecond, burst,
                    newIpv4Bits, newIpv6Bits, penalties);
        }

        /// The same, with or without penalties.
        public HandshakeLimits withPenalties(boolean newPenalties) {
            return new HandshakeLimits(maxPerAddress, maxPerNetblock, maxInAll, maxStrangers, earlyDrop, perSecond, burst, ipv4Bits,
                    ipv6Bits, newPenalties);
        }
    }
}
