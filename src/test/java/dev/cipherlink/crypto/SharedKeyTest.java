package dev.cipherlink.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedKeyTest {

    private static final byte[] NONCE = new byte[Sodium.SECRETBOX_NONCE_BYTES];
    private static final byte[] MESSAGE = "a message".getBytes(StandardCharsets.US_ASCII);

    private static byte[] sealed(SharedKey key) {
        var box = new byte[MESSAGE.length + Sodium.SECRETBOX_TAG_BYTES];
        key.seal(box, MESSAGE, NONCE);
        return box;
    }

    @Test
    void opensWhatTheSameKeySealed() {
        byte[] raw = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
        try (var mine = SharedKey.of(raw); var yours = SharedKey.of(raw); var other = SharedKey.generate()) {
            var message = new byte[MESSAGE.length];
            assertTrue(yours.open(message, sealed(mine), NONCE));
            assertArrayEquals(MESSAGE, message);
            assertFalse(other.open(message, sealed(mine), NONCE));
        }
    }

    @Test
    void copiesTheBytesThatItIsMadeOf() {
        byte[] raw = new byte[32];
        try (var key = SharedKey.of(raw); var same = SharedKey.of(new byte[32])) {
            raw[0] = 1;
            assertEquals(same.fingerprint(), key.fingerprint());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 31, 33, 64})
    void refusesAnyOtherNumberOfBytes(int length) {
        assertThrows(IllegalArgumentException.class, () -> SharedKey.of(new byte[length]));
    }

    @Test
    void cannotBeUsedOnceClosed() {
        var key = SharedKey.generate();
        byte[] box = sealed(key);
        key.close();
        key.close();
        assertThrows(IllegalStateException.class, () -> sealed(key));
        assertThrows(IllegalStateException.class, () -> key.open(new byte[MESSAGE.length], box, NONCE));
        assertThrows(IllegalStateException.class, key::fingerprint);
        assertThrows(IllegalStateException.class, () -> key.save(Path.of("never"), false));
    }

    @Test
    void wipesItsBytesWhenItIsClosed() throws ReflectiveOperationException {
        var key = SharedKey.generate();
        var field = SharedKey.class.getDeclaredField("bytes");
        field.setAccessible(true);
        byte[] bytes = (byte[]) field.get(key);
        assertFalse(Arrays.equals(new byte[32], bytes));
        key.close();
        assertArrayEquals(new byte[32], bytes);
    }

    @Test
    void tellsKeysApartWithoutShowingThem() {
        byte[] raw = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
        try (var key = SharedKey.of(raw); var other = SharedKey.generate()) {
            assertEquals("SharedKey", key.toString());
            assertTrue(key.fingerprint().matches("shared:[0-9a-f]{16}"), key.fingerprint());
            assertNotEquals(other.fingerprint(), key.fingerprint());
            assertFalse(key.fingerprint().contains("30313233"), "the first bytes of the key in hex");
        }
    }

    /// A key that was closed while another thread was sealing could seal under its wiped, all-zero bytes: anybody could
    /// have opened that box.
    @Test
    void neverSealsUnderAKeyThatIsBeingWiped() throws InterruptedException {
        for (int round = 0; round < 300; round++) {
            byte[] raw = new byte[32];
            Sodium.randomBytes(raw);
            var key = SharedKey.of(raw);
            var started = new CountDownLatch(1);
            Thread closer = Thread.ofPlatform().start(() -> {
                started.countDown();
                key.close();
            });
            started.await();
            try (var reference = SharedKey.of(raw)) {
                for (int i = 0; i < 100; i++) {
                    assertTrue(reference.open(new byte[MESSAGE.length], sealed(key), NONCE), "round " + round);
                }
            } catch (IllegalStateException e) {
                assertEquals("the shared key is closed", e.getMessage());
            }
            closer.join();
        }
    }
}
