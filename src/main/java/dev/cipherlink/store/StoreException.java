package dev.cipherlink.store;

/// The store did not do what was asked, and changed nothing. The message is one line that a peer may read.
///
/// Refusals are cheap (no stack trace): a peer can cause as many as it likes.
public final class StoreException extends Exception {
    private static final long serialVersionUID = 1;

    private final Reason reason;

    /// Why.
    public enum Reason {
        /// The value to increment is not a 64-bit decimal number.
        NOT_A_NUMBER,
        /// The incremented number would not fit into 64 bits.
        OVERFLOW,
        /// The value would be larger than [StoreLimits#maxValueBytes].
        VALUE_TOO_LARGE,
        /// The store would be larger than [StoreLimits#maxBytes]; deletes and reads go on.
        FULL,
        /// The engine cannot read or write its files; see the cause.
        FAILED
    }

    private StoreException(Reason reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    private StoreException(Throwable cause) {
        super("the store failed; ask the operator", cause);
        this.reason = Reason.FAILED;
    }

    /// What went wrong, for code that treats the cases differently.
    public Reason reason() {
        return reason;
    }

    static StoreException notANumber() {
        return new StoreException(Reason.NOT_A_NUMBER, "value is not a 64-bit decimal number");
    }

    static StoreException overflow() {
        return new StoreException(Reason.OVERFLOW, "the number would not fit into 64 bits");
    }

    static StoreException valueTooLarge(long bytes, int maxValueBytes) {
        return new StoreException(Reason.VALUE_TOO_LARGE,
                "value must have at most " + maxValueBytes + " bytes, not " + bytes);
    }

    static StoreException full(long maxBytes) {
        return new StoreException(Reason.FULL,
                "the store is full (" + maxBytes + " bytes); delete keys, or ask the operator for more");
    }

    /// For an engine that cannot use its files.
    static StoreException failed(Throwable cause) {
        return new StoreException(cause);
    }
}
