package dev.cipherlink.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.cipherlink.fuzz.FuzzTarget;
import dev.cipherlink.packet.Stream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// The requests of a Redis client, whole and in pieces: the same words, or an error in Redis' words.
public final class RespFuzz implements FuzzTarget {
    @Override
    public byte[][] seeds() {
        return FuzzTarget.latin1("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n", "PING\r\n",
                "set \"a b\" 'c\\'d' \"\\x00\\n\"\n", "*0\r\n*-1\r\nPING\n", "*1\r\n:3\r\n", "*1\r\n$-1\r\n", "*2147483647\r\n", "*1\r\n$99999999999\r\n",
                "get \"open\n", "*11\r\n", "\r\n\r\n", "*1\r\n$2\r\nab");
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        List<String> whole = requests(Stream.whole(input), false);
        int piece = 1 + (input.length == 0 ? 0 : input[input.length - 1] & 0xff);
        assertEquals(whole, requests(Stream.atMost(input, piece), false), "in pieces of " + piece);
        List<String> stranger = requests(Stream.whole(input), true);
        assertEquals(whole.subList(0, Math.max(0, stranger.size() - 1)), stranger.subList(0, Math.max(0, stranger.size() - 1)));
        return whole.isEmpty() || !whole.getLast().startsWith("ERR");
    }

    /// The requests, and the error behind them if there is one.
    private static List<String> requests(InputStream stream, boolean isStranger) throws IOException {
        var pressure = new RespReader.Pressure() {
            @Override
            public void willBlock() {
                // There is nobody to answer first.
            }

            @Override
            public void holds(int bytes) {
                // There is memory.
            }
        };
        var reader = new RespReader(Channels.newChannel(stream), pressure);
        reader.limitAsStranger(isStranger);
        List<String> all = new ArrayList<>();
        try {
            for (List<byte[]> words = reader.next(); words != null; words = reader.next()) {
                assertFalse(words.isEmpty());
                all.add(words.stream().map(HexFormat.of()::formatHex).toList().toString());
            }
        } catch (RespException e) {
            assertFalse(e.getMessage().isEmpty());
            all.add(e.getMessage());
        }
        return all;
    }
}
