package dev.cipherlink.command;

/// An expiry as a command gives it.
///
/// @param millis from now on, or since 1970; 0 for the kinds that need no time
public record Expiry(Kind kind, long millis) {
    public static final Expiry NONE = new Expiry(Kind.NONE, 0);
    public static final Expiry KEEP = new Expiry(Kind.KEEP, 0);

    /// How the time is meant.
    public enum Kind {
        /// The key has none.
        NONE,
        /// It has the one that it had.
        KEEP,
        /// Counted from now on.
        AFTER,
        /// Counted from 1970 on.
        AT
    }

    /// The expiry that a key must have to get another one; none counts as one that never comes.
    public enum Condition {
        ANY,
        /// There is none.
        ABSENT,
        /// There is one.
        PRESENT,
        /// It is earlier than the new one.
        EARLIER,
        /// It is later.
        LATER
    }

    public static Expiry after(long millis) {
        return new Expiry(Kind.AFTER, millis);
    }

    public static Expiry at(long unixMillis) {
        return new Expiry(Kind.AT, unixMillis);
    }
}
