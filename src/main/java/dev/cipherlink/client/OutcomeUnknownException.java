package dev.cipherlink.client;

import java.io.IOException;

/// The connection ended after a request was sent and before its answer came: the server may have run it or not.
public final class OutcomeUnknownException extends IOException {
    private static final long serialVersionUID = 1;

    public OutcomeUnknownException(Throwable cause) {
        super("the connection ended before the answer came; whether the request ran is unknown: " + cause.getMessage(),
                cause);
    }
}
