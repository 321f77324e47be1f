package dev.cipherlink.message;

import java.net.ProtocolException;

/// Types of messages and their codes on the wire (`docs/protocol.md`, section 2).
public enum MessageType {
    /// A request, or an event pushed by the server.
    DATA(0x01),
    /// The reply to a request (may be empty); in the handshake: JSON.
    ACK(0x02),
    /// A failed request's reason; with sequence 0 the connection's, which then closes.
    ERROR(0x03),
    /// Asks for a sign of life; answered by an ACK with sequence 0 and the same payload.
    KEEPALIVE(0x04),
    /// Ends the session for good; answered by an ACK.
    DISCONNECT(0x05),
    /// A client's wishes, JSON.
    SYN(0x06),
    /// What the server granted, JSON.
    SYN_ACK(0x07),
    /// One part of a reply that is too large for one packet.
    PART(0x08),
    /// The receiver still needs this sequence number: go back and send from there.
    RESEND(0x09);

    /// On DATA: this message continues in the next sequence number.
    static final int MORE_FLAG = 0x80;

    private static final MessageType[] BY_CODE = new MessageType[RESEND.code + 1];

    static {
        for (MessageType type : values()) {
            BY_CODE[type.code] = type;
        }
    }

    private final int code;

    MessageType(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static MessageType ofCode(int code) throws ProtocolException {
        if (code <= 0 || code >= BY_CODE.length) {
            throw new ProtocolException("unknown message type " + code);
        }
        return BY_CODE[code];
    }
}
