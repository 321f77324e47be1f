package dev.cipherlink.gateway;

import dev.cipherlink.command.Command;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;

/// The keys of Redis, which are any bytes, as keys of the store, which are 1 to 512 bytes of UTF-8 without white space and control
/// characters (`docs/protocol.md`, section 7).
///
/// A key that is one stays as it is, but for its backslashes, which are doubled. Each byte that cannot stand in one is `\xHH`,
/// the empty key is `\e`. No two keys become the same; a key of the store that no key of Redis becomes is not seen.
final class RedisKey {

    private static final byte[] EMPTY = {'\\', 'e'};
    private static final HexFormat HEX = HexFormat.of();
    private static final byte DELETE = 0x7F;

    private RedisKey() {
    }

    /// The key of the store; the same array if nothing has to be escaped.
    ///
    /// @throws RespException if it would be too long
    static byte[] toStore(byte[] key) throws RespException {
        if (key.length == 0) {
            return EMPTY;
        }
        byte[] stored = isPlain(key) ? key : escaped(key, key.length);
        if (stored.length > Command.MAX_KEY_BYTES) {
            throw new RespException("ERR key is too long: it may have " + Command.MAX_KEY_BYTES + " bytes, and each byte that is "
                    + "no part of a printable UTF-8 character counts 4");
        }
        return stored;
    }

    /// What the keys of the store begin with that belong to the keys beginning so; it may be shorter than could be, and is empty if
    /// it would be too long to be a key's beginning.
    static byte[] prefixToStore(byte[] key, int length) {
        int end = length;
        while (end > 0 && key[end - 1] < 0) { // it may be a part of a character
            end--;
        }
        byte[] stored = escaped(key, end);
        return stored.length > Command.MAX_KEY_BYTES ? new byte[0] : stored;
    }

    /// The key of Redis that is kept under this key; null if there is none.
    static byte[] fromStore(byte[] stored) {
        int backslash = 0;
        while (backslash < stored.length && stored[backslash] != '\\') {
            backslash++;
        }
        if (backslash == stored.length) {
            return stored;
        }
        if (Arrays.equals(stored, EMPTY)) {
            return new byte[0];
        }
        byte[] key = unescaped(stored, backslash);
        return key != null && Arrays.equals(escaped(key, key.length), stored) ? key : null;
    }

    private static byte[] unescaped(byte[] stored, int firstBackslash) {
        var key = new ByteArrayOutputStream(stored.length);
        key.write(stored, 0, firstBackslash);
        for (int i = firstBackslash; i < stored.length; i++) {
            if (stored[i] != '\\') {
                key.write(stored[i]);
            } else if (i + 1 < stored.length && stored[i + 1] == '\\') {
                key.write('\\');
                i++;
            } else if (i + 3 < stored.length && stored[i + 1] == 'x' && HexFormat.isHexDigit(stored[i + 2])
                    && HexFormat.isHexDigit(stored[i + 3])) {
                key.write(HexFormat.fromHexDigit(stored[i + 2]) << 4 | HexFormat.fromHexDigit(stored[i + 3]));
                i += 3;
            } else {
                return null;
            }
        }
        return key.toByteArray();
    }

    /// Most keys are: printable ASCII without a backslash.
    private static boolean isPlain(byte[] key) {
        for (byte b : key) {
            if (b <= ' ' || b == DELETE || b == '\\') { // bytes of 0x80 and more are negative
                return false;
            }
        }
        return true;
    }

    private static byte[] escaped(byte[] key, int end) {
        var stored = new ByteArrayOutputStream(end + 16);
        for (int i = 0; i < end; ) {
            int length = characterBytes(key, i, end);
            if (length == 0) {
                stored.write('\\');
                stored.write('x');
                stored.write(HEX.toHighHexDigit(key[i]));
                stored.write(HEX.toLowHexDigit(key[i]));
                i++;
            } else {
                if (key[i] == '\\') {
                    stored.write('\\');
                }
                stored.write(key, i, length);
                i += length;
            }
        }
        return stored.toByteArray();
    }

    /// How many bytes the character has that begins there; 0 if there is none, or none that a key of the store may have.
    private static int characterBytes(byte[] key, int at, int end) {
        int first = key[at] & 0xFF;
        if (first < 0x80) {
            return first > ' ' && first != DELETE ? 1 : 0;
        }
        int length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
        if (first < 0xC2 || first > 0xF4 || at + length > end) {
            return 0;
        }
        int codePoint = first & 0xFF >> length + 1;
        for (int i = 1; i < length; i++) {
            int next = key[at + i] & 0xFF;
            if ((next & 0xC0) != 0x80) {
                return 0;
            }
            codePoint = codePoint << 6 | next & 0x3F;
        }
        boolean isShortest = codePoint >= (length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000);
        boolean isCharacter = isShortest && codePoint <= Character.MAX_CODE_POINT
                && (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE);
        return isCharacter && !Character.isWhitespace(codePoint) && !Character.isSpaceChar(codePoint)
                && !Character.isISOControl(codePoint) ? length : 0;
    }
}
