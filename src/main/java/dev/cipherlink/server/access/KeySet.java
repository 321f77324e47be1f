package dev.cipherlink.server.access;

import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.PublicKey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// The keys of an authorized-keys file: each name and each key once. Immutable.
///
/// Names that differ only in case count as equal, because people would confuse them.
///
/// @param keys   in the order of the file
/// @param byName by lower-case name
record KeySet(List<AuthorizedKey> keys, Map<PublicKey, AuthorizedKey> byKey, Map<String, AuthorizedKey> byName) {

    static final KeySet EMPTY = new KeySet(List.of(), Map.of(), Map.of());

    KeySet {
        keys = List.copyOf(keys);
        byKey = Map.copyOf(byKey);
        byName = Map.copyOf(byName);
    }

    /// Whether a line is blank or a comment.
    static boolean isIdle(String line) {
        String text = line.strip();
        return text.isEmpty() || text.startsWith("#");
    }

    /// @param file for messages only
    /// @throws KeyLineException about the first invalid line
    static KeySet parse(Path file, List<String> lines) throws KeyLineException {
        var problems = new ArrayList<KeyLineException>();
        KeySet found = collect(file, lines, problems::add);
        if (!problems.isEmpty()) {
            throw problems.getFirst();
        }
        return found;
    }

    /// The valid lines; the others go to `problems`.
    static KeySet collect(Path file, List<String> lines, Consumer<KeyLineException> problems) {
        var keys = new ArrayList<AuthorizedKey>();
        var byKey = new HashMap<PublicKey, AuthorizedKey>();
        var byName = new HashMap<String, AuthorizedKey>();
        for (int i = 0; i < lines.size(); i++) {
            if (isIdle(lines.get(i))) {
                continue;
            }
            try {
                AuthorizedKey key = AuthorizedKey.parse(lines.get(i));
                AuthorizedKey sameKey = byKey.putIfAbsent(key.key(), key);
                if (sameKey != null) {
                    throw new IllegalArgumentException("duplicate key: " + sameKey.name() + " has it already");
                }
                if (byName.putIfAbsent(fold(key.name()), key) != null) {
                    throw new IllegalArgumentException("duplicate name: " + key.name() + " (case does not matter)");
                }
                keys.add(key);
            } catch (IllegalArgumentException e) {
                problems.accept(new KeyLineException(file, i + 1, e.getMessage()));
            }
        }
        return new KeySet(keys, byKey, byName);
    }

    AuthorizedKey named(String name) {
        return byName.get(fold(name));
    }

    static String fold(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
