package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.gateway.GatewayRig.RespClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RespReaderTest {

    /// Bytes that arrive in pieces, each of a size that `random` chooses.
    private static final class Pieces implements ReadableByteChannel {
        private final ByteBuffer left;
        private final Random random;

        Pieces(byte[] bytes, Random random) {
            left = ByteBuffer.wrap(bytes);
            this.random = random;
        }

        @Override
        public int read(ByteBuffer target) {
            if (!left.hasRemaining()) {
                return -1;
            }
            int count = Math.min(1 + random.nextInt(3_000), Math.min(left.remaining(), target.remaining()));
            target.put(left.slice().limit(count));
            left.position(left.position() + count);
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            // nothing is open
        }
    }

    /// What a request held at most.
    private static final class Held implements RespReader.Pressure {
        private int most;

        @Override
        public void willBlock() {
            // nothing is to be sent
        }

        @Override
        public void holds(int bytes) {
            most = Math.max(most, bytes);
        }
    }

    private static RespReader reader(byte[] bytes, Random random) {
        return new RespReader(new Pieces(bytes, random), new Held());
    }

    private static List<String> next(String bytes) throws Exception {
        List<byte[]> words = reader(bytes.getBytes(ISO_8859_1), new Random(1)).next();
        return words == null ? null : words.stream().map(word -> new String(word, ISO_8859_1)).toList();
    }

    private static String error(String bytes) {
        return assertThrows(RespException.class, () -> next(bytes)).getMessage();
    }

    @Test
    void readsArraysAndInlineCommands() throws Exception {
        assertEquals(List.of("GET", "a"), next("*2\r\n$3\r\nGET\r\n$1\r\na\r\n"));
        assertEquals(List.of("", "\r\n\0"), next("*2\r\n$0\r\n\r\n$3\r\n\r\n\0\r\n"));
        assertEquals(List.of("GET", "a"), next("GET a\r\n"));
        assertEquals(List.of("GET", "a"), next("\r\n   \n*0\r\n*-1\r\n  GET \t a \n"));
        assertEquals(List.of("SET", "a b", "\n\"'\u00ff", "it's\\n"), next("SET \"a b\" \"\\n\\\"'\\xff\" 'it\\'s\\n'\n"));
        assertEquals(List.of(""), next("\"\"\n"));
        assertNull(next(""));
        assertNull(next("*2\r\n$3\r\nGET\r\n$1"));
        assertNull(next("GET a"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "*1048577\\r\\n;invalid multibulk length",
        "*x\\r\\n;invalid multibulk length",
        "*+1\\r\\n;invalid multibulk length",
        "*01\\r\\n;invalid multibulk length",
        "*999999999\\r\\n;invalid multibulk length",
        "*1\\r\\n$00\\r\\n;invalid bulk length",
        "*1\\r\\n$3x\\r\\n;invalid bulk length",
        "*1\\r\\n$-1\\r\\n;invalid bulk length",
        "*1\\r\\n$16777217\\r\\n;invalid bulk length",
        "*1\\r\\n$99999999999999999999\\r\\n;invalid bulk length",
        "*1\\r\\n:1\\r\\n;expected '$', got ':'",
        "GET \"a\\n;unbalanced quotes in request",
        "GET \"a\"b\\n;unbalanced quotes in request"})
    void namesTheBrokenRule(String bytes, String error) {
        assertEquals("ERR Protocol error: " + error, error(bytes.replace("\\r", "\r").replace("\\n", "\n")));
    }

    @Test
    void refusesLinesThatAreTooLong() {
        String digits = "1".repeat(RespReader.MAX_LINE_BYTES + 1);
        assertEquals("ERR Protocol error: too big mbulk count string", error("*" + digits));
        assertEquals("ERR Protocol error: too big bulk count string", error("*1\r\n$" + digits));
        assertEquals("ERR Protocol error: too big inline request", error("GET " + digits));
    }

    /// Memory follows what has arrived.
    @Test
    void allocatesNothingForALengthThatIsOnlyAnnounced() throws Exception {
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        next("PING\n");
        long before = threads.getCurrentThreadAllocatedBytes();
        assertNull(next("*1048576\r\n$16777216\r\nx"));
        assertTrue(threads.getCurrentThreadAllocatedBytes() - before < 200_000);
    }

    @Test
    void boundsTheWholeRequest() {
        String bulk = "$" + (4 << 20) + "\r\n" + "x".repeat(4 << 20) + "\r\n";
        assertEquals("ERR Protocol error: too big request", error("*9\r\n" + bulk.repeat(9)));
    }

    @Test
    void limitsStrangers() {
        var many = reader("*11\r\n".getBytes(ISO_8859_1), new Random(1));
        many.limitAsStranger(true);
        assertEquals("ERR Protocol error: unauthenticated multibulk length",
                assertThrows(RespException.class, many::next).getMessage());
        var large = reader("*1\r\n$16385\r\n".getBytes(ISO_8859_1), new Random(1));
        large.limitAsStranger(true);
        assertEquals("ERR Protocol error: unauthenticated bulk length", assertThrows(RespException.class, large::next).getMessage());
    }

    /// However a stream is cut, the requests are the same.
    @Test
    void readsRandomRequestsInRandomPieces() throws Exception {
        for (int seed = 0; seed < 300; seed++) {
            var random = new Random(seed);
            var stream = new ByteArrayOutputStream();
            List<List<String>> sent = new ArrayList<>();
            for (int i = random.nextInt(20); i >= 0; i--) {
                String[] words = new String[1 + random.nextInt(5)];
                for (int w = 0; w < words.length; w++) {
                    byte[] word = new byte[random.nextInt(20) == 0 ? random.nextInt(50_000) : random.nextInt(10)];
                    random.nextBytes(word);
                    words[w] = new String(word, ISO_8859_1);
                }
                sent.add(List.of(words));
                stream.writeBytes(RespClient.encode(words));
            }
            RespReader reader = reader(stream.toByteArray(), random);
            List<List<String>> received = new ArrayList<>();
            for (List<byte[]> words = reader.next(); words != null; words = reader.next()) {
                received.add(words.stream().map(word -> new String(word, ISO_8859_1)).toList());
            }
            assertEquals(sent, received, "seed " + seed);
        }
    }

    /// Any bytes give requests, an error of the protocol, or the end.
    @Test
    void survivesDamage() throws IOException {
        byte[] whole = RespClient.encode("SET", "key", "value", "EX", "10");
        int errors = 0;
        for (int seed = 0; seed < 20_000; seed++) {
            var random = new Random(seed);
            byte[] bytes = new byte[random.nextInt(60)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = random.nextInt(4) > 0 && i < whole.length ? whole[i] : (byte) "*$0123\r\n\"'x -".charAt(random.nextInt(13));
            }
            var held = new Held();
            var reader = new RespReader(new Pieces(bytes, random), held);
            try {
                while (reader.next() != null) {
                    assertTrue(held.most <= bytes.length + 1_000);
                }
            } catch (RespException e) {
                errors++;
                assertTrue(e.getMessage().startsWith("ERR Protocol error: "), e.getMessage());
            }
        }
        assertTrue(errors > 1_000, "the damage was really damage: " + errors);
    }
}
