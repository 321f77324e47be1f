package dev.cipherlink.session;

/// How a link ended.
///
/// @param detail one sentence for people; empty if the reason says it all
/// @param cause  what was thrown; null if nothing was
public record LinkEnd(CloseReason reason, String detail, Throwable cause) {

    public static LinkEnd of(CloseReason reason) {
        return new LinkEnd(reason, "", null);
    }

    public static LinkEnd of(CloseReason reason, Throwable cause) {
        return new LinkEnd(reason, cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
    }
}
