package dev.cipherlink.session;

import java.io.IOException;

/// The peer ended the connection and said why.
public final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    public RefusedException(String reason) {
        super(reason);
    }
}
