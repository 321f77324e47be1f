package dev.cipherlink.server;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/// Of what a session is told: what its client takes for granted when it resumes.
///
/// @param isPresent whether it takes part in the chat
/// @param rooms     that it is in
/// @param prefixes  of keys that it watches
record SessionPlace(boolean isPresent, List<String> rooms, List<byte[]> prefixes) {

    static final SessionPlace NOWHERE = new SessionPlace(false, List.of(), List.of());

    byte[] encode() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeBoolean(isPresent);
            out.writeShort(rooms.size());
            for (String room : rooms) {
                out.writeUTF(room);
            }
            out.writeShort(prefixes.size());
            for (byte[] prefix : prefixes) {
                out.writeShort(prefix.length);
                out.write(prefix);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("an array takes whatever is written", e);
        }
        return bytes.toByteArray();
    }

    /// @throws IOException if it is damaged
    static SessionPlace decode(byte[] encoded) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(encoded))) {
            boolean isPresent = in.readBoolean();
            var rooms = new ArrayList<String>();
            for (int left = in.readUnsignedShort(); left > 0; left--) {
                rooms.add(in.readUTF());
            }
            var prefixes = new ArrayList<byte[]>();
            for (int left = in.readUnsignedShort(); left > 0; left--) {
                byte[] prefix = new byte[in.readUnsignedShort()];
                in.readFully(prefix);
                prefixes.add(prefix);
            }
            return new SessionPlace(isPresent, rooms, prefixes);
        }
    }
}
