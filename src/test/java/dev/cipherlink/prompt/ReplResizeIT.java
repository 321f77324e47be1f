package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.TmuxTerminal;
import dev.cipherlink.client.Client;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Issue 14.12 and 14.20: `chat` in a terminal whose size changes. Every message that came is on the screen or in what the
/// terminal remembers, once and in order, and below the newest one stand the line being typed and the status line.
@Tag("slow")
class ReplResizeIT extends ReplRig {
    private static final Pattern MESSAGE = Pattern.compile("<bob>(m\\d+-(long)*end)");
    private final List<String> said = new ArrayList<>();

    @Override
    public KeyValueStore openStore() {
        return new MemoryStore(StoreLimits.ofHeap());
    }

    /// Says so many messages, none shorter than a few columns, some longer than two rows.
    private void say(Client bob, int count, Random random) throws Exception {
        for (int i = 0; i < count; i++) {
            String text = "m" + said.size() + "-" + "long ".repeat(random.nextInt(4) * random.nextInt(12)) + "end";
            said.add(text);
            while (bob.request("SAY #lobby " + text).isError()) {
                Thread.sleep(100); // the server's rate
            }
        }
    }

    /// Without blanks and line ends, since rows end at different columns.
    private static String squeezed(String text) {
        return text.replaceAll("\\s", "");
    }

    /// The model of what must be there: each message once, nothing else of any message, and the line being typed at the end.
    private void assertAllIsThere(TmuxTerminal ann, String draft, boolean hasStatus) {
        List<String> expected = said.stream().map(ReplResizeIT::squeezed).toList();
        Awaitility.await().untilAsserted(() -> {
            String all = ann.everything();
            String tail = squeezed(all);
            assertEquals(expected, MESSAGE.matcher(tail).results().map(found -> found.group(1)).toList(), all);
            assertEquals(count(String.join("", expected)), count(tail), () -> "a piece of a message too many: " + all);
            if (hasStatus) {
                assertTrue(tail.matches(".*●linked[^●]*"), () -> "no status line: " + ann.screen());
                tail = tail.substring(0, tail.lastIndexOf('●'));
            }
            assertTrue(tail.endsWith(squeezed("#lobby> " + draft)), () -> "not the line being typed: " + ann.screen());
        });
    }

    /// How many words of messages there are.
    private static long count(String text) {
        return Pattern.compile("long|end|m\\d+-").matcher(text).results().count();
    }

    @Test
    void aPaneThatGetsShorterAndTallerAgainLosesNothing() throws Exception {
        try (Client bob = client("bob"); TmuxTerminal ann = chat("ann", 80, 24)) {
            bob.request("JOIN #lobby");
            var random = new Random(14);
            say(bob, 40, random);
            ann.type("draft");
            assertAllIsThere(ann, "draft", true);
            for (int rows : List.of(1, 8, 19, 21)) { // 22, 15, 4 and 2 rows are left
                boolean hasStatus = 24 - rows - 1 >= 5;
                ann.split(rows);
                assertAllIsThere(ann, "draft", hasStatus);
                say(bob, 3, random);
                assertAllIsThere(ann, "draft", hasStatus);
                ann.closeSplit();
                assertAllIsThere(ann, "draft", true);
                say(bob, 3, random);
                assertAllIsThere(ann, "draft", true);
            }
        }
    }

    @Test
    void aPaneThatGetsNarrowerAndWiderLosesNothing() throws Exception {
        try (Client bob = client("bob"); TmuxTerminal ann = chat("ann", 80, 24)) {
            bob.request("JOIN #lobby");
            var random = new Random(12);
            String draft = "a draft of more than one row ".repeat(2).strip();
            ann.type(draft);
            for (int columns : List.of(40, 100, 33, 79, 200, 80)) {
                say(bob, 6, random);
                ann.resize(columns, 24);
                assertAllIsThere(ann, draft, true);
            }
            say(bob, 6, random);
            assertAllIsThere(ann, draft, true);
        }
    }

    /// A character at the edge of a row was lost, and rows were there twice.
    @Test
    void messagesThatArriveWhileTheSizeChangesAreAllThere() throws Exception {
        try (Client bob = client("bob"); TmuxTerminal ann = chat("ann", 80, 24)) {
            bob.request("JOIN #lobby");
            var random = new Random(20);
            String draft = "a draft of more than one row ".repeat(3).strip();
            ann.type(draft);
            say(bob, 30, random);
            for (int i = 0; i < 12; i++) {
                Thread size = Thread.ofVirtual().start(() -> ann.resize(30 + random.nextInt(100), 6 + random.nextInt(40)));
                say(bob, 5, random);
                size.join();
            }
            assertAllIsThere(ann, draft, true);
        }
    }

    /// The first line typed ended in an OutOfMemoryError: JLine takes 0 columns for a row of 2^31 - 1.
    @Test
    void aTerminalThatReportsNoSizeIsTakenFor80By24() throws Exception {
        Path own = folderOf("ann");
        int port = server.address().getPort();
        try (Client bob = client("bob")) {
            for (int i = 0; i < 30; i++) {
                bob.request("SET key" + (10 + i) + " value");
            }
            try (TmuxTerminal store = TmuxTerminal.withoutSize(own, environment(own), arguments("ann", port, "kv"))) {
                store.awaitMatch("(?s).*\n *● linked .*");
                store.enter("GET key10");
                store.awaitMatch("(?s).*\nvalue\n.*");
                store.type("GET key39 and more".repeat(5)); // more than one row
                store.awaitMatch("(?s).*GET key39\n and more.*");
                store.press("C-c");
                store.type("exis");
                store.press("Tab");
                store.awaitText("> exists ");
                store.press("C-c");
                store.enter("KEYS key");
                store.awaitText("1 to 23 of");
                store.press("q");
                store.awaitText("/more shows them again");
                store.press("C-d");
                store.awaitText("ended with 0");
            }
        }
    }

    /// The digits of /top stood in what was typed, and the status line came back with the next key only.
    @Test
    void behindTheViewOfTheServerTheScreenIsAsItWas() throws Exception {
        try (Client bob = client("bob"); TmuxTerminal ann = chat("ann", 80, 24)) {
            bob.request("JOIN #lobby");
            var random = new Random(7);
            say(bob, 30, random);
            assertAllIsThere(ann, "", true);
            ann.enter("/top");
            ann.awaitText("requests/s");
            say(bob, 11, random);
            ann.split(8);
            ann.awaitMatch("(?s).*requests/s.*memory [^\n]*\n*");
            say(bob, 11, random);
            ann.press("q");
            assertAllIsThere(ann, "", true);
            ann.type("typed");
            assertAllIsThere(ann, "typed", true);
            ann.closeSplit();
            assertAllIsThere(ann, "typed", true);
        }
    }
}
