package dev.cipherlink.session;

import dev.cipherlink.message.Message;
import java.io.IOException;

/// Where a session puts what it wants to send; nothing is on the wire before its owner flushes.
@FunctionalInterface
interface MessageSink {

    /// @throws IOException if nothing can be sent any more
    void send(Message message) throws IOException;

    /// Whether the peer is so far behind with reading that what it asks for again and again is not sent again.
    default boolean isBacklogged() {
        return false;
    }
}
