package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/// Words and numbers as bytes, one for each character.
final class Ascii {

    private Ascii() {
    }

    static byte[] of(long number) {
        return of(Long.toString(number));
    }

    static byte[] of(String text) {
        return text.getBytes(ISO_8859_1);
    }
}
