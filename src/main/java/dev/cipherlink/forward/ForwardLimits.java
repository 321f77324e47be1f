package dev.cipherlink.forward;

import java.time.Duration;

/// How long a forwarded connection may be silent.
///
/// @param idleTimeout      with both directions open; zero for as long as it likes
/// @param halfCloseTimeout once one direction has ended; zero for as long as it likes
public record ForwardLimits(Duration idleTimeout, Duration halfCloseTimeout) {

    public static final ForwardLimits DEFAULT = new ForwardLimits(Duration.ZERO, Duration.ofMinutes(5));
}
