package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.ProtocolException;

/// Something that a server tells a client without being asked: the payload of a DATA message
/// (`docs/protocol.md` section 7, end).
public sealed interface Event {

    /// The payload: one line of UTF-8.
    byte[] encode();

    /// A sentence from the operator or the server itself, for people: `EVENT notice <text>\n`.
    ///
    /// @param text control characters are escaped by [#encode], so that it stays one line
    record Notice(String text) implements Event {
        private static final String PREFIX = "EVENT notice ";

        @Override
        public byte[] encode() {
            return (PREFIX + Escapes.line(text) + "\n").getBytes(UTF_8);
        }
    }

    /// Reads an event from `length` bytes from `offset` on.
    ///
    /// @throws ProtocolException if they are not an event that this version knows
    static Event parse(byte[] payload, int offset, int length) throws ProtocolException {
        String line = new String(payload, offset, length, UTF_8);
        if (line.startsWith(Notice.PREFIX) && line.indexOf('\n') == line.length() - 1) {
            return new Notice(line.substring(Notice.PREFIX.length(), line.length() - 1));
        }
        throw new ProtocolException("unknown event");
    }
}
