package dev.cipherlink.message;

import java.util.Locale;
import java.util.Optional;

/// How a client paces its requests (`docs/protocol.md`, section 3).
public enum OperationMode {
    /// One request at a time: a window of 1.
    STEP_BY_STEP,
    /// As many unanswered requests as the window holds.
    BURST;

    /// The name on the wire and on the command line, `step-by-step` or `burst`.
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
