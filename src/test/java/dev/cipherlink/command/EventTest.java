package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.ProtocolException;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventTest {

    @Test
    void encodesANotice() {
        assertArrayEquals("EVENT notice going down at 8\n".getBytes(UTF_8),
                new Event.Notice("going down at 8").encode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "hello", "Gr\u00fc\u00dfe \ud83d\ude00", "two  spaces "})
    void readsTheNoticeThatWasEncoded(String text) throws ProtocolException {
        byte[] payload = new Event.Notice(text).encode();
        assertEquals(new Event.Notice(text), Event.decode(payload, 0, payload.length));
    }

    @Test
    void aNoticeStaysOneLine() {
        assertArrayEquals("EVENT notice a\\nEVENT notice b\n".getBytes(UTF_8),
                new Event.Notice("a\nEVENT notice b").encode());
    }

    @Test
    void readsOnlyItsRange() throws ProtocolException {
        byte[] buffer = "..EVENT notice x\n..".getBytes(UTF_8);
        assertEquals(new Event.Notice("x"), Event.decode(buffer, 2, buffer.length - 4));
    }

    private static final Instant AT = Instant.parse("2026-03-01T11:00:00.123Z");

    static Stream<Arguments> events() {
        return Stream.of(
                Arguments.of(new Event.Message("#dev", 7, "ann", AT, "hello  all "),
                        "EVENT message #dev 7 ann 2026-03-01T11:00:00.123Z hello  all \n"),
                Arguments.of(new Event.Message("#dev", Long.MAX_VALUE, "a.B-c_9", AT, "\033[2J\r\0\u202e"),
                        "EVENT message #dev 9223372036854775807 a.B-c_9 2026-03-01T11:00:00.123Z \033[2J\r\0\u202e\n"),
                Arguments.of(new Event.Direct(8, "bob", AT, "\ud83d\ude00"),
                        "EVENT direct 8 bob 2026-03-01T11:00:00.123Z \ud83d\ude00\n"),
                Arguments.of(new Event.Joined("#dev", "ann"), "EVENT joined #dev ann\n"),
                Arguments.of(new Event.Left("#dev", "ann"), "EVENT left #dev ann\n"),
                Arguments.of(new Event.Away("ann"), "EVENT away ann\n"),
                Arguments.of(new Event.Back("ann"), "EVENT back ann\n"),
                Arguments.of(new Event.Skipped("#dev", 12, 7), "EVENT skipped #dev 12 7\n"),
                Arguments.of(new Event.KeySet("caf\u00e9:1"), "EVENT key set caf\u00e9:1\n"),
                Arguments.of(new Event.KeyDeleted("k"), "EVENT key deleted k\n"));
    }

    @ParameterizedTest
    @MethodSource("events")
    void encodesAndDecodesEveryEvent(Event event, String wire) throws ProtocolException {
        byte[] payload = wire.getBytes(UTF_8);
        assertArrayEquals(payload, event.encode());
        assertEquals(event, Event.decode(payload, 0, payload.length));
    }

    @Test
    void readsTheEventsOfAHistory() throws ProtocolException {
        byte[] answer = "EVENT message #dev 7 ann 2026-03-01T11:00:00.123Z x\nEVENT joined #dev bob\n".getBytes(UTF_8);
        assertEquals(List.of(new Event.Message("#dev", 7, "ann", AT, "x"), new Event.Joined("#dev", "bob")),
                Event.decodeAll(answer));
        assertEquals(List.of(), Event.decodeAll(new byte[0]));
        assertThrows(ProtocolException.class, () -> Event.decodeAll("EVENT joined #dev bob\nx".getBytes(UTF_8)));
    }

    @Test
    void aTextCannotPretendToBeAnotherEvent() {
        assertThrows(IllegalArgumentException.class, () -> new Event.Direct(1, "ann", AT, "a\nEVENT notice b"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "EVENT", "EVENT notice\n", "EVENT notice x", "EVENT notice x\ny\n",
        "EVENT other x\n", "event notice x\n", "OK\n", "EVENT \n", "EVENT message #dev 7 ann 2026-03-01T11:00:00Z\n",
        "EVENT message dev 7 ann 2026-03-01T11:00:00Z x\n", "EVENT message #dev -7 ann 2026-03-01T11:00:00Z x\n",
        "EVENT message #dev 9223372036854775808 ann 2026-03-01T11:00:00Z x\n",
        "EVENT message #dev 7 \033[2J 2026-03-01T11:00:00Z x\n", "EVENT message #dev 7 ann yesterday x\n",
        "EVENT joined #dev\n", "EVENT joined #dev ann bob\n", "EVENT joined #dev ann \n", "EVENT away\n",
        "EVENT away -\n", "EVENT skipped #dev 1\n", "EVENT key set\n", "EVENT key set \n", "EVENT key set a b\n",
        "EVENT key got a\n", "EVENT key set a\u0085\n"})
    void refusesWhatIsNotAnEvent(String payload) {
        byte[] bytes = payload.getBytes(UTF_8);
        assertThrows(ProtocolException.class, () -> Event.decode(bytes, 0, bytes.length));
    }
}
