package dev.cipherlink.chat;

/// A request that the chat refuses; nothing was changed. The message is one sentence for the peer that says what to do.
///
/// Cheap on purpose (no stack trace, no suppressed exceptions): a peer can cause as many as it likes.
public final class ChatException extends Exception {
    private static final long serialVersionUID = 1;

    ChatException(String reason) {
        super(reason, null, false, false);
    }
}
