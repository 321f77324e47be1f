package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.TmuxTerminal;
import dev.cipherlink.client.Client;
import dev.cipherlink.fault.CutLink;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// `chat` in a real terminal, against a server in this process.
@Tag("slow")
class ReplIT extends ReplRig {

    @Override
    public KeyValueStore openStore() {
        return new MemoryStore(StoreLimits.ofHeap());
    }

    @Test
    void twoPeopleTalkAndALineHalfTypedStaysAsItIs() throws Exception {
        try (TmuxTerminal ann = chat("ann", 80, 24); TmuxTerminal bob = chat("bob", 120, 40)) {
            ann.awaitText("bob joined");
            bob.awaitText("here: ann, bob");
            ann.type("a line half ty");
            ann.awaitText("#lobby> a line half ty");

            bob.enter("hello @ann");
            bob.awaitMatch("(?s).*\\d\\d:\\d\\d #lobby <bob> hello @ann ✓\n.*");
            ann.awaitMatch("(?s).*\\d\\d:\\d\\d #lobby <bob> hello @ann\n#lobby> a line half ty\n.*");
            bob.enter("/msg ann between us");
            ann.awaitText("bob → you between us\n#lobby> a line half ty\n");

            ann.enter("ped");
            bob.awaitText("<ann> a line half typed\n");
            ann.awaitText("<ann> a line half typed ✓");
            ann.press("C-l");
            ann.awaitMatch("#lobby> *\n.*(?s).* linked .*");
            ann.enter("/reply I know");
            bob.awaitText("ann → you I know");
        }
    }

    @Test
    void theGreetingNamesTheSuiteInOneRow() throws Exception {
        try (TmuxTerminal ann = chat("ann", 80, 24)) {
            ann.awaitMatch("(?s).*(^|\n)connected to 127\\.0\\.0\\.1:\\d+ as ann \\(hybrid\\); /help, /quit\n.*");
        }
    }

    @Test
    void aHostileMessageIsShownAndDoesNothing() throws Exception {
        try (TmuxTerminal ann = chat("ann", 100, 24); Client bob = client("bob")) {
            bob.request("JOIN #lobby");
            bob.request("SAY #lobby begin \u001b[2J\u001b[5;5H\u001b]0;gone\u0007 \u202eexe \u009b31m\rX end");

            ann.awaitText("begin \\x1b[2J\\x1b[5;5H\\x1b]0;gone\\x07 \\u202eexe \\x9b31m\\x0dX end");
            ann.awaitText("connected to 127.0.0.1");
            ann.awaitText("#lobby>");
        }
    }

    /// Issue 13.16: a text as long as the row drew a false line of somebody else in the next one. Histories did it still.
    @Test
    void aTextCannotDrawALineOfSomebodyElse() throws Exception {
        try (TmuxTerminal ann = chat("ann", 80, 24); Client bob = client("bob")) {
            bob.request("JOIN #lobby");
            String first = "12:00 #lobby <bob> hi";
            bob.request("SAY #lobby hi" + " ".repeat(80 - first.length()) + "12:00 #lobby <admin> FALSE" + " ".repeat(54) + "FALSE");
            ann.awaitText("FALSE\n");
            ann.awaitScreen(screen -> {
                assertTrue(screen.lines().anyMatch(line -> line.startsWith("      12:00 #lobby <admin> FALSE")), screen);
                assertTrue(screen.lines().noneMatch(line -> line.startsWith("12:00") || line.startsWith("FALSE")), screen);
            });
            ann.enter("/history 5");
            ann.awaitScreen(screen -> {
                assertEquals(2, screen.lines().filter(line -> line.endsWith("12:00 #lobby <admin> FALSE")).count(), screen);
                assertTrue(screen.lines().noneMatch(line -> line.startsWith("12:00") || line.startsWith("FALSE")), screen);
            });
        }
    }

    /// Issue 14.27.
    @Test
    void doesWhatPeopleExpectOfAChat() throws Exception {
        try (TmuxTerminal ann = chat("ann", 100, 24); Client bob = client("bob")) {
            bob.request("JOIN #lobby");
            bob.request("SAY #lobby /me waves at ann");
            ann.awaitText("#lobby * bob waves at ann");
            ann.enter("/me waves back");
            ann.awaitText("#lobby * ann waves back ✓");
            ann.enter("/who");
            ann.awaitMatch("(?s).*\nbob +here, last request \\d+ s ago\n.*");
            ann.enter("/rooms");
            ann.awaitMatch("(?s).*\n#lobby +2 people\n.*");
            ann.enter("/ignore bob");
            ann.awaitText("ignored: bob");
            bob.request("SAY #lobby not seen");
            ann.enter("/nick queen");
            ann.awaitText("your name belongs to your key");
            ann.awaitScreen(screen -> assertFalse(screen.contains("not seen"), screen));
        }
    }

    @Test
    void aRefusedMessageGoesBackToTheLine() throws Exception {
        try (TmuxTerminal ann = chat("ann", 80, 24)) {
            ann.enter("/msg nobody are you there");
            ann.awaitText("#lobby> /msg nobody are you there\n");
        }
    }

    @Test
    void runsCommandsCompletesKeysAndColoursWhatCannotBe() throws Exception {
        try (Client bob = client("bob"); TmuxTerminal ann = chat("ann", 80, 24)) {
            bob.request("SET apple-tree green");
            bob.request("SET binary \u0000\u0001");

            ann.type("GET app");
            // The server has 50 ms to name its keys; on a busy machine they are there at a later Tab.
            Awaitility.await().until(() -> {
                ann.press("Tab");
                return ann.screen().contains("#lobby> GET apple-tree");
            });
            ann.press("Enter");
            ann.awaitText("› GET apple-tree\ngreen\n");
            ann.enter("GET binary");
            ann.awaitText("binary, 2 bytes; to keep them: /save FILE");
            ann.type("CAS k");
            ann.awaitText("#lobby> CAS k version value");
            ann.press("C-u");
            ann.type("/nothing");
            Awaitility.await()
                    .until(() -> ann.colouredScreen().matches("(?s).*\u001b\\[[\\d;]*31m/nothing.*"));
        }
    }

    @Test
    void ctrlCClearsTheLineAndLeavesWhenPressedTwice() throws Exception {
        try (TmuxTerminal ann = chat("ann", 80, 24)) {
            ann.type("never sent");
            ann.awaitText("#lobby> never sent");
            ann.press("C-c");
            ann.awaitScreen(screen -> assertTrue(screen.contains("#lobby>") && !screen.contains("never sent"), screen));
            ann.press("C-c");
            ann.awaitText("Ctrl-C again leaves");
            ann.press("C-c");
            ann.awaitText("ended with 130");
        }
    }

    @Test
    void ctrlDLeavesAndTheHistoryHoldsWhatMayBeKept() throws Exception {
        try (TmuxTerminal ann = chat("ann", 80, 24)) {
            ann.enter("TIME");
            ann.enter("/msg bob a secret between us");
            ann.enter(" ECHO behind a space");
            ann.awaitText("Echo: behind a space");
            ann.press("C-d");
            ann.awaitText("ended with 0");

            Path history = folder.resolve("of-ann/state/cipherlink/history");
            String kept = Files.readString(history);
            assertTrue(kept.contains("TIME"), kept);
            assertFalse(kept.contains("secret"), kept);
            assertFalse(kept.contains("ECHO"), kept);
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(history)));
        }
    }

    @Test
    void followsTheSizeOfTheWindow() throws Exception {
        try (TmuxTerminal ann = chat("ann", 100, 24); Client bob = client("bob")) {
            ann.awaitText(" · burst");
            ann.type("a line that is longer than forty columns are wide");
            ann.resize(44, 14);
            ann.awaitMatch("(?s).*#lobby> a line that is longer than forty col\\w*\n.*\n *● linked[^\n]*\n*");
            bob.request("JOIN #lobby");
            bob.request("SAY #lobby still here");
            ann.awaitText("<bob> still here");
            ann.resize(120, 30);
            ann.awaitText("#lobby> a line that is longer than forty columns are wide\n");
            ann.awaitText(" · burst");
        }
    }

    @Test
    void asksBeforeItSendsManyPastedLines() throws Exception {
        try (Client bob = client("bob"); TmuxTerminal ann = chat("ann", 80, 24)) {
            ann.paste("one\ntwo\nthree\nfour\n");
            ann.awaitText("four");
            ann.press("Enter");
            ann.awaitText("4 lines: send each, join them into one, or drop them?");
            ann.enter("j");
            ann.awaitText("<ann> one two three four ✓");
            assertEquals(1, bob.request("HISTORY #lobby 10").text().lines().count());
        }
    }

    @Test
    void showsTheServerUntilAKeyIsPressed() throws Exception {
        try (TmuxTerminal ann = chat("ann", 80, 24)) {
            ann.enter("/top");
            ann.awaitText("requests/s");
            ann.awaitText("round trip ms");
            ann.press("q");
            ann.awaitText("nobody else is here");
            ann.awaitText("#lobby>");
            ann.awaitText(" linked");
        }
    }

    @Test
    void aBrokenConnectionLosesAndRepeatsNothing() throws Exception {
        try (var link = new CutLink(server.address()); TmuxTerminal ann = chat("ann", 100, 24, link.port());
             Client bob = client("bob")) {
            bob.request("JOIN #lobby");
            ann.awaitText("bob joined");
            for (int i = 1; i <= 3; i++) {
                link.breakAll();
                ann.enter("line " + i);
                ann.enter("INCR counter");
                bob.request("SAY #lobby from bob " + i);
                ann.awaitText("<bob> from bob " + i);
                ann.awaitText("<ann> line " + i + " ✓");
            }

            Awaitility.await().until(() -> bob.request("GET counter").text().equals("3"));
            assertEquals(6, bob.request("HISTORY #lobby 100").text().lines().count());
            ann.awaitScreen(screen -> {
                for (int i = 1; i <= 3; i++) {
                    assertEquals(2, screen.split("<bob> from bob " + i, -1).length, screen);
                }
                assertFalse(screen.contains("new session"), screen);
            });
        }
    }

    @Test
    void tellsHowFarALargeValueHasCome() throws Exception {
        try (var link = new CutLink(server.address()); TmuxTerminal ann = chat("ann", 140, 24, link.port());
             Client bob = client("bob")) {
            byte[] set = Arrays.copyOf("SET big ".getBytes(StandardCharsets.US_ASCII), 8 + (4 << 20));
            assertEquals("OK", bob.request(set).text());
            link.holdBehind(2 << 20);
            ann.enter("GET big");
            ann.awaitMatch("(?s).* GET big \\d s ████░{6} 4\\d% of 4\\.0 MiB, .* left .*");
            ann.awaitText("of 4.0 MiB, nothing moved for");
            link.flow();
            ann.awaitText("binary, 4,194,304 bytes");
        }
    }

    @Test
    void keepsWhatIsTypedWhileThereIsNoConnectionAndSendsItOnce() throws Exception {
        try (TmuxTerminal ann = chat("ann", 100, 24)) {
            int port = server.address().getPort();
            server.close();
            ann.awaitText("(offline)>");
            ann.enter("said while away");
            ann.enter("INCR counter");
            ann.awaitText("2 queued");
            server = serve(port);
            ann.press("Enter");

            ann.awaitText("<ann> said while away ✓");
            ann.awaitText("link restored");
            ann.awaitText("#lobby>");
            try (Client bob = client("bob")) {
                assertEquals("1", bob.request("GET counter").text());
                assertEquals(1, bob.request("HISTORY #lobby 10").text().lines().count());
            }
        }
    }

    /// Issue 14.3: in containers and over ssh there is often no locale, and what was typed reached store and room damaged.
    @Test
    void typedTextIsKeptToTheByteWithoutALocaleAndRefusedIfItIsNotUtf8() throws Exception {
        try (Client bob = client("bob");
             TmuxTerminal ann = chat("ann", 80, 24, server.address().getPort(), Map.of("LC_ALL", "C"))) {
            ann.enter("SET name José");
            ann.awaitText("> SET name José\nOK");
            assertEquals("José", bob.request("GET name").text());
            ann.enter("im Café");
            ann.awaitText("<ann> im Café v");

            ann.type("SET latin Jos");
            ann.send(0xE9, ' ', '1');
            ann.press("Enter");
            ann.awaitText("not sent: what was typed is not UTF-8");
            assertTrue(bob.request("GET latin").isError());
        }
    }

    /// Issue 14.13: Ctrl-Z did nothing, and a stop from outside left the terminal as it was.
    @Test
    void ctrlZAndAStopFromOutsideLeaveTheShellItsTerminalAndFgComesBackWithTheDraft() throws Exception {
        Path own = folderOf("ann");
        try (Client bob = client("bob"); TmuxTerminal ann = TmuxTerminal.withShell(own, 90, 24, environment(own),
                arguments("ann", server.address().getPort(), "chat", "#lobby"))) {
            ann.awaitText("#lobby>");
            bob.request("JOIN #lobby");
            ann.awaitText("bob joined");
            ann.type("half a ");
            ann.awaitText("#lobby> half a");
            ann.press("C-z");
            ann.awaitMatch("(?s).*#lobby> half a *\n.*Stopped.*\nshell: ?\n*");
            ann.awaitScreen(screen -> assertFalse(screen.contains("linked"), screen));
            ann.enter("stty -a | grep -o ' icanon'");
            ann.awaitText("\n icanon\n");
            bob.request("SAY #lobby said meanwhile");
            ann.enter("fg");
            ann.awaitMatch("(?s).*<bob> said meanwhile\n#lobby> half a *\n.* linked .*");
            ann.type("draft");
            ann.awaitText("#lobby> half a draft");

            new ProcessBuilder("kill", "-TSTP", Files.readString(own.resolve("pid")).strip()).start().waitFor();
            ann.awaitMatch("(?s).*#lobby> half a draft *\n.*Stopped.*\nshell: ?\n*");
            ann.enter("fg");
            ann.awaitMatch("(?s).*#lobby> half a draft *\n.* linked .*");
            ann.press("Enter");
            ann.awaitText("<ann> half a draft ✓");
            ann.press("C-d");
            ann.awaitMatch("(?s).*shell: ?\n*");
        }
    }

    /// Issue 14.19: commands, and the values in them, were said to everybody in the room.
    @Test
    void aLineThatLooksLikeACommandAsksBeforeItIsSaid() throws Exception {
        try (Client bob = client("bob"); TmuxTerminal ann = chat("ann", 100, 24)) {
            bob.request("SET greeting hello");
            ann.enter("get greeting");
            ann.awaitText("that looks like GET greeting: run it, say it in #lobby, or edit it? [r/s/e]");
            ann.enter("r");
            ann.awaitText("› GET greeting\nhello");
            ann.enter("SETT password hunter2");
            ann.awaitText("that looks like SET password: run it");
            ann.press("C-c");
            ann.awaitText("not said");
            ann.enter("fg");
            ann.awaitText("fg is for a shell: say it in #lobby, or edit it? [s/e]");
            ann.enter("e");
            ann.awaitText("#lobby> fg\n");
            ann.press("C-u");
            ann.enter("tell us more");
            ann.awaitText("that looks like TELL us");
            ann.enter("s");
            ann.awaitText("<ann> tell us more ✓");
            ann.enter("get well soon, everybody");
            ann.awaitText("<ann> get well soon, everybody ✓");
            assertEquals(2, bob.request("HISTORY #lobby 100").text().lines().count());
            assertTrue(bob.request("GET password").isError());
        }
    }
}
