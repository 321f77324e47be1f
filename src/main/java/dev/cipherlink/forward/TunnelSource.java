package dev.cipherlink.forward;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.Relay.ForwardLimits;
import java.io.IOException;
import java.nio.channels.SocketChannel;

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
    /// @param channel   of TCP, or of a Unix socket; in blocking mode
    /// @param first     bytes of its program that were read already
    /// @param isAwaited whether its program waits for an answer: nothing is written to it before the forward is run, and [#open] waits
    ///                  until the target is connected
    record Accepted(SocketChannel channel, byte[] first, ForwardLimits limits, boolean isAwaited) {

        public PlainEnd plain() throws IOException {
            return PlainEnd.of(channel, first);
        }
    }
}
