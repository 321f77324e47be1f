package dev.cipherlink.command;

/// The use that a command makes of a key.
public enum Access {
    /// Reads whether it exists, its size, version or expiry.
    INSPECT,
    /// Reads its value.
    READ,
    /// Writes it; of what was there, the answer tells at most whether a condition was met.
    WRITE,
    /// Reads its value and writes it.
    UPDATE,
    /// Tells the channel of this name something: permissions are those of a write.
    PUBLISH,
    /// Reads which keys begin so, and how they change.
    LIST;

    public boolean isWrite() {
        return this == WRITE || this == UPDATE || this == PUBLISH;
    }
}
