package dev.cipherlink.session;

import dev.cipherlink.message.Message;
import java.io.IOException;

/// Takes the messages that a session sends; its owner flushes them onto the wire.
@FunctionalInterface
interface MessageSink {

    /// @throws IOException if nothing can be sent any more
    void send(Message message) throws IOException;

    /// Whether the peer is too far behind with reading to be sent repetitions.
    default boolean isBacklogged() {
        return false;
    }
}
