package dev.cipherlink.forward;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.Relay.ForwardLimits;
import java.io.IOException;
import java.net.Socket;

/// Opens forwards to targets. Thread-safe.
@FunctionalInterface
public interface TunnelSource {

    /// Blocks until the server is connected to the target, or refuses; where nobody waits for that, it may return before.
    ///
    /// @throws TargetException if the server did not connect to the target
    /// @throws IOException     if there is no tunnel to the server
    RunnableForward open(ForwardTarget target, Accepted accepted) throws IOException;

    /// A connection to be forwarded.
    ///
    /// @param isAwaited whether its program waits for an answer: nothing is written to it before the forward is run, and [#open] waits
    ///                  until the target is connected
    record Accepted(Socket socket, ForwardLimits limits, boolean isAwaited) {
    }
}
