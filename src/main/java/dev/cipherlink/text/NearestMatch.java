package dev.cipherlink.text;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import org.jline.utils.Levenshtein;

/// Finds the known word that was probably meant: the one with the fewest edits.
public final class NearestMatch {

    private NearestMatch() {
    }

    /// @return the nearest known word, if it is near enough to be a misspelling: a third of its length, at least 2 edits
    public static Optional<String> find(String typed, Collection<String> known) {
        String wanted = typed.toLowerCase(Locale.ROOT);
        return known.stream()
                .min(Comparator.comparingInt((String word) -> distance(wanted, word.toLowerCase(Locale.ROOT)))
                        .thenComparing(Comparator.naturalOrder()))
                .filter(word -> distance(wanted, word.toLowerCase(Locale.ROOT)) <= Math.max(2, word.length() / 3))
                .filter(word -> wanted.length() > 1);
    }

    /// Insertions, deletions, substitutions and swaps of neighbours cost 1 each.
    public static int distance(String a, String b) {
        return Levenshtein.distance(a, b);
    }
}
