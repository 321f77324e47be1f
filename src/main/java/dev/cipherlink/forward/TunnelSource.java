package dev.cipherlink.forward;

import java.io.IOException;

/// Opens tunnels to targets. Thread-safe.
@FunctionalInterface
public interface TunnelSource {

    /// Blocks until the server is connected to the target, or refuses.
    ///
    /// @throws TargetException if the server did not connect to the target
    /// @throws IOException     if there is no tunnel to the server
    Tunnel open(ForwardTarget target) throws IOException;
}
