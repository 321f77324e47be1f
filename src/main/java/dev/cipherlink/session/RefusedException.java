package dev.cipherlink.session;

import java.io.IOException;

/// The peer ended the connection and said why.
public final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    private final String code;

    public RefusedException(String reason) {
        this(reason, "");
    }

    RefusedException(String reason, String code) {
        super(reason);
        this.code = code;
    }

    /// One word for programs; empty if the peer gave none.
    public String code() {
        return code;
    }
}
