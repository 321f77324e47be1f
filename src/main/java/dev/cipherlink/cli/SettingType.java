package dev.cipherlink.cli;

import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.forward.ForwardRules;
import java.time.Duration;
import java.util.List;

/// What values a setting takes, and what to say about others.
sealed interface SettingType {

    /// @return the value: `Integer`, `Long`, `Duration`, `ServerAddress`, `Fingerprint`, `ForwardRules` or `String`, as the kind says
    /// @throws IllegalArgumentException if the text is no such value; [#allowed] says what would be
    Object parse(String text);

    /// What is allowed, to follow "must be".
    String allowed();

    /// A whole number from `least` to `most`, as `Integer`.
    record Whole(int least, int most) implements SettingType {
        @Override
        public Object parse(String text) {
            if (text.matches("\\d{1,9}")) {
                int value = Integer.parseInt(text);
                if (value >= least && value <= most) {
                    return value;
                }
            }
            throw new IllegalArgumentException(allowed());
        }

        @Override
        public String allowed() {
            return "a whole number, " + least + " to " + most;
        }
    }

    /// A duration with a unit, from `least` to `most`, as `Duration`.
    record Time(Duration least, Duration most) implements SettingType {
        @Override
        public Object parse(String text) {
            Duration value = DurationText.parse(text);
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(allowed());
            }
            return value;
        }

        @Override
        public String allowed() {
            return DurationText.ALLOWED + " (" + DurationText.format(least) + " to " + DurationText.format(most) + ")";
        }
    }

    /// A size in bytes from `least` to `most`, as `Long`.
    record Size(long least, long most) implements SettingType {
        @Override
        public Object parse(String text) {
            long value = SizeText.parse(text);
            if (value < least || value > most) {
                throw new IllegalArgumentException(allowed());
            }
            return value;
        }

        @Override
        public String allowed() {
            return SizeText.ALLOWED + " (" + SizeText.format(least) + " to " + SizeText.format(most) + ")";
        }
    }

    /// One of some words, as `String`.
    record Choice(List<String> words) implements SettingType {
        @Override
        public Object parse(String text) {
            if (!words.contains(text)) {
                throw new IllegalArgumentException(allowed());
            }
            return text;
        }

        @Override
        public String allowed() {
            return String.join(" or ", words);
        }
    }

    /// What may be connected to, as `ForwardRules`.
    record ForwardTargets() implements SettingType {
        @Override
        public Object parse(String text) {
            return ForwardRules.parse(text);
        }

        @Override
        public String allowed() {
            return ForwardRules.ALLOWED;
        }
    }

    /// A port to listen on, 0 for any free one, as `Integer`.
    record Port() implements SettingType {
        @Override
        public Object parse(String text) {
            return ServerAddress.parsePort(text, 0);
        }

        @Override
        public String allowed() {
            return "a port, 0 to 65535 (0: any free one)";
        }
    }

    /// A host name or address, as `String`.
    record Host() implements SettingType {
        @Override
        public Object parse(String text) {
            boolean isBracketed = text.startsWith("[") && text.endsWith("]");
            return ServerAddress.requireHost(isBracketed ? text.substring(1, text.length() - 1) : text);
        }

        @Override
        public String allowed() {
            return "a host name or an IP address";
        }
    }

    /// A server's address, as [ServerAddress].
    record Address() implements SettingType {
        @Override
        public Object parse(String text) {
            return ServerAddress.parse(text);
        }

        @Override
        public String allowed() {
            return ServerAddress.ALLOWED;
        }
    }

    /// The fingerprint of a public key, as [Fingerprint].
    record KeyFingerprint() implements SettingType {
        @Override
        public Object parse(String text) {
            return Fingerprint.parse(text);
        }

        @Override
        public String allowed() {
            return "a whole fingerprint, 8 groups of 4 characters joined by -";
        }
    }

    /// The name of a file, as `String`. Whether it exists is for its reader to say.
    record FileName() implements SettingType {
        @Override
        public Object parse(String text) {
            boolean hasHidden = text.chars().anyMatch(character -> character < ' ' || character == '\uFEFF');
            if (text.isBlank() || hasHidden) {
                throw new IllegalArgumentException(allowed());
            }
            return text;
        }

        @Override
        public String allowed() {
            return "the name of a file, without control characters";
        }
    }
}
