package dev.cipherlink.forward;

import java.io.IOException;

/// A target was not connected to. The message is one sentence without a full stop, for people.
public final class TargetException extends IOException {
    private static final long serialVersionUID = 1;

    private final Refusal refusal;
    private final String detail;

    public TargetException(Refusal refusal, String message) {
        this(refusal, message, "");
    }

    /// @param detail for the server's operator, not for the client; empty if there is nothing to add
    TargetException(Refusal refusal, String message, String detail) {
        super(message);
        this.refusal = refusal;
        this.detail = detail;
    }

    /// What the client must not be told: addresses of names. Empty if there is nothing to add.
    public String detail() {
        return detail;
    }

    public Refusal refusal() {
        return refusal;
    }
}
