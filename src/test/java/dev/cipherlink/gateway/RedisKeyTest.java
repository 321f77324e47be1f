package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.Verb;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RedisKeyTest {

    private static String stored(String key) throws RespException {
        return new String(RedisKey.toStore(key.getBytes(UTF_8)), UTF_8);
    }

    @Test
    void leavesPlainKeysAlone() throws Exception {
        assertEquals("user:42", stored("user:42"));
        assertEquals("grüße:日本:😀", stored("grüße:日本:😀"));
    }

    @Test
    void escapesTheOthers() throws Exception {
        assertEquals("\\e", stored(""));
        assertEquals("a\\\\b", stored("a\\b"));
        assertEquals("a\\x20b\\x0a", stored("a b\n"));
        assertEquals("\\xff\\xc3", new String(RedisKey.toStore("\u00ff\u00c3".getBytes(ISO_8859_1)), UTF_8));
        assertEquals("\\xc2\\xa0", stored("\u00a0"), "white space of Unicode");
        assertEquals("\\xed\\xa0\\x80", new String(RedisKey.toStore(new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80}), UTF_8),
                "half of a surrogate pair is no character");
    }

    @Test
    void saysThatAKeyIsTooLong() throws Exception {
        assertEquals(512, RedisKey.toStore(new byte[128]).length);
        assertTrue(assertThrows(RespException.class, () -> RedisKey.toStore(new byte[129])).getMessage()
                .startsWith("ERR key is too long"));
    }

    /// What is no key of Redis' is not shown as one.
    @Test
    void knowsKeysThatAreNotItsOwn() {
        for (String foreign : new String[] {"C:\\dir", "a\\", "\\x41", "\\xFF", "x\\e", "\\xc3\\xa9"}) {
            assertNull(RedisKey.fromStore(foreign.getBytes(UTF_8)), foreign);
        }
    }

    private static byte[] random(Random random) {
        byte[] key = new byte[random.nextInt(24)];
        for (int i = 0; i < key.length; i++) {
            key[i] = switch (random.nextInt(4)) {
                case 0 -> (byte) random.nextInt(256);
                case 1 -> (byte) "\\xe09 \n".charAt(random.nextInt(7));
                case 2 -> "é日😀".getBytes(UTF_8)[random.nextInt(9)];
                default -> (byte) ('a' + random.nextInt(26));
            };
        }
        return key;
    }

    /// Every key comes back, and is one that the server takes.
    @Test
    void comesBackFromTheStore() throws Exception {
        var parser = new CommandParser();
        for (int seed = 0; seed < 100_000; seed++) {
            byte[] key = random(new Random(seed));
            byte[] stored = RedisKey.toStore(key);
            assertArrayEquals(key, RedisKey.fromStore(stored), "seed " + seed);
            byte[] request = CommandEncoder.join(Verb.GET, stored);
            parser.parse(request, 0, request.length);
        }
    }

    /// The prefix that a listing is narrowed to loses no key.
    @Test
    void narrowsToAPrefixOfTheKeysThatBeginSo() throws Exception {
        for (int seed = 0; seed < 100_000; seed++) {
            var random = new Random(seed);
            byte[] key = random(random);
            int length = random.nextInt(key.length + 1);
            byte[] prefix = RedisKey.prefixToStore(key, length);
            byte[] stored = RedisKey.toStore(key);
            assertTrue(Arrays.equals(prefix, Arrays.copyOf(stored, Math.min(prefix.length, stored.length))), "seed " + seed);
        }
    }
}
