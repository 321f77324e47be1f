package dev.cipherlink.gateway;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// A glob-style pattern with Redis 7.0's meaning, byte by byte: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and `\` before a byte that stands for
/// itself.
///
/// Its oddities are kept: a set without its `]` reaches to the end of the pattern, the bytes of a range are signed, and the empty
/// text matches the empty pattern only. Immutable.
final class GlobPattern {

    private static final int BYTES = 256;

    private final byte[] pattern;
    private final List<Part> parts;

    /// What one byte of the text is compared with, or any number of them.
    private sealed interface Part {
        record Literal(byte value) implements Part {
        }

        record Any() implements Part {
        }

        record OneOf(BitSet bytes) implements Part {
        }

        record Star() implements Part {
        }
    }

    GlobPattern(byte[] pattern) {
        this.pattern = pattern;
        parts = new Compiler(pattern).compile();
    }

    /// Whether it is `*` alone, which matches the empty key too where keys are listed.
    boolean isEverything() {
        return pattern.length == 1 && pattern[0] == '*';
    }

    /// Bytes that every matching text begins with.
    byte[] literalPrefix() {
        int length = 0;
        while (length < parts.size() && parts.get(length) instanceof Part.Literal) {
            length++;
        }
        byte[] prefix = new byte[length];
        for (int i = 0; i < length; i++) {
            prefix[i] = ((Part.Literal) parts.get(i)).value();
        }
        return prefix;
    }

    /// Time in proportion to the lengths of pattern and text multiplied.
    boolean matches(byte[] text) {
        if (text.length == 0) {
            return pattern.length == 0;
        }
        int part = 0;
        int at = 0;
        // Where to go on if what follows the last star does not match: with one more byte for that star.
        int afterStar = -1;
        int retryAt = 0;
        while (at < text.length) {
            if (part < parts.size() && parts.get(part) instanceof Part.Star) {
                afterStar = ++part;
                retryAt = at;
            } else if (part < parts.size() && matches(parts.get(part), text[at])) {
                part++;
                at++;
            } else if (afterStar >= 0) {
                part = afterStar;
                at = ++retryAt;
            } else {
                return false;
            }
        }
        while (part < parts.size() && parts.get(part) instanceof Part.Star) {
            part++;
        }
        return part == parts.size();
    }

    private static boolean matches(Part part, byte b) {
        return switch (part) {
            case Part.Literal(byte value) -> value == b;
            case Part.Any() -> true;
            case Part.OneOf(BitSet bytes) -> bytes.get(b & 0xFF);
            case Part.Star() -> false;
        };
    }

    /// Reads a pattern from left to right.
    private static final class Compiler {
        private final byte[] pattern;
        private int at;

        Compiler(byte[] pattern) {
            this.pattern = pattern;
        }

        List<Part> compile() {
            List<Part> parts = new ArrayList<>(pattern.length);
            while (at < pattern.length) {
                byte b = pattern[at++];
                switch (b) {
                    case '*' -> {
                        if (parts.isEmpty() || !(parts.getLast() instanceof Part.Star)) {
                            parts.add(new Part.Star());
                        }
                    }
                    case '?' -> parts.add(new Part.Any());
                    case '[' -> parts.add(new Part.OneOf(set()));
                    case '\\' -> parts.add(new Part.Literal(at < pattern.length ? pattern[at++] : b));
                    default -> parts.add(new Part.Literal(b));
                }
            }
            return parts;
        }

        /// Behind the `[`.
        private BitSet set() {
            boolean isInverted = at < pattern.length && pattern[at] == '^';
            if (isInverted) {
                at++;
            }
            BitSet bytes = new BitSet(BYTES);
            while (at < pattern.length && pattern[at] != ']') {
                int left = pattern.length - at;
                if (left >= 2 && pattern[at] == '\\') {
                    bytes.set(pattern[at + 1] & 0xFF);
                    at += 2;
                } else if (left >= 3 && pattern[at + 1] == '-') {
                    addRange(bytes, pattern[at], pattern[at + 2]);
                    at += 3;
                } else {
                    bytes.set(pattern[at] & 0xFF);
                    at++;
                }
            }
            at++;
            if (isInverted) {
                bytes.flip(0, BYTES);
            }
            return bytes;
        }

        private static void addRange(BitSet bytes, byte one, byte other) {
            for (int b = Math.min(one, other); b <= Math.max(one, other); b++) {
                bytes.set(b & 0xFF);
            }
        }
    }
}
