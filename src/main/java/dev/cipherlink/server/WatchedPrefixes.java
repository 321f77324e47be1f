package dev.cipherlink.server;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// What a session watches, as a record: for each prefix its length (2 bytes, big-endian), then its bytes.
final class WatchedPrefixes {

    private WatchedPrefixes() {
    }

    static byte[] encode(Collection<byte[]> prefixes) {
        var out = ByteBuffer.allocate(prefixes.stream().mapToInt(prefix -> Short.BYTES + prefix.length).sum());
        prefixes.forEach(prefix -> out.putShort((short) prefix.length).put(prefix));
        return out.array();
    }

    /// @throws BufferUnderflowException if it is damaged
    static List<byte[]> decode(byte[] encoded) {
        var in = ByteBuffer.wrap(encoded);
        var prefixes = new ArrayList<byte[]>();
        while (in.hasRemaining()) {
            byte[] prefix = new byte[Short.toUnsignedInt(in.getShort())];
            in.get(prefix);
            prefixes.add(prefix);
        }
        return prefixes;
    }
}
