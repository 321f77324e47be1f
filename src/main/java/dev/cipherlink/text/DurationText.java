package dev.cipherlink.text;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Durations as people write them: a number and a unit, `500ms`, `1.5s`, `10s`, `2m`, `1h`, `7d`.
public final class DurationText {
    /// Said of a value that is no duration.
    public static final String ALLOWED = "a number with a unit: 500ms, 10s, 2m, 1h, 1d";

    private static final Pattern SHAPE = Pattern.compile("(\\d{1,9})(?:\\.(\\d{1,3}))?(ms|s|m|h|d)");

    private DurationText() {
    }

    /// @throws IllegalArgumentException if it is no duration, or has no unit
    public static Duration parse(String text) {
        Matcher matcher = SHAPE.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new IllegalArgumentException(ALLOWED);
        }
        long unit = unitMillis(matcher.group(3));
        Duration whole = Duration.ofMillis(Long.parseLong(matcher.group(1)) * unit);
        return matcher.group(2) == null ? whole : whole.plusNanos(thousandths(matcher.group(2)) * unit * 1_000);
    }

    /// @param digits behind the point, one to three
    private static long thousandths(String digits) {
        return Long.parseLong((digits + "00").substring(0, 3));
    }

    private static long unitMillis(String name) {
        return switch (name) {
            case "ms" -> 1;
            case "s" -> 1_000;
            case "m" -> 60_000;
            case "h" -> 3_600_000;
            case "d" -> 86_400_000;
            default -> throw new IllegalStateException("unit " + name);
        };
    }

    /// The shortest form that [#parse] reads back to the same duration, for whole milliseconds.
    public static String format(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0 || millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        if (seconds % 86_400 == 0) {
            return seconds / 86_400 + "d";
        }
        if (seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    /// A measured time for people: `0.21 ms`, `153 ms`, `2.4 s`.
    public static String measured(long nanos) {
        double millis = nanos / 1e6;
        if (millis >= 1000) {
            return String.format(Locale.ROOT, "%.1f s", millis / 1000);
        }
        return String.format(Locale.ROOT, millis >= 100 ? "%.0f ms" : millis >= 1 ? "%.2f ms" : "%.3f ms", millis);
    }

    /// Sizes in bytes as people write them: `512`, `64KiB`, `16MiB`, `1GiB`. The binary units only, in any case.
    public static final class SizeText {
        /// Said of a value that is no size.
        public static final String ALLOWED = "a number of bytes, or a size with a unit: 512, 64KiB, 16MiB, 1GiB";

        private static final Pattern SHAPE = Pattern.compile("(\\d{1,12})\\s*(b|kib|mib|gib)?");
        private static final String[] UNITS = {"B", "KiB", "MiB", "GiB"};

        private SizeText() {
        }

        /// @return bytes, at most 2^62
        /// @throws IllegalArgumentException if it is no size
        public static long parse(String text) {
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
        public static String format(long bytes) {
            int unit = 0;
            long value = bytes;
            while (value != 0 && value % 1024 == 0 && unit < UNITS.length - 1) {
                value /= 1024;
                unit++;
            }
            return unit == 0 ? String.valueOf(value) : value + UNITS[unit];
        }

        /// A rounded form for people: `512 B`, `1.5 KiB`, `10.0 MiB`.
        public static String rounded(double bytes) {
            int unit = 0;
            double value = bytes;
            while (value >= 1024 && unit < UNITS.length - 1) {
                value /= 1024;
                unit++;
            }
            return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, UNITS[unit]);
        }
    }
}
