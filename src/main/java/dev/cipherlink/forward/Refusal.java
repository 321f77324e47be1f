package dev.cipherlink.forward;

import java.util.Arrays;

/// Why a target was not connected to, as one word of SYN_ACK (`docs/protocol.md`, section 6).
public enum Refusal {
    /// No rule admits it.
    NOT_ALLOWED("not-allowed"),
    /// Its name does not resolve.
    NO_SUCH_HOST("no-such-host"),
    /// Nobody listens there.
    CONNECTION_REFUSED("connection-refused"),
    /// There is no way to it.
    UNREACHABLE("unreachable"),
    /// It did not answer in time.
    TIMEOUT("timeout"),
    /// Anything else.
    FAILED("failed");

    private final String code;

    Refusal(String code) {
        this.code = code;
    }

    /// The word on the wire.
    public String code() {
        return code;
    }

    /// @param code a word of the wire; one that is not known counts as [#FAILED]
    public static Refusal ofCode(String code) {
        return Arrays.stream(values()).filter(refusal -> refusal.code.equals(code)).findFirst().orElse(FAILED);
    }
}
