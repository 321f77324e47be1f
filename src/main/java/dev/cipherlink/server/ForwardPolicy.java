package dev.cipherlink.server;

import dev.cipherlink.forward.ForwardLimits;
import dev.cipherlink.forward.ForwardRules;
import java.time.Duration;

/// What a server does for forwards.
///
/// @param allowed        what every client may have connected to, besides what its own line in the authorized-keys
///                       file says
/// @param connectTimeout for resolving and connecting to a target; inside the handshake timeout
/// @param limits         how long a forward may be silent
public record ForwardPolicy(ForwardRules allowed, Duration connectTimeout, ForwardLimits limits) {

    /// Nothing but what is said of single clients.
    public static final ForwardPolicy DEFAULT =
            new ForwardPolicy(ForwardRules.NONE, Duration.ofSeconds(5), ForwardLimits.DEFAULT);
}
