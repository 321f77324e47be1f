package dev.cipherlink.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A parser of foreign bytes, and the promises of its result. Its class has a public constructor without parameters.
public interface FuzzTarget {

    /// Valid and nearly valid inputs.
    byte[][] seeds();

    /// Parses an input, and checks the promises of the result.
    ///
    /// @return false if it was refused as documented
    /// @throws Exception if it failed in another way; an `AssertionError` is a broken promise
    boolean accepts(byte[] input) throws Exception;

    /// Damaged inputs to try in each build.
    default int rounds() {
        return 5_000;
    }

    /// Whether no input is refused.
    default boolean isTotal() {
        return false;
    }

    /// Seeds from text, a byte for each character.
    static byte[][] latin1(String... texts) {
        return Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.ISO_8859_1)).toArray(byte[][]::new);
    }

    static byte[][] utf8(String... texts) {
        return Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);
    }

    /// A message for people is one line of printable ASCII.
    static void assertLine(String message) {
        assertTrue(message.length() > 10 && message.chars().allMatch(c -> c >= ' ' && c < 0x7f), message);
    }
}
