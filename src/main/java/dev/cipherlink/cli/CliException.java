package dev.cipherlink.cli;

import java.util.Optional;

/// A failure that ends the program with a status and one line: what failed, and why.
///
/// Thrown by any command, printed by [Program] only. Unchecked, since every command may throw it and none handles it.
final class CliException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ExitStatus status;
    private final String hint;

    /// @param message `what failed: why`, without a full stop
    CliException(ExitStatus status, String message) {
        this(status, message, null, null);
    }

    private CliException(ExitStatus status, String message, String hint, Throwable cause) {
        super(message, cause);
        this.status = status;
        this.hint = hint;
    }

    /// A wrong option, argument, setting or local file.
    static CliException usage(String message) {
        return new CliException(ExitStatus.USAGE, message);
    }

    /// The same failure with what to do about it, printed as `  try: hint`.
    CliException withHint(String advice) {
        return new CliException(status, getMessage(), advice, getCause());
    }

    /// The same failure with the exception behind it, whose trace is printed with `-vv`.
    CliException withCause(Throwable cause) {
        return new CliException(status, getMessage(), hint, cause);
    }

    ExitStatus status() {
        return status;
    }

    Optional<String> hint() {
        return Optional.ofNullable(hint);
    }
}
