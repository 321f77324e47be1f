package dev.cipherlink.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Message.MessageCodec.Checksum;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChecksumTest {

    /// MD5 from RFC 1321 and CPython's hashlib; CRC-32C from RFC 3720, appendix B.4, and a bitwise implementation.
    @ParameterizedTest
    @CsvSource({"'', d41d8cd9, 00000000", "a, 0cc175b9, c1d04330", "123456789, 25f9e794, e3069283",
            "PING, e07ff41a, ceada4a6"})
    void givesTheKnownAnswers(String text, String md5, String crc32c) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        assertEquals(md5, hex(Checksum.Algorithm.MD5.create(), bytes));
        assertEquals(crc32c, hex(Checksum.Algorithm.CRC32C.create(), bytes));
    }

    @Test
    void givesTheKnownAnswerFor32ZeroBytes() {
        assertEquals("8a9136aa", hex(Checksum.Algorithm.CRC32C.create(), new byte[32]));
        assertEquals("70bc8f4b", hex(Checksum.Algorithm.MD5.create(), new byte[32]));
    }

    @Test
    void looksAtItsRangeOnlyAndKeepsNothingBetweenCalls() {
        byte[] bytes = "xx123456789yy".getBytes(StandardCharsets.US_ASCII);
        for (Checksum.Algorithm algorithm : Checksum.Algorithm.values()) {
            Checksum checksum = algorithm.create();
            int first = checksum.of(bytes, 2, 9);
            checksum.of(bytes, 0, 13);
            assertEquals(first, checksum.of(bytes, 2, 9));
            assertEquals(checksum.of(new byte[0], 0, 0), checksum.of(bytes, 5, 0));
        }
    }

    @Test
    void isKnownByItsNameOnTheWireOnly() {
        assertEquals("md5", Checksum.Algorithm.MD5.wireName());
        assertEquals("crc32c", Checksum.Algorithm.CRC32C.wireName());
        for (Checksum.Algorithm algorithm : Checksum.Algorithm.values()) {
            assertEquals(algorithm, Checksum.Algorithm.ofWireName(algorithm.wireName()).orElseThrow());
        }
        assertTrue(Checksum.Algorithm.ofWireName("MD5").isEmpty());
        assertTrue(Checksum.Algorithm.ofWireName("").isEmpty());
    }

    private static String hex(Checksum checksum, byte[] bytes) {
        return String.format("%08x", checksum.of(bytes, 0, bytes.length));
    }
}
