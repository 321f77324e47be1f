package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Arrays;
import java.util.regex.Pattern;

/// Whole numbers as Redis takes them: no plus, no leading zeros, no blanks.
final class Numbers {
    private static final int MAX_DIGITS = 20;
    private static final int MAX_DECIMAL_BYTES = 256;
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,5})?");
    private static final Pattern INFINITE = Pattern.compile("[+-]?inf(inity)?", Pattern.CASE_INSENSITIVE);
    private static final byte[] SMALLEST = Long.toString(Long.MIN_VALUE).getBytes(ISO_8859_1);

    private Numbers() {
    }

    /// @throws RespException if it is not a number of 64 bits
    static long parse(byte[] text) throws RespException {
        long number = parse(text, Long.MIN_VALUE);
        if (number == Long.MIN_VALUE && !Arrays.equals(text, SMALLEST)) {
            throw RespException.notAnInteger();
        }
        return number;
    }

    /// @return `otherwise` if it is not a number of 64 bits
    static long parse(byte[] text, long otherwise) {
        boolean isNegative = text.length > 0 && text[0] == '-';
        int first = isNegative ? 1 : 0;
        if (text.length == 1 && text[0] == '0') {
            return 0;
        }
        if (text.length == first || text.length > MAX_DIGITS || text[first] == '0') {
            return otherwise;
        }
        // Counted downwards: only the negative side has room for Long.MIN_VALUE.
        long floor = isNegative ? Long.MIN_VALUE : -Long.MAX_VALUE;
        long number = 0;
        for (int i = first; i < text.length; i++) {
            int digit = text[i] - '0';
            if (digit < 0 || digit > 9 || number < (floor + digit) / 10) {
                return otherwise;
            }
            number = number * 10 - digit;
        }
        return isNegative ? number : -number;
    }

    /// @throws RespException if it is not a finite decimal number, perhaps with a fraction and an exponent
    static void requireDecimal(byte[] text) throws RespException {
        if (text.length > MAX_DECIMAL_BYTES) {
            throw RespException.notAFloat();
        }
        String word = new String(text, ISO_8859_1);
        if (INFINITE.matcher(word).matches()) {
            throw new RespException("ERR increment would produce NaN or Infinity");
        }
        if (!DECIMAL.matcher(word).matches()) {
            throw RespException.notAFloat();
        }
    }
}
