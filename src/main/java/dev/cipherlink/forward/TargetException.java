package dev.cipherlink.forward;

import java.io.IOException;

/// A target was not connected to. The message is one sentence without a full stop, for people.
public final class TargetException extends IOException {
    private static final long serialVersionUID = 1;

    private final Refusal refusal;

    public TargetException(Refusal refusal, String message) {
        super(message);
        this.refusal = refusal;
    }

    public Refusal refusal() {
        return refusal;
    }
}
