package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LockedKeyTest {
    private static final byte[] SECRET = "MARKER of a secret of 32 bytes!!".getBytes(StandardCharsets.US_ASCII);

    private static ReadableByteChannel channel(byte[] bytes) {
        return Channels.newChannel(new ByteArrayInputStream(bytes));
    }

    @Test
    void computesAsAKeyOnTheHeapDoes() throws IOException {
        try (var heap = KeyPair.of(SECRET); var peer = KeyPair.generate(); var locked = LockedKey.read(channel(SECRET))) {
            assertArrayEquals(heap.publicKey(), locked.publicKey());
            byte[] shared = new byte[32];
            for (int i = 0; i < 3; i++) {
                assertTrue(locked.x25519(shared, peer.publicKey()));
                assertArrayEquals(heap.dh(peer.publicKey()), shared);
            }
            assertFalse(locked.x25519(shared, new byte[32]), "a low-order point");
            assertTrue(locked.isLocked());
            assertEquals("LockedKey", locked.toString());
        }
    }

    @Test
    void isNotGivenOut() throws IOException {
        try (var locked = LockedKey.read(channel(SECRET)); var identity = Identity.of(KeyPair.of(locked.publicKey(), locked))) {
            var refusal = assertThrows(IllegalStateException.class, () -> identity.lendSecret(_ -> { }));
            assertEquals("the secret key is not given out", refusal.getMessage());
        }
    }

    @Test
    void isNoKeyIfTheChannelEndsBefore() {
        assertThrows(EOFException.class, () -> LockedKey.read(channel(new byte[31])));
    }

    @Test
    void computesNothingOnceClosed() throws IOException {
        var locked = LockedKey.read(channel(SECRET));
        locked.close();
        locked.close();
        assertThrows(IOException.class, () -> locked.x25519(new byte[32], SECRET));
    }
}
