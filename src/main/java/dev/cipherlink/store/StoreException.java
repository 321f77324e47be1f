package dev.cipherlink.store;

import java.io.IOException;
import java.nio.file.Path;

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
        /// The incremented number would not fit into 64 bits, or a decimal one would be too large.
        OVERFLOW,
        /// Verbs that run as one are refused, by their caller or because they write too much.
        CONDITION,
        /// A condition of verbs that run as one is not met: a key has another version.
        CONFLICT,
        /// The keys of the client would take more bytes than its quota.
        QUOTA,
        /// A value was replaced while it was read; it is tried again.
        CHANGED,
        /// The value would be larger than [StoreLimits#maxValueBytes].
        VALUE_TOO_LARGE,
        /// The store would be larger than [StoreLimits#maxBytes], or its disk is full, or the heap; reads go on, and when there
        /// is room again, writes too.
        FULL,
        /// The engine cannot read or write its files; see the cause.
        FAILED
    }

    private StoreException(Reason reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    private StoreException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /// The reason, for code that treats the cases differently.
    public Reason reason() {
        return reason;
    }

    /// Whether it was for lack of heap.
    public boolean isMemory() {
        return getCause() instanceof OutOfMemoryError;
    }

    static StoreException notANumber() {
        return new StoreException(Reason.NOT_A_NUMBER, "value is not a 64-bit decimal number");
    }

    static StoreException notADecimalNumber() {
        return new StoreException(Reason.NOT_A_NUMBER, "value is not a decimal number");
    }

    static StoreException decimalOverflow() {
        return new StoreException(Reason.OVERFLOW, "the number would be 10^308 or larger");
    }

    /// For a caller that ends verbs that run as one, and has nothing changed.
    public static StoreException refused(String reason) {
        return new StoreException(Reason.CONDITION, reason);
    }

    /// For a caller that finds another version than its condition has.
    ///
    /// @param condition its number, counted from 1
    public static StoreException conflict(int condition, long version) {
        return new StoreException(Reason.CONFLICT, "conflict, command " + condition + ": version is " + version);
    }

    public static StoreException changedMeanwhile() {
        return new StoreException(Reason.CHANGED, "the value was replaced meanwhile");
    }

    static StoreException tooMuchAtOnce(long maxBytes) {
        return new StoreException(Reason.CONDITION, "a transaction must write at most " + maxBytes + " bytes");
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

    /// @param bytes    that the client's keys take
    /// @param maxBytes its quota
    /// @param more     bytes of the write that is refused
    static StoreException overQuota(long bytes, long maxBytes, long more) {
        return new StoreException(Reason.QUOTA, "the store is full for your key, whose keys take " + bytes + " bytes of " + maxBytes
                + ": this write takes " + more + " more; delete keys, or ask the operator for more");
    }

    /// For a write of a client whose keys are not counted yet.
    public static StoreException notCounted() {
        return new StoreException(Reason.QUOTA, "the server still counts the bytes of your keys, for your quota; try again later");
    }

    /// For an engine that cannot use its files.
    public static StoreException failed(Throwable cause) {
        return new StoreException(Reason.FAILED, "the store failed; ask the operator", cause);
    }

    public static StoreException diskFull(Throwable cause) {
        return new StoreException(Reason.FULL,
                "the disk of the store is full; nothing is written until the operator has made room", cause);
    }

    /// For a request that was refused before anything was done.
    public static StoreException noMemory(OutOfMemoryError cause) {
        return new StoreException(Reason.FULL, "the server has not memory enough for this at the moment", cause);
    }

    /// For a large value that cannot be read now: other reads have the memory budget.
    public static StoreException noMemoryToRead() {
        return new StoreException(Reason.FULL, "the server has no memory for a value of this size now; try again later");
    }

    /// After a failure that makes it uncertain what is on the disk.
    public static StoreException stopped(Throwable cause) {
        boolean isMemory = cause instanceof OutOfMemoryError || cause.getCause() instanceof OutOfMemoryError;
        return new StoreException(Reason.FAILED, "the store takes no writes since "
                + (isMemory ? "the server had not memory enough" : "its disk failed")
                + "; the operator has to look, and restart the server", cause);
    }

    /// Acknowledged changes of the store are missing. It is not opened: that would make the loss silent.
    public static final class DamagedStoreException extends IOException {
        private static final long serialVersionUID = 1;

        public DamagedStoreException(Path folder, String what) {
            super(folder + " is damaged: " + what + "; restore a backup, or accept what is left with `cipherlink store check "
                    + "--accept-loss`");
        }
    }

    /// Another process has the store open.
    public static final class StoreInUseException extends IOException {
        private static final long serialVersionUID = 1;

        public StoreInUseException(Path folder) {
            super(folder + " is used by another process; stop that server, or give another folder");
        }
    }
}
