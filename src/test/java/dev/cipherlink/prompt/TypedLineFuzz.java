package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.cipherlink.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;

/// A typed line has one meaning, and a text is said as it was meant.
public final class TypedLineFuzz implements FuzzTarget {
    @Override
    public byte[][] seeds() {
        return FuzzTarget.utf8("hello there", " GET key ", "SET a  b ", "/join #ops", "//etc/hosts", "/nosuch", "quit", "?", "help SET", "\t ", "SAY #a b",
                "/msg ann hi", "\u00a0x", "GET");
    }

    @Override
    public boolean isTotal() {
        return true;
    }

    @Override
    public boolean accepts(byte[] input) {
        String line = new String(input, StandardCharsets.UTF_8);
        switch (TypedLine.parse(line)) {
            case TypedLine.Nothing _ -> assertEquals("", line.strip());
            case TypedLine.Text(String text) -> {
                assertFalse(text.isBlank());
                TypedLine again = TypedLine.parse(TypedLine.saying("#a", "#a", text));
                assertEquals(text, again instanceof TypedLine.Text same ? same.text()
                        : ((TypedLine.Request) again).command().substring("SAY #a ".length()));
            }
            case TypedLine.Request request -> assertEquals(request, TypedLine.parse(request.command()));
            case TypedLine.Slash slash -> assertEquals(slash.rest(), slash.rest().strip());
            case TypedLine.Unknown unknown -> assertEquals('/', unknown.word().charAt(0));
        }
        return true;
    }
}
