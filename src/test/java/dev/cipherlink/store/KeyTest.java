package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class KeyTest {

    @Test
    void ordersByUnsignedBytesAndShorterFirst() {
        var keys = List.of(key(), key(0), key(0, 0), key(0x61), key(0x61, 0), key(0x61, 0x62), key(0x62),
                key(0x7F), key(0x80), key(0xC3, 0xA9), key(0xFF), key(0xFF, 0));
        for (int i = 0; i < keys.size(); i++) {
            for (int j = 0; j < keys.size(); j++) {
                assertEquals(Integer.compare(i, j), Integer.signum(keys.get(i).compareTo(keys.get(j))), i + " " + j);
            }
        }
    }

    @Test
    void equalBytesMakeEqualKeys() {
        assertEquals(key(1, 2), key(1, 2));
        assertEquals(key(1, 2).hashCode(), key(1, 2).hashCode());
        assertNotEquals(key(1, 2), key(1, 3));
        assertNotEquals(key(1, 2), new Object());
    }

    @Test
    void keysOfTheSameHashAreStillTold() {
        // 31 * 1 + 31 = 31 * 2 + 0
        assertEquals(key(1, 31).hashCode(), key(2, 0).hashCode());
        assertNotEquals(key(1, 31), key(2, 0));
    }

    @Test
    void takesTheBytesOver() {
        byte[] bytes = {1};
        assertSame(bytes, Key.of(bytes).bytes());
    }

    @Test
    void knowsItsPrefixes() {
        Key key = Key.of("user:7".getBytes(UTF_8));
        assertTrue(Stream.of("", "u", "user:", "user:7").allMatch(prefix -> key.startsWith(prefix.getBytes(UTF_8))));
        assertFalse(Stream.of("user:70", "User:", "ser:").anyMatch(prefix -> key.startsWith(prefix.getBytes(UTF_8))));
    }

    @Test
    void readsAsText() {
        assertEquals("caf\u00e9", Key.of("caf\u00e9".getBytes(UTF_8)).toString());
    }

    private static Key key(int... bytes) {
        byte[] copy = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            copy[i] = (byte) bytes[i];
        }
        return Key.of(copy);
    }
}
