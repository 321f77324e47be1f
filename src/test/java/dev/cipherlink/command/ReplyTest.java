package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyTest {

    @Test
    void okIsTwoLettersAndANewline() {
        assertArrayEquals(new byte[] {'O', 'K', '\n'}, Reply.OK.payload());
        assertFalse(Reply.OK.isError());
        assertEquals("OK", Reply.OK.text());
        assertThrows(IllegalStateException.class, Reply.OK::reason);
    }

    @Test
    void notFoundIsAnError() {
        assertEquals("ERROR not found\n", payload(Reply.NOT_FOUND));
        assertTrue(Reply.NOT_FOUND.isError());
        assertEquals("ERROR not found", Reply.NOT_FOUND.text());
        assertEquals("not found", Reply.NOT_FOUND.reason());
    }

    @Test
    void anErrorStaysOneLine() {
        assertEquals("ERROR a\\nb\\r\\t\\x1b[31m\\x7f\\x9b \\u2028\\u2029 \u00e9 C:\\x\n",
                payload(Reply.error("a\nb\r\t\u001b[31m\u007f\u009b \u2028\u2029 \u00e9 C:\\x")));
    }

    @Test
    void handsThePayloadThroughWithoutACopy() {
        byte[] payload = {1, 2, 3};
        assertSame(payload, Reply.ok(payload).payload());
    }

    @Test
    void readsWhatAPeerSent() {
        assertEquals("no such room", Reply.received("ERROR no such room\n".getBytes(UTF_8), true).reason());
        assertEquals("whatever", Reply.received("whatever".getBytes(UTF_8), true).reason());
        assertEquals("", Reply.received("ERROR ".getBytes(UTF_8), true).reason());
        assertEquals("", Reply.received(new byte[0], true).reason());
        assertEquals("", Reply.received(new byte[0], false).text());
        assertEquals("", Reply.received("\n".getBytes(UTF_8), false).text());
        assertEquals("a\n", Reply.received("a\n\n".getBytes(UTF_8), false).text());
        assertEquals("\ufffd", Reply.received(new byte[] {(byte) 0xFF}, false).text());
        assertFalse(Reply.received("ERROR is only a value\n".getBytes(UTF_8), false).isError());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 9, 10, -10, 99, 100, 1234567890123L, Long.MAX_VALUE, Long.MIN_VALUE})
    void writesNumbers(long number) {
        assertEquals(number + "\n", payload(Reply.number(number)));
    }

    @Test
    void writesRandomNumbers() {
        var random = new Random(4);
        for (int round = 0; round < 10_000; round++) {
            long number = random.nextLong() >> random.nextInt(64);
            assertEquals(Long.toString(number), Reply.number(number).text());
        }
    }

    @Test
    void aValueEndsWithANewline() {
        assertArrayEquals(new byte[] {0, '\n', -1, '\n'}, Reply.value(new byte[] {0, '\n', -1}).payload());
        assertArrayEquals(new byte[] {'\n'}, Reply.value(new byte[0]).payload());
    }

    @Test
    void listsOneEntryALine() {
        assertEquals("a\nbc\n", payload(Reply.lines(List.of("a".getBytes(UTF_8), "bc".getBytes(UTF_8)))));
        assertEquals("", payload(Reply.lines(List.of())));
    }

    @Test
    void peekShowsTheEscapedBeginningOfTheValue() {
        assertEquals("version: 7\nsize: 5\nttl: -1\na\\\\\\x00\\xff\\n\n",
                payload(Reply.peek(new byte[] {'a', '\\', 0, -1, '\n'}, 7, -1)));
        assertEquals("version: 8\nsize: 65\nttl: 9\n" + "x".repeat(64) + "\n",
                payload(Reply.peek("x".repeat(65).getBytes(UTF_8), 8, 9)));
    }

    private static String payload(Reply reply) {
        return new String(reply.payload(), UTF_8);
    }
}
