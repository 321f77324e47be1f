package dev.cipherlink.session;

import dev.cipherlink.message.Message;

/// Where a session puts what it wants to send; nothing is on the wire before its owner flushes.
@FunctionalInterface
interface MessageSink {

    void send(Message message);
}
