package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.TmuxTerminal;
import dev.cipherlink.client.Client;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The edited line: keys, suggestions, pages, and the prompt of `kv`.
@Tag("slow")
class ReplKeysIT extends ReplRig {

    @Override
    public KeyValueStore openStore() {
        return new MemoryStore(StoreLimits.ofHeap());
    }

    /// Issue 14.14: the keys that people's hands know, as terminals send them, whatever kind the terminal says to be.
    @ParameterizedTest
    @ValueSource(strings = {"vt100", "linux", "xterm-256color", "tmux-256color", "rxvt-unicode", "mach-gnu"})
    void theUsualKeysMoveAndDeleteInAnyKindOfTerminal(String type) throws Exception {
        try (TmuxTerminal ann = chat("ann", 80, 24, server.address().getPort(), Map.of("TERM", type))) {
            ann.type("abc def");
            ann.press("Home");
            ann.type("1");
            ann.press("End");
            ann.type("2");
            for (String home : List.of("\u001b[H", "\u001bOH", "\u001b[1~", "\u001b[7~")) {
                ann.send(home.chars().toArray());
                ann.type("<");
                ann.press("C-e");
            }
            for (String end : List.of("\u001b[F", "\u001bOF", "\u001b[4~", "\u001b[8~")) {
                ann.press("C-a");
                ann.send(end.chars().toArray());
                ann.type(">");
            }
            ann.press("M-b");
            ann.press("M-b");
            ann.press("M-f");
            ann.type("w");
            ann.press("C-e");
            ann.type(" gone");
            ann.press("C-w");
            ann.press("Enter");
            ann.awaitText("<ann> <<<<1abcw def2>>>>");
            ann.press("C-r");
            ann.type("1abc");
            ann.press("Enter");
            ann.awaitMatch("(?s).*<ann> <<<<1abcw def2>>>>.*<ann> <<<<1abcw def2>>>>.*");
            ann.press("C-d");
            ann.awaitText("ended with 0");
        }
    }

    /// Issue 14.14: an earlier line is offered in grey, and the right arrow takes it.
    @Test
    void anEarlierLineIsOfferedAndTheRightArrowTakesIt() throws Exception {
        try (TmuxTerminal ann = chat("ann", 80, 24)) {
            ann.enter("ECHO said before");
            ann.awaitText("Echo: said before");
            ann.type("EC");
            ann.awaitText("#lobby> ECHO said before");
            Awaitility.await().until(ann::colouredScreen,
                    screen -> screen.matches("(?s).*EC(\u001b\\[[\\d;]*m)*\u001b\\[[\\d;]*mHO said before.*"));
            ann.press("Right");
            ann.press("Enter");
            ann.awaitMatch("(?s).*Echo: said before.*Echo: said before.*");
            ann.type("EC");
            ann.awaitText("#lobby> ECHO said before");
            ann.press("C-u");
            ann.enter("/set hints off");
            ann.type("EC");
            ann.awaitMatch("(?s).*#lobby> EC *\n.*");
        }
    }

    /// Issue 14.14: answers ran off the screen; and several lines could be pasted, but not typed.
    @Test
    void longAnswersArePagedAndAltEnterBeginsAnotherLine() throws Exception {
        try (Client bob = client("bob"); TmuxTerminal ann = chat("ann", 80, 24)) {
            for (int i = 100; i < 180; i++) {
                bob.request("SET key" + i + " v");
            }
            ann.enter("KEYS key");
            ann.awaitMatch("(?s)key100\n.*key122\n 1 to 23 of 80 rows .*");
            bob.request("JOIN #lobby");
            bob.request("SAY #lobby said meanwhile");
            ann.press("Space");
            ann.awaitMatch("(?s)key123\n.* 24 to 46 of 80 rows .*");
            ann.press("G");
            ann.awaitMatch("(?s).*key179\n 58 to 80 of 80 rows .*");
            ann.resize(80, 30);
            ann.press("g");
            ann.awaitMatch("(?s)key100\n.*key128\n 1 to 29 of 80 rows .*");
            ann.press("q");
            ann.awaitText("80 lines; /more shows them again");
            ann.awaitText("<bob> said meanwhile");
            ann.enter("/more");
            ann.awaitText(" of 80 rows ");
            ann.press("C-c");
            ann.awaitText("#lobby>");

            ann.type("first");
            ann.press("M-Enter");
            for (String line : List.of("second", "third", "fourth")) {
                ann.type(line);
                ann.press("M-Enter");
            }
            ann.type("fifth");
            ann.awaitText("#lobby> first\n… second\n… third\n… fourth\n… fifth");
            ann.press("Enter");
            ann.awaitText("<ann> fifth ✓");
            assertEquals(6, bob.request("HISTORY #lobby 100").text().lines().count());
        }
    }

    /// Issue 14.22: `kv` on a terminal read lines without a prompt, and showed its progress inside of them.
    @Test
    void kvOnATerminalIsAPromptOfTheStoreWithoutRooms() throws Exception {
        Path own = folderOf("ann");
        try (Client bob = client("bob"); TmuxTerminal ann = new TmuxTerminal(own, 90, 40, environment(own),
                arguments("ann", server.address().getPort(), "kv"))) {
            String prompt = "127.0.0.1:" + server.address().getPort() + ">";
            ann.awaitText(prompt);
            ann.enter("set Greeting hello world");
            ann.awaitText("› SET Greeting hello world\nOK");
            assertEquals("hello world", bob.request("GET Greeting").text());
            ann.enter("GTE Greeting");
            ann.awaitText("there is no GTE, did you mean GET?");
            ann.enter("del Greeting");
            ann.awaitText("there is no del, did you mean DELETE?");
            ann.enter("say #lobby hello");
            ann.awaitText("there is no say");
            ann.enter("help cas");
            ann.awaitText("CAS key version value   sets if the version is still that\n  such as: CAS greeting 7 hello again");
            ann.type("exis");
            ann.press("Tab");
            ann.awaitText(prompt + " exists key");
            ann.type("Gre");
            Awaitility.await().until(() -> {
                ann.press("Tab");
                return ann.screen().contains(prompt + " exists Greeting");
            });
            ann.press("Enter");
            ann.awaitText("› EXISTS Greeting\n1\n");
            ann.press("Up");
            ann.awaitText(prompt + " exists Greeting");
            ann.press("C-u");
            ann.enter("exit");
            ann.awaitText("ended with 0");
            assertFalse(bob.request("WHO").text().contains("ann"));
            String kept = Files.readString(own.resolve("state/cipherlink/history-kv"));
            assertTrue(kept.contains("exists Greeting") && !kept.contains("set Greeting") && !kept.contains("GTE"), kept);
        }
    }
}
