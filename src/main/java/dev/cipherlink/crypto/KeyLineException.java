package dev.cipherlink.crypto;

import java.io.IOException;
import java.nio.file.Path;

/// A line of a file of keys that cannot be used, or that a change would make so. The message is
/// `<file>:<line>: <what is wrong>` and quotes nothing that could be a secret.
public final class KeyLineException extends IOException {
    private static final long serialVersionUID = 1;

    private final int line;

    /// @param line counted from 1
    public KeyLineException(Path file, int line, String reason) {
        super(file + ":" + line + ": " + reason);
        this.line = line;
    }

    /// The line's number, from 1.
    public int line() {
        return line;
    }
}
