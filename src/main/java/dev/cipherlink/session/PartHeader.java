package dev.cipherlink.session;

import dev.cipherlink.message.Payload;
import java.nio.ByteBuffer;

/// The first 8 bytes of a PART's payload: `offset(4) total(4)` (`docs/protocol.md`, section 2).
final class PartHeader {

    static final int BYTES = 8;

    private PartHeader() {
    }

    static void encode(byte[] target, int offset, int total) {
        ByteBuffer.wrap(target).putInt(offset).putInt(total);
    }

    static int offset(Payload part) {
        return ByteBuffer.wrap(part.array(), part.offset(), BYTES).getInt();
    }

    static int total(Payload part) {
        return ByteBuffer.wrap(part.array(), part.offset() + 4, 4).getInt();
    }
}
