package dev.cipherlink.forward;

import java.io.IOException;
import java.util.Arrays;

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
}
