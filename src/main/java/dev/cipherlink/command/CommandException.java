package dev.cipherlink.command;

/// A payload is not a command. The message is one sentence for the peer that says what to do.
///
/// Cheap on purpose (no stack trace, no suppressed exceptions): a peer can cause as many as it likes.
public final class CommandException extends Exception {
    private static final long serialVersionUID = 1;

    CommandException(String reason) {
        super(reason, null, false, false);
    }
}
