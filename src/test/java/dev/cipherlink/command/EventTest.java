package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.ProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "EVENT", "EVENT notice\n", "EVENT notice x", "EVENT notice x\ny\n",
        "EVENT other x\n", "event notice x\n", "OK\n"})
    void refusesWhatIsNotAnEvent(String payload) {
        byte[] bytes = payload.getBytes(UTF_8);
        assertThrows(ProtocolException.class, () -> Event.decode(bytes, 0, bytes.length));
    }
}
