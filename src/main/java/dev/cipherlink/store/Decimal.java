package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.math.BigDecimal;
import java.math.RoundingMode;

/// Numbers as the bytes of a value: of 64 bits, an optional `-`, then digits; or with a fraction and an exponent.
public final class Decimal {
    /// Enough for every 64-bit number with a few leading zeros; anything longer is not looked at.
    private static final int MAX_BYTES = 32;
    /// Digits behind the point that a sum keeps, as many as Redis.
    private static final int SCALE = 17;
    /// Numbers have at most so many digits in front of the point, those of a `double`.
    private static final int MAX_DIGITS = 308;
    /// Of a number with a fraction: enough for every sum.
    private static final int MAX_FRACTION_BYTES = "-.".length() + MAX_DIGITS + SCALE;

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

    /// Without exponent, and without zeros at the end of the fraction.
    static byte[] encode(BigDecimal number) {
        return (number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString()).getBytes(ISO_8859_1);
    }

    /// The exact sum, rounded to 17 digits behind the point.
    ///
    /// @throws StoreException `OVERFLOW`
    static BigDecimal sum(BigDecimal number, BigDecimal by) throws StoreException {
        BigDecimal sum = number.add(by);
        BigDecimal rounded = sum.scale() > SCALE ? sum.setScale(SCALE, RoundingMode.HALF_EVEN) : sum;
        if (digits(rounded) > MAX_DIGITS) {
            throw StoreException.decimalOverflow();
        }
        return rounded;
    }

    /// A number with an optional sign, fraction and exponent.
    ///
    /// @throws StoreException `NOT_A_NUMBER`
    public static BigDecimal decodeFraction(byte[] value) throws StoreException {
        // The class takes digits of all scripts, so only ASCII gets there.
        boolean isPlain = value.length > 0 && value.length <= MAX_FRACTION_BYTES;
        for (int i = 0; i < value.length && isPlain; i++) {
            isPlain = value[i] >= '0' && value[i] <= '9' || "+-.eE".indexOf(value[i]) >= 0;
        }
        try {
            BigDecimal number = new BigDecimal(isPlain ? new String(value, ISO_8859_1) : "");
            // A sum with an exponent far below would have as many digits.
            if (digits(number) <= MAX_DIGITS && number.scale() <= MAX_DIGITS + MAX_FRACTION_BYTES) {
                return number;
            }
        } catch (NumberFormatException _) {
            // said below
        }
        throw StoreException.notADecimalNumber();
    }

    /// Digits in front of the point.
    private static long digits(BigDecimal number) {
        return number.signum() == 0 ? 1 : (long) number.precision() - number.scale();
    }
}
