package dev.cipherlink.text;

import dev.cipherlink.command.Reply;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A failure that ends the program with a status and one line: what failed, and why.
///
/// Thrown by any command, printed by `Program` only. Unchecked, since every command may throw it and none handles it.
public final class CliException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ExitStatus status;
    private final String hint;

    /// @param message `what failed: why`, without a full stop
    public CliException(ExitStatus status, String message) {
        this(status, message, null, null);
    }

    private CliException(ExitStatus status, String message, String hint, Throwable cause) {
        super(message, cause);
        this.status = status;
        this.hint = hint;
    }

    /// A wrong option, argument, setting or local file.
    public static CliException usage(String message) {
        return new CliException(ExitStatus.USAGE, message);
    }

    /// The same failure with what to do about it, printed as `  try: hint`.
    public CliException withHint(String advice) {
        return new CliException(status, getMessage(), advice, getCause());
    }

    /// The same failure with the exception behind it, whose trace is printed with `-vv`.
    public CliException withCause(Throwable cause) {
        return new CliException(status, getMessage(), hint, cause);
    }

    public ExitStatus status() {
        return status;
    }

    public Optional<String> hint() {
        return Optional.ofNullable(hint);
    }

    /// How the program ends, the better ones first. The numbers are stable: scripts depend on them.
    public enum ExitStatus {
        DONE(0, "done", "done"),
        NOT_FOUND(1, "not_found", Meaning.NO),
        CONFLICT(1, "conflict", Meaning.NO),
        DAMAGED(1, "damaged", Meaning.NO),
        REFUSED(6, "refused", "the server refused a command, or failed at it: not allowed, wrong, no room"),
        USAGE(2, "usage", "wrong usage, configuration or local file"),
        UNREACHABLE(3, "unreachable", "cannot connect, or the connection was lost"),
        AUTHENTICATION(4, "authentication", "authentication failed: wrong key, changed host key, or not authorized"),
        UNKNOWN_OUTCOME(5, "unknown_outcome", "the connection was lost before a write was answered: its outcome is unknown"),
        BUG(70, "bug", "a fault of this program, or Java did not start"),
        INTERRUPTED(130, "interrupted", "interrupted by Ctrl-C");

        /// The status that a shell reports for a process that died of SIGPIPE: the reader of our stdout has left.
        public static final int BROKEN_PIPE = 141;

        private final int code;
        private final String jsonName;
        private final String meaning;

        ExitStatus(int code, String jsonName, String meaning) {
            this.code = code;
            this.jsonName = jsonName;
            this.meaning = meaning;
        }

        public int code() {
            return code;
        }

        /// The word for this status in `--json` errors.
        public String jsonName() {
            return jsonName;
        }

        /// The status for the answer to a command.
        public static ExitStatus of(Reply answer) {
            if (!answer.isError()) {
                return DONE;
            }
            String reason = answer.reason();
            return reason.equals("not found") ? NOT_FOUND : reason.startsWith("conflict, ") || reason.equals("condition not met") ? CONFLICT : REFUSED;
        }

        /// All codes and what they mean, in their order.
        public static Map<Integer, String> table() {
            Map<Integer, String> table = new TreeMap<>();
            for (ExitStatus status : values()) {
                table.put(status.code, status.meaning);
            }
            table.put(BROKEN_PIPE, "the reader of stdout has left");
            return table;
        }

        private static final class Meaning {
            static final String NO = "no: not found; CAS: another version; store check: damaged";
        }
    }

    /// Why something failed, in words for people, from the type of an exception.
    public static final class FailureText {

        private FailureText() {
        }

        /// The same, with the file that it is about where the exception knows one.
        public static String withFile(Throwable failure) {
            return failure instanceof FileSystemException e && e.getFile() != null
                    ? TerminalText.escapeLine(e.getFile()) + ": " + of(e) : of(failure);
        }

        /// One line, never empty. File system exceptions have only a file name for a message.
        public static String of(Throwable failure) {
            String text = switch (failure) {
                case FileSystemException e when e.getReason() != null -> e.getReason();
                case NoSuchFileException _ -> "no such file";
                case AccessDeniedException _ -> "permission denied";
                case FileAlreadyExistsException _ -> "it exists already";
                default -> failure.getMessage() == null || failure.getMessage().isBlank()
                        ? failure.getClass().getSimpleName() : failure.getMessage();
            };
            return TerminalText.escapeLine(text.strip());
        }
    }
}
