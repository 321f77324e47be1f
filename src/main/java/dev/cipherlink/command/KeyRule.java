package dev.cipherlink.command;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// What a key may be: 1 to 512 bytes of valid UTF-8 without white space or control characters, those of Unicode
/// included (categories Zs, Zl, Zp, Cc). Joiners and other format characters (Cf) are letters' business and allowed.
final class KeyRule {

    /// The most bytes of a key.
    static final int MAX_KEY_BYTES = 512;

    private static final byte DELETE = 0x7F;

    private KeyRule() {
    }

    /// Where the key ends that begins at `from`: at the next space, or at `end`.
    ///
    /// @throws CommandException if the bytes up to there are not a key
    static int keyEnd(byte[] payload, int from, int end) throws CommandException {
        int keyEnd = prefixEnd(payload, from, end);
        if (keyEnd == from) {
            throw new CommandException("key must have 1 to " + MAX_KEY_BYTES + " bytes, not 0");
        }
        return keyEnd;
    }

    /// The same for the beginning of a key, which may be empty.
    ///
    /// @throws CommandException if no key can begin so
    static int prefixEnd(byte[] payload, int from, int end) throws CommandException {
        int plainEnd = from;
        while (plainEnd < end && payload[plainEnd] > ' ' && payload[plainEnd] != DELETE) {
            plainEnd++;
        }
        int prefixEnd = Arguments.wordEnd(payload, plainEnd, end);
        if (prefixEnd - from > MAX_KEY_BYTES) {
            throw new CommandException("key must have 1 to " + MAX_KEY_BYTES + " bytes, not " + (prefixEnd - from));
        }
        if (plainEnd < prefixEnd) {
            checkText(payload, plainEnd, prefixEnd);
        }
        return prefixEnd;
    }

    private static void checkText(byte[] payload, int from, int to) throws CommandException {
        var text = CharBuffer.allocate(to - from);
        var result = StandardCharsets.UTF_8.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .decode(ByteBuffer.wrap(payload, from, to - from), text, true);
        if (!result.isUnderflow()) {
            throw new CommandException("key must be valid UTF-8");
        }
        // All white space and control characters are in the basic plane, so surrogates need no joining.
        text.flip();
        while (text.hasRemaining()) {
            char c = text.get();
            if (Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c)) {
                throw blankOrControl();
            }
        }
    }

    private static CommandException blankOrControl() {
        return new CommandException("key must not contain white space or control characters");
    }
}
