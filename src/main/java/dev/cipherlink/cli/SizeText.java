package dev.cipherlink.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sizes in bytes as people write them: `512`, `64KiB`, `16MiB`, `1GiB`. The binary units only, in any case.
final class SizeText {
    /// Said of a value that is no size.
    static final String ALLOWED = "a number of bytes, or a size with a unit: 512, 64KiB, 16MiB, 1GiB";

    private static final Pattern SHAPE = Pattern.compile("(\\d{1,12})\\s*(b|kib|mib|gib)?");
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB"};

    private SizeText() {
    }

    /// @return bytes, at most 2^62
    /// @throws IllegalArgumentException if it is no size
    static long parse(String text) {
        Matcher matcher = SHAPE.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new IllegalArgumentException(ALLOWED);
        }
        int shift = matcher.group(2) == null ? 0 : switch (matcher.group(2)) {
            case "b" -> 0;
            case "kib" -> 10;
            case "mib" -> 20;
            case "gib" -> 30;
            default -> throw new IllegalStateException(matcher.group(2));
        };
        long number = Long.parseLong(matcher.group(1));
        if (number > Long.MAX_VALUE >> 1 + shift) {
            throw new IllegalArgumentException(ALLOWED);
        }
        return number << shift;
    }

    /// The shortest exact form: whole units only, so that [#parse] reads back the same number.
    static String format(long bytes) {
        int unit = 0;
        long value = bytes;
        while (value != 0 && value % 1024 == 0 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? String.valueOf(value) : value + UNITS[unit];
    }

    /// A rounded form for people: `512 B`, `1.5 KiB`, `10.0 MiB`.
    static String rounded(double bytes) {
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, UNITS[unit]);
    }
}
