package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.sessions.PrefixWatchers.PrefixTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Prefixes of a key are found, and nothing else.
class PrefixTreeTest {

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static List<String> found(PrefixTree<String> tree, String key) {
        var found = new ArrayList<String>();
        tree.forEach(bytes(key), found::add);
        assertEquals(!found.isEmpty(), tree.matches(bytes(key)));
        return found;
    }

    /// Against a plain search, with few letters, so that prefixes often share their beginning, and one of them above 127.
    @Test
    void findsWhatAPlainSearchFinds() {
        var random = new Random(13);
        var expected = new TreeSet<String>();
        PrefixTree<String> tree = PrefixTree.empty();
        for (int i = 0; i < 20_000; i++) {
            String prefix = word(random);
            if (random.nextInt(3) > 0) {
                expected.add(prefix);
                tree = tree.with(bytes(prefix), prefix);
            } else {
                expected.remove(prefix);
                tree = tree.without(bytes(prefix));
            }
            if (random.nextInt(500) == 0) {
                for (String each : List.copyOf(expected)) {
                    tree = tree.without(bytes(each));
                }
                expected.clear();
                assertTrue(tree.isEmpty());
            }
            String key = word(random) + word(random);
            assertEquals(expected.stream().filter(key::startsWith).toList(), found(tree, key), key);
            assertEquals(expected.isEmpty(), tree.isEmpty());
        }
    }

    private static String word(Random random) {
        return random.ints(random.nextInt(6), 0, 3).mapToObj(i -> "ab\u00ff".substring(i, i + 1))
                .reduce("", String::concat);
    }

    @Test
    void aChangeLeavesTheOldTreeAsItWas() {
        PrefixTree<String> before = PrefixTree.<String>empty().with(bytes("ab"), "ab");
        PrefixTree<String> after = before.with(bytes("a"), "a").without(bytes("ab"));
        assertEquals(List.of("ab"), found(before, "abc"));
        assertEquals(List.of("a"), found(after, "abc"));
    }
}
