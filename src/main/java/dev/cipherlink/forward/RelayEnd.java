package dev.cipherlink.forward;

/// How a relay ended.
///
/// @param reason in one word
/// @param detail in one line; empty if the reason says all
public record RelayEnd(Reason reason, String detail) {

    /// The kinds of ends.
    public enum Reason {
        /// Both directions came to their end, and everything arrived.
        ENDED,
        /// The connection on the unencrypted side broke.
        PLAIN_RESET,
        /// The tunnel closed or broke before both directions had ended.
        TUNNEL_LOST,
        /// The peer in the tunnel broke the rules.
        PROTOCOL_ERROR,
        /// Nothing was moved for too long.
        IDLE,
        /// It was told to end.
        STOPPED
    }
}
