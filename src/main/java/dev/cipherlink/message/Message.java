package dev.cipherlink.message;

/// One message (`docs/protocol.md`, section 2).
///
/// @param more     on DATA: the request continues in the next sequence number
/// @param sequence 0 .. 65,535
/// @param intact   whether the checksum held on arrival; always true for a message that is to be sent
public record Message(MessageType type, boolean more, int sequence, Payload payload, boolean intact) {

    /// Sequence numbers count modulo this.
    public static final int SEQUENCE_MODULUS = 1 << 16;

    /// A message to be sent.
    public static Message of(MessageType type, int sequence, Payload payload) {
        return new Message(type, false, sequence, payload, true);
    }

    /// A fragment of a request, or a whole one, to be sent.
    public static Message data(int sequence, boolean more, Payload payload) {
        return new Message(MessageType.DATA, more, sequence, payload, true);
    }
}
