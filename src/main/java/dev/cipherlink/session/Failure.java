package dev.cipherlink.session;

import dev.cipherlink.message.MessageType;
import java.io.IOException;

/// Why no answer will come any more, told to one handler after the other: also to those behind a handler that throws.
final class Failure {

    private final IOException cause;
    /// What the first handler threw that did; null if none.
    private RuntimeException broken;
    private int count;

    Failure(IOException cause) {
        this.cause = cause;
    }

    /// @param wasSent whether it was sent to its end, so that it may have run
    void tell(Outgoing outgoing, boolean wasSent) {
        try {
            if (outgoing.type == MessageType.DATA) {
                count++;
                outgoing.handler.failed(cause, wasSent);
            }
        } catch (RuntimeException e) {
            if (broken == null) {
                broken = e;
            }
        }
    }

    /// How many were told.
    int count() {
        return count;
    }

    /// All were told.
    ///
    /// @throws RuntimeException what the first handler threw that did
    void rethrow() {
        if (broken != null) {
            throw broken;
        }
    }
}
