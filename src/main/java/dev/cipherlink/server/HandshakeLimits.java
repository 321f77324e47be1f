package dev.cipherlink.server;

/// How much a server does for strangers: connections that are not established yet.
///
/// @param maxPerAddress  of one address, which is a /64 of IPv6
/// @param maxPerNetblock of one netblock
/// @param maxInAll       in all
/// @param maxStrangers   the same, but for addresses that were let in lately: the rest is kept for those
/// @param earlyDrop      from here on, the more there are the more often one is dropped: the oldest, or the next
/// @param perSecond      connections that one address may begin in a second, once its burst is used up
/// @param burst          connections that one address may begin at once
/// @param ipv4Bits       of an address of IPv4 that name its netblock
/// @param ipv6Bits       of an address of IPv6 that name its netblock
/// @param penalties      whether addresses whose handshakes fail have to wait
public record HandshakeLimits(int maxPerAddress, int maxPerNetblock, int maxInAll, int maxStrangers, int earlyDrop,
                              int perSecond, int burst, int ipv4Bits, int ipv6Bits, boolean penalties) {

    public static final HandshakeLimits DEFAULT = new HandshakeLimits(64, 128, 512, 384, 192, 200, 400, 24, 48, true);

    /// For addresses alone: each is its netblock, none is known, and none is punished.
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
