package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.TmuxTerminal;
import dev.cipherlink.client.Client;
import dev.cipherlink.fault.CutLink;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// `chat` in a real terminal, over connections that break and a server that is started again.
@Tag("slow")
class ReplReconnectIT extends ReplRig {
    private static final Pattern LAST_CONTACT = Pattern.compile("last contact (\\d+) s ago");

    @Override
    public KeyValueStore openStore() throws IOException {
        return RocksStore.open(folder.resolve("store"), RocksConfig.of(StoreLimits.ofDisk(1 << 20), Durability.OS));
    }

    /// Messages of others waited at the server while the link was down, and were lost with it. The session went on at the server
    /// that was started again, and only who typed /history was shown what had been said.
    @Test
    void messagesFromBeforeARestartOfTheServerAreFetchedOnce() throws Exception {
        try (var link = new CutLink(server.address()); TmuxTerminal ann = chat("ann", 100, 24, link.port())) {
            try (Client bob = client("bob")) {
                bob.request("JOIN #lobby");
                bob.request("SAY #lobby before");
                ann.awaitText("<bob> before");
                ann.enter("mine");
                ann.awaitText("<ann> mine ✓");
                link.shut();
                ann.awaitText("(offline)>");
                bob.request("SAY #lobby while ann was away");
            }
            int port = server.address().getPort();
            server.close();
            server = serve(port);
            link.letIn();
            ann.press("Enter");
            ann.awaitText("<bob> while ann was away");
            try (Client bob = client("bob")) {
                bob.request("JOIN #lobby");
                bob.request("SAY #lobby and after");
                ann.awaitText("<bob> and after");
            }
            ann.awaitScreen(screen -> {
                for (String once : List.of("1 message missed in #lobby", "<bob> before", "<ann> mine", "<bob> while ann",
                        "<bob> and after")) {
                    assertEquals(2, screen.split(once, -1).length, once + " in " + screen);
                }
                assertFalse(screen.contains("new session"), screen);
            });
        }
    }

    /// Issue 14.23: while it connected to a server that hung, the status line said "linked" for a minute, the time since the
    /// last contact began again at 0, and PINGs of the program's own were counted as lines that wait.
    @Test
    void aServerThatHangsIsTheLossOfTheLinkAtOnceAndWhatWaitsIsWhatWasTyped() throws Exception {
        try (var link = new CutLink(server.address()); TmuxTerminal ann = chat("ann", 100, 24, link.port())) {
            link.hang();
            ann.awaitText("(offline)>");
            ann.awaitScreen(screen -> assertFalse(screen.contains("linked"), screen));
            ann.enter("first line");
            ann.enter("SET second line");
            ann.awaitText(" 2 queued ");
            for (var last = new AtomicLong(); last.get() < 5; ) {
                ann.awaitScreen(screen -> {
                    Matcher contact = LAST_CONTACT.matcher(screen);
                    assertTrue(contact.find() && screen.contains(" 2 queued "), screen);
                    long seconds = Long.parseLong(contact.group(1));
                    assertTrue(seconds >= last.get(), () -> "after " + last + " s: " + screen);
                    last.set(seconds);
                });
            }
            link.letIn();
            link.breakAll();
            ann.press("Enter");
            ann.awaitText("<ann> first line ✓");
            ann.awaitText("› SET second line");
            ann.awaitText("OK");
        }
    }

    /// Issue 14.21: of lines that waited for a link, and of pasted ones, those over the server's rate were refused.
    @Test
    void linesThatWaitedForTheLinkAreAllSentHoweverManyTheServerTakesAtOnce() throws Exception {
        try (var link = new CutLink(server.address()); TmuxTerminal ann = chat("ann", 100, 40, link.port())) {
            link.shut();
            ann.awaitText("(offline)>");
            ann.paste(IntStream.rangeClosed(1, 70).mapToObj(i -> "waiting " + i).collect(Collectors.joining("\n")));
            ann.awaitText("waiting 70");
            ann.press("Enter");
            ann.awaitText("70 lines: send each");
            ann.enter("s");
            ann.awaitText("70 queued");
            link.letIn();
            ann.press("Enter");
            ann.awaitText("<ann> waiting 70 ✓");
            try (Client bob = client("bob")) {
                bob.request("JOIN #lobby");
                assertEquals(IntStream.rangeClosed(1, 70).mapToObj(i -> "waiting " + i).toList(), bob.request("HISTORY #lobby 1000")
                        .text().lines().map(line -> line.replaceFirst(".* waiting", "waiting")).toList());
            }
        }
    }
}
