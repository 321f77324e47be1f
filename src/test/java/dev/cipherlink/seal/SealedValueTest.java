package dev.cipherlink.seal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.Sodium;
import dev.cipherlink.noise.OneWayMessage;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SealedValueTest {
    private static final byte[] KEY = "app/token".getBytes(StandardCharsets.UTF_8);
    private static final byte[] VALUE = "secret\n\0".getBytes(StandardCharsets.UTF_8);
    private final KeyPair ann = KeyPair.generate();
    private final KeyPair bob = KeyPair.generate();
    private final KeyPair eve = KeyPair.generate();

    private static PublicKey key(KeyPair pair) {
        return PublicKey.of(pair.publicKey());
    }

    private byte[] sealed() throws IOException {
        return SealedValue.seal(ann, KEY, VALUE, List.of(key(bob)));
    }

    @Test
    void opensForItsRecipientsAndItsAuthor() throws IOException {
        byte[] sealed = sealed();
        assertTrue(SealedValue.isSealed(sealed));
        assertEquals(SealedValue.sealedBytes(VALUE.length, 2), sealed.length);
        assertFalse(new String(sealed, StandardCharsets.ISO_8859_1).contains("secret"));
        for (KeyPair reader : List.of(ann, bob)) {
            SealedValue opened = SealedValue.open(reader, KEY, sealed);
            assertArrayEquals(VALUE, opened.value());
            assertEquals(key(ann), opened.sender());
        }
        assertThrows(ProtocolException.class, () -> SealedValue.open(eve, KEY, sealed));
        assertArrayEquals(new byte[0], SealedValue.open(ann, KEY, SealedValue.seal(ann, KEY, new byte[0], List.of())).value());
    }

    /// The server shows a value under the key of another one.
    @Test
    void isBoundToItsKey() throws IOException {
        byte[] sealed = sealed();
        for (String other : List.of("app/toke", "app/token2", "pp/token", "x")) {
            assertThrows(ProtocolException.class, () -> SealedValue.open(bob, other.getBytes(StandardCharsets.UTF_8), sealed));
        }
    }

    @Test
    void aChangeOfAnyByteRefusesItButOfALockOfOthers() throws IOException {
        byte[] sealed = sealed();
        int bobsLock = 9 + 128;
        for (int i = 0; i < sealed.length; i++) {
            byte[] damaged = sealed.clone();
            damaged[i] ^= (byte) 0x40;
            if (i >= 9 && i < bobsLock) {
                assertArrayEquals(VALUE, SealedValue.open(bob, KEY, damaged).value());
            } else if (i < 8) {
                assertFalse(SealedValue.isSealed(damaged));
            } else {
                assertThrows(ProtocolException.class, () -> SealedValue.open(bob, KEY, damaged), "byte " + i);
            }
        }
        for (int length = 10; length < sealed.length; length++) {
            byte[] cut = Arrays.copyOf(sealed, length);
            assertThrows(ProtocolException.class, () -> SealedValue.open(bob, KEY, cut));
        }
        assertThrows(ProtocolException.class, () -> SealedValue.open(bob, KEY, Arrays.copyOf(sealed, sealed.length + 1)));
    }

    /// The content of one value with the locks of another, which has the same key.
    @Test
    void partsOfTwoValuesMakeNone() throws IOException {
        byte[] one = sealed();
        byte[] other = sealed();
        System.arraycopy(other, 9 + 2 * 128, one, 9 + 2 * 128, one.length - 9 - 2 * 128);
        assertThrows(ProtocolException.class, () -> SealedValue.open(bob, KEY, one));
    }

    /// A recipient has the key of the content, and can make no other content under the author's name.
    @Test
    void aRecipientCannotPoseAsTheAuthor() throws IOException {
        byte[] sealed = sealed();
        int contentAt = 9 + 2 * 128;
        byte[] content = Arrays.copyOfRange(sealed, contentAt, sealed.length);
        byte[] digest = new byte[64];
        Sodium.blake2b(digest, content, content.length);
        byte[] prologue = ByteBuffer.allocate(25 + 64 + KEY.length).put("cipherlink sealed value 1".getBytes(StandardCharsets.US_ASCII))
                .put(digest).put(KEY).array();
        byte[] contentKey = OneWayMessage.open(bob, prologue, Arrays.copyOfRange(sealed, 9 + 128, contentAt)).payload();
        assertArrayEquals(VALUE, OneWayMessage.decrypt(contentKey, content));
        byte[] forged = OneWayMessage.encrypt(contentKey, "forged".getBytes(StandardCharsets.UTF_8));
        byte[] value = ByteBuffer.allocate(contentAt + forged.length).put(sealed, 0, contentAt).put(forged).array();
        assertThrows(ProtocolException.class, () -> SealedValue.open(ann, KEY, value), "the author's locks are for the author's content");

        byte[] bobs = SealedValue.seal(bob, KEY, VALUE, List.of(key(ann)));
        assertEquals(key(bob), SealedValue.open(ann, KEY, bobs).sender());
    }

    @Test
    void recipientsAreCountedOnceAndHaveALimit() throws IOException {
        assertEquals(sealed().length, SealedValue.seal(ann, KEY, VALUE, List.of(key(ann), key(bob), key(bob))).length);
        List<PublicKey> most = IntStream.range(1, SealedValue.MAX_RECIPIENTS).mapToObj(_ -> key(KeyPair.generate())).toList();
        assertArrayEquals(VALUE, SealedValue.open(ann, KEY, SealedValue.seal(ann, KEY, VALUE, most)).value());
        var more = new ArrayList<>(most);
        more.add(key(bob));
        assertThrows(IllegalArgumentException.class, () -> SealedValue.seal(ann, KEY, VALUE, more));
        assertThrows(ProtocolException.class, () -> SealedValue.seal(ann, KEY, VALUE, Collections.singleton(PublicKey.of(new byte[32]))));
    }
}
