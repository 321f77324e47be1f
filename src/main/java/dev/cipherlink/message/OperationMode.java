package dev.cipherlink.message;

import java.util.Locale;
import java.util.Optional;

/// What a client wants from a connection, and how it paces its requests (`docs/protocol.md`, sections 3 and 6).
public enum OperationMode {
    /// One request at a time: a window of 1.
    STEP_BY_STEP,
    /// As many unanswered requests as the window holds.
    BURST,
    /// No requests: the raw bytes of one forwarded connection, in both directions. Version 2 only.
    STREAM;

    /// The name on the wire: `step-by-step`, `burst` or `stream`. The first two are names on the command line too.
    public String wireName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public static Optional<OperationMode> ofWireName(String name) {
        for (OperationMode mode : values()) {
            if (mode.wireName().equals(name)) {
                return Optional.of(mode);
            }
        }
        return Optional.empty();
    }
}
