package dev.cipherlink.server;

/// How much a server does for strangers.
///
/// @param maxPerAddress connections of one address that may wait to be established
/// @param maxInAll      connections that may wait to be established
/// @param perSecond     connections that one address may begin in a second, once its burst is used up
/// @param burst         connections that one address may begin at once
public record HandshakeLimits(int maxPerAddress, int maxInAll, int perSecond, int burst) {

    public static final HandshakeLimits DEFAULT = new HandshakeLimits(64, 512, 200, 400);

    public HandshakeLimits {
        if (maxPerAddress < 1 || maxInAll < 1 || perSecond < 1 || burst < 1) {
            throw new IllegalArgumentException("limits must be positive");
        }
    }

    /// The same, with other limits for one address, whose burst is what it may begin in two seconds.
    public HandshakeLimits forAddress(int newMaxPerAddress, int newPerSecond) {
        return new HandshakeLimits(newMaxPerAddress, Math.max(maxInAll, newMaxPerAddress), newPerSecond,
                2 * newPerSecond);
    }
}
