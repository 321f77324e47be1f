package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/// 64-bit numbers as the bytes of a value: an optional `-`, then digits.
public final class Decimal {
    /// Enough for every 64-bit number with a few leading zeros; anything longer is not looked at.
    private static final int MAX_BYTES = 32;

    private Decimal() {
    }

    public static byte[] encode(long number) {
        return Long.toString(number).getBytes(ISO_8859_1);
    }

    /// @throws StoreException `OVERFLOW`
    public static long sum(long number, long by) throws StoreException {
        long sum = number + by;
        if (((number ^ sum) & (by ^ sum)) < 0) {
            throw StoreException.overflow();
        }
        return sum;
    }

    /// @throws StoreException `NOT_A_NUMBER`
    public static long decode(byte[] value) throws StoreException {
        boolean isNegative = value.length > 0 && value[0] == '-';
        int first = isNegative ? 1 : 0;
        if (value.length == first || value.length > MAX_BYTES) {
            throw StoreException.notANumber();
        }
        // Counted downwards: only the negative side has room for Long.MIN_VALUE.
        long floor = isNegative ? Long.MIN_VALUE : -Long.MAX_VALUE;
        long result = 0;
        for (int i = first; i < value.length; i++) {
            int digit = value[i] - '0';
            if (digit < 0 || digit > 9 || result < (floor + digit) / 10) {
                throw StoreException.notANumber();
            }
            result = result * 10 - digit;
        }
        return isNegative ? result : -result;
    }
}
