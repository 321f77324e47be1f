package dev.cipherlink.server.access;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.Usage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// The keys of the store that a client may read and write: rules `ro:PATTERN` and `rw:PATTERN`, joined by commas. A pattern
/// is a key, or a prefix followed by `*`. The longest pattern that matches a key decides; a key that none matches is out of
/// reach. Immutable.
///
/// @param rules the longest pattern first; of two equal ones the one that only reads
record KeyRules(List<KeyRule> rules) implements Usage.Space {

    /// Every key, for reading and writing.
    public static final KeyRules ALL = new KeyRules(List.of(new KeyRule(new byte[0], true, true)));

    static final String ALLOWED = "ro:PATTERN or rw:PATTERN, joined by commas; PATTERN is a key, or a prefix with a * behind it";

    public KeyRules {
        var sorted = new ArrayList<>(rules);
        sorted.sort((one, other) -> one.text.length != other.text.length ? other.text.length - one.text.length
                : one.isPrefix != other.isPrefix ? Boolean.compare(one.isPrefix, other.isPrefix)
                : Boolean.compare(one.mayWrite, other.mayWrite));
        rules = List.copyOf(sorted);
    }

    /// @param text     a key or a prefix
    /// @param isPrefix whether it matches every key that begins with it
    record KeyRule(byte[] text, boolean isPrefix, boolean mayWrite) {

        boolean matches(byte[] key) {
            return isPrefix ? isWithin(key) : Arrays.equals(text, key);
        }

        /// Whether the rule covers every key that begins with this prefix.
        boolean covers(byte[] prefix) {
            return isPrefix && isWithin(prefix);
        }

        private boolean isWithin(byte[] bytes) {
            return bytes.length >= text.length && Arrays.equals(text, 0, text.length, bytes, 0, text.length);
        }

        /// As [#parse] reads it.
        @Override
        public String toString() {
            return (mayWrite ? "rw:" : "ro:") + new String(text, US_ASCII) + (isPrefix ? "*" : "");
        }
    }

    /// @param text printable ASCII
    /// @throws IllegalArgumentException if the syntax is wrong; the message says what is allowed
    static KeyRules parse(String text) {
        var rules = new ArrayList<KeyRule>();
        for (String rule : text.split(",", -1)) {
            boolean mayWrite = rule.startsWith("rw:");
            String pattern = rule.length() > 3 ? rule.substring(3) : "";
            int star = pattern.indexOf('*');
            if (!mayWrite && !rule.startsWith("ro:") || pattern.isEmpty() || star >= 0 && star < pattern.length() - 1) {
                throw new IllegalArgumentException("keys: '" + rule + "' must be " + ALLOWED);
            }
            boolean isPrefix = star >= 0;
            String fixed = isPrefix ? pattern.substring(0, star) : pattern;
            rules.add(new KeyRule(fixed.getBytes(US_ASCII), isPrefix, mayWrite));
        }
        return new KeyRules(rules);
    }

    /// Whether values, versions and the existence of this key may be seen.
    public boolean mayRead(byte[] key) {
        return decisive(key) != null;
    }

    public boolean mayWrite(byte[] key) {
        KeyRule rule = decisive(key);
        return rule != null && rule.mayWrite;
    }

    @Override
    public boolean contains(byte[] key) {
        return mayWrite(key);
    }

    @Override
    public List<byte[]> prefixes() {
        var prefixes = new ArrayList<byte[]>();
        // The shorter ones come last.
        for (KeyRule rule : rules.reversed()) {
            if (rule.mayWrite && prefixes.stream().noneMatch(shorter -> Key.of(rule.text).startsWith(shorter))) {
                prefixes.add(rule.text);
            }
        }
        return prefixes;
    }

    /// The rules as [#parse] reads them, each once and in a fixed order.
    @Override
    public String toString() {
        return rules.stream().map(KeyRule::toString).sorted().distinct().collect(Collectors.joining(","));
    }

    /// Whether all keys that begin with this prefix may be read.
    public boolean mayList(byte[] prefix) {
        return rules.stream().anyMatch(rule -> rule.covers(prefix));
    }

    private KeyRule decisive(byte[] key) {
        for (KeyRule rule : rules) {
            if (rule.matches(key)) {
                return rule;
            }
        }
        return null;
    }
}
