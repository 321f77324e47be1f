package dev.cipherlink.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.text.DurationText.SizeText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Durations, sizes, addresses, suggestions and escapes: the small languages of the command line.
class TextFormsTest {

    @ParameterizedTest
    @CsvSource({"500ms,500", "10s,10000", "1.5s,1500", "2m,120000", "1h,3600000", "1d,86400000", "0ms,0", "10S,10000",
        "0.001s,1", "1.25m,75000", "0.5d,43200000", "999999999.999d,86399999999913600"})
    void readsDurations(String text, long millis) {
        assertEquals(Duration.ofMillis(millis), DurationText.parse(text));
    }

    @Test
    void readsPartsOfAMillisecond() {
        assertEquals(Duration.ofNanos(12_345_000), DurationText.parse("12.345ms"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10", "s", "-1s", "10 s", "1.5", "10sec", "1e3s", "1234567890s"})
    void refusesDurationsWithoutUnitOrSense(String text) {
        assertThrows(IllegalArgumentException.class, () -> DurationText.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"500ms", "10s", "90s", "2m", "1h", "1d", "0ms", "1500ms"})
    void writesDurationsThatItReadsBack(String text) {
        assertEquals(text, DurationText.format(DurationText.parse(text)));
    }

    @ParameterizedTest
    @CsvSource({"0,0", "512,512", "64KiB,65536", "16MiB,16777216", "1gib,1073741824", "7b,7", "1 KiB,1024"})
    void readsSizes(String text, long bytes) {
        assertEquals(bytes, SizeText.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "KiB", "-1", "1.5KiB", "1KB", "1TiB", "999999999999GiB"})
    void refusesSizes(String text) {
        assertThrows(IllegalArgumentException.class, () -> SizeText.parse(text));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 1000, 1024, 1536, 65536, 16 << 20, 1L << 30, 3L << 40})
    void writesSizesThatItReadsBack(long bytes) {
        assertEquals(bytes, SizeText.parse(SizeText.format(bytes)));
    }

    @ParameterizedTest
    @CsvSource({"example.org,example.org,8888", "example.org:99,example.org,99", "::1,::1,8888", "[::1],::1,8888",
        "[fe80::1]:65535,fe80::1,65535", "10.0.0.1:1,10.0.0.1,1"})
    void readsServerAddresses(String text, String host, int port) {
        assertEquals(new ServerAddress(host, port), ServerAddress.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":1", "host:", "host:0", "host:65536", "host:x", "[::1", "[::1]x", "[]:1", "a b", "user@host",
        "http://host"})
    void refusesServerAddresses(String text) {
        assertThrows(IllegalArgumentException.class, () -> ServerAddress.parse(text));
    }

    @Test
    void writesIpv6AddressesInBrackets() {
        assertEquals("[::1]:8888", new ServerAddress("::1", 8888).toString());
    }

    @ParameterizedTest
    @CsvSource({"srve,serve", "keygne,keygen", "KV,kv", "benhc,bench"})
    void suggestsTheNearestWord(String typed, String meant) {
        assertEquals(Optional.of(meant), NearestMatch.find(typed, List.of("serve", "keygen", "kv", "bench")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "frobnicate", "completely-else"})
    void suggestsNothingForAnotherWord(String typed) {
        assertEquals(Optional.empty(), NearestMatch.find(typed, List.of("serve", "keygen", "kv", "bench")));
    }

    @Test
    void countsASwapAsOneEdit() {
        assertEquals(1, NearestMatch.distance("prot", "port"));
        assertEquals(3, NearestMatch.distance("kitten", "sitting"));
        assertEquals(4, NearestMatch.distance("", "four"));
    }

    @Test
    void escapesWhatWouldSteerATerminal() {
        byte[] hostile = "a\u001b[31mred\u0007\u009b\u202e\u2028\u007f\r".getBytes(StandardCharsets.UTF_8);
        assertEquals("a\\x1b[31mred\\x07\\x9b\\u202e\\u2028\\x7f\\x0d", TerminalText.escape(hostile));
    }

    @Test
    void leavesPeoplesTextAlone() {
        String text = "héllo\twörld\n日本 👩‍💻 می‌خواهم";
        assertEquals(text, TerminalText.escape(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void showsBytesThatAreNotUtf8() {
        assertEquals("a\\xffb\\xc3", TerminalText.escape(new byte[] {'a', (byte) 0xFF, 'b', (byte) 0xC3}));
        assertTrue(TerminalText.decode(new byte[] {(byte) 0xC3}).isEmpty());
    }

    @Test
    void keepsALineOneLine() {
        assertEquals("a\\nb\\tc", TerminalText.escapeLine("a\nb\tc"));
    }
}
