package dev.cipherlink.cli.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScriptReaderTest {
    private static final String SCRIPT = "# comment\n\nSET a 1\r\n  GET a\n\t# indented\n   \nSET b x  \nGET b";

    /// A stream that gives at most so many bytes a read, as a pipe does.
    private static InputStream pieces(String text, int size) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)) {
            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(size, length));
            }
        };
    }

    private static List<String> read(ScriptReader reader) throws IOException {
        List<String> lines = new ArrayList<>();
        for (ScriptReader.Line line = reader.next(); line != null; line = reader.next()) {
            lines.add(line.number() + ":" + (line.bytes() == null ? "too long" : new String(line.bytes(), StandardCharsets.UTF_8)));
        }
        return lines;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000})
    void skipsCommentsAndBlankLinesButCountsThem(int size) throws IOException {
        ScriptReader reader = new ScriptReader(pieces(SCRIPT, size), 1000);
        assertEquals(List.of("3:SET a 1", "4:GET a", "7:SET b x  ", "8:GET b"), read(reader));
        assertEquals(SCRIPT.length(), reader.bytesTaken());
    }

    @Test
    void keepsBytesThatAreNotUtf8() throws IOException {
        byte[] script = {'S', 'E', 'T', ' ', 'k', ' ', (byte) 0xFF, 0, '\n'};
        byte[] line = new ScriptReader(new ByteArrayInputStream(script), 100).next().bytes();
        assertEquals((byte) 0xFF, line[6]);
        assertEquals(8, line.length);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 13, 100_000})
    void skipsALineThatIsTooLongAndGoesOn(int size) throws IOException {
        String script = "GET a\nSET b " + "x".repeat(70_000) + "\nGET c\n";
        assertEquals(List.of("1:GET a", "2:too long", "3:GET c"), read(new ScriptReader(pieces(script, size), 50_000)));
        assertEquals(List.of("1:too long"), read(new ScriptReader(pieces("x".repeat(200_000), size), 50_000)));
    }

    @Test
    void growsForLongLines() throws IOException {
        String value = "SET k " + "v".repeat(300_000);
        assertEquals(List.of("1:" + value, "2:GET k"), read(new ScriptReader(pieces(value + "\nGET k", 999), 1 << 20)));
    }

    @Test
    void knowsWhetherAReadCouldBlock() throws IOException {
        ScriptReader reader = new ScriptReader(pieces("GET a\nGET b\nGET", 12), 100);
        assertTrue(reader.isExhausted());
        reader.next();
        assertFalse(reader.isExhausted());
        reader.next();
        assertTrue(reader.isExhausted());
        assertEquals("GET", new String(reader.next().bytes(), StandardCharsets.UTF_8));
        assertNull(reader.next());
    }

    @Test
    void endsAtOnceOnAnEmptyStream() throws IOException {
        assertNull(new ScriptReader(pieces("", 1), 100).next());
    }

    /// Issue 14.11: an editor's mark made the first verb unknown.
    @Test
    void dropsAByteOrderMarkInFrontOfTheFirstLineOnly() throws IOException {
        assertEquals(List.of("1:SET a \uFEFFb", "2:\uFEFFGET a"), read(new ScriptReader(pieces("\uFEFFSET a \uFEFFb\n\uFEFFGET a\n", 1), 100)));
        assertEquals(List.of("2:GET a"), read(new ScriptReader(pieces("\uFEFF# comment\nGET a\n", 1000), 100)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16LE", "UTF-16BE"})
    void saysThatItIsUtf16(String charset) {
        byte[] script = "\uFEFFSET a 1\n".getBytes(Charset.forName(charset));
        IOException failure = assertThrows(IOException.class, () -> read(new ScriptReader(new ByteArrayInputStream(script), 100)));
        assertEquals("it is UTF-16; save it as UTF-8", failure.getMessage());
    }
}
