package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.TmuxTerminal;
import dev.cipherlink.client.Client;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.seal.SealedText;
import dev.cipherlink.seal.SealedValue;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Direct messages that the server cannot read, in real terminals.
@Tag("slow")
class SealedChatIT extends ReplRig {
    private static final Pattern WORDS = Pattern.compile("(?m)^    ((?:[a-z]{5} ){7}[a-z]{5})$");

    @Override
    public KeyValueStore openStore() {
        return new MemoryStore(StoreLimits.ofHeap());
    }

    private static String words(TmuxTerminal terminal, String name) {
        terminal.enter("/verify " + name);
        Matcher[] found = new Matcher[1];
        Awaitility.await().until(() -> {
            found[0] = WORDS.matcher(terminal.screen());
            return found[0].find();
        });
        return found[0].group(1);
    }

    @Test
    void twoPeopleWriteAndCompareTheSameWords() throws Exception {
        try (TmuxTerminal ann = chat("ann", 110, 40); TmuxTerminal bob = chat("bob", 110, 40)) {
            bob.enter("/msg ann a secret");
            bob.awaitText("the key of ann is new here, ");
            bob.awaitText("you → ann a secret ✓");
            ann.awaitText("the key of bob is new here, ");
            ann.awaitText("bob → you a secret\n");
            assertEquals(words(ann, "bob"), words(bob, "ann"));
            ann.enter("/verify bob yes");
            ann.awaitText(", verified");
            ann.enter("/whois bob");
            ann.awaitMatch("(?s).*\nbob: [0-9a-z-]{39}, known since \\S+Z, verified\n.*");
            ann.enter("/msg nobody hello");
            ann.awaitText("! nobody has no key here, so it cannot be sealed; TELL nobody ...");
        }
    }

    /// A server that was taken over would do the same: another key for a name.
    @Test
    void nothingIsSealedForAChangedKeyUntilTheUserSaysSo() throws Exception {
        try (TmuxTerminal ann = chat("ann", 110, 40)) {
            ann.enter("/msg bob first");
            ann.awaitText("you → bob first ✓");
            changeKey("bob");
            ann.enter("/msg bob second");
            ann.awaitText("! the server gives another key for bob than the one since ");
            ann.press("C-u");
            try (TmuxTerminal bob = chat("bob", 110, 40)) {
                bob.enter("/msg ann it is me, really");
                ann.awaitText("bob → you (ANOTHER KEY) it is me, really\n");
                assertEquals(words(ann, "bob"), words(bob, "ann"));
                ann.awaitText("ANOTHER KEY than the one of bob since ");
                ann.enter("/verify bob accept");
                ann.awaitText(", believed, not verified");
                ann.enter("/msg bob third");
                bob.awaitText("ann → you third\n");
                assertFalse(bob.everything().contains("second"));
            }
        }
    }

    /// While bob is not there, the server keeps what it cannot read; a client without sealing gets a notice.
    @Test
    void anOfflineMessageStaysSealedAndAnOldClientGetsANotice() throws Exception {
        try (TmuxTerminal ann = chat("ann", 110, 40)) {
            ann.enter("/msg bob are you there");
            ann.awaitText("you → bob are you there ✓");
        }
        List<String> heard = new CopyOnWriteArrayList<>();
        try (Client old = client("bob")) {
            old.onEvent(event -> heard.add(new String(event, StandardCharsets.UTF_8)));
            old.request("BACK");
            Awaitility.await().until(() -> !heard.isEmpty());
        }
        assertTrue(heard.getFirst().contains("Z (a sealed message, which this client is too old to open) "), heard.toString());
        assertFalse(heard.getFirst().contains("are you there"), heard.toString());
        try (Client ann = client("ann")) {
            ann.request("TELL bob for all to see");
        }
        try (TmuxTerminal again = chat("ann", 110, 40)) {
            again.enter("/msg bob and now");
            again.awaitText("you → bob and now ✓");
        }
        try (TmuxTerminal bob = chat("bob", 110, 40)) {
            bob.awaitText("ann → you (not sealed) for all to see\n");
            bob.awaitText("ann → you and now\n");
        }
    }

    /// The server tells a message twice under new ids, and one that was written before.
    @Test
    void aRepeatedMessageIsMarked() throws Exception {
        try (TmuxTerminal ann = chat("ann", 110, 40); Client server = client("bob");
                Identity bob = Identity.load(folder.resolve("bob"), PassphraseSource.none());
                Identity own = Identity.load(folder.resolve("ann"), PassphraseSource.none())) {
            Instant now = Instant.now();
            String sealed = SealedText.seal(bob.keyPair(), own.publicKey(), now, "pay him");
            server.request("TELL ann " + sealed);
            ann.awaitText("bob → you pay him\n");
            server.request("TELL ann " + sealed);
            ann.awaitText("bob → you (again or out of order, written ");
            server.request("TELL ann " + SealedText.seal(bob.keyPair(), own.publicKey(), now.minusSeconds(600), "older"));
            ann.awaitMatch("(?s).*bob → you \\(again or out of order, written [0-9TZ:.-]+\\) older\n.*");
            server.request("TELL ann " + sealed.substring(0, sealed.length() - 9) + "AAAAAAAAA");
            ann.awaitText("(a sealed message that does not open: ");
        }
    }

    @Test
    void thePromptOfTheStoreSealsAndOpens() throws Exception {
        var own = folderOf("ann");
        try (var ann = new TmuxTerminal(own, 100, 30, environment(own), arguments("ann", server.address().getPort(), "kv", "--seal"));
                Client server = client("bob")) {
            ann.awaitText("/help, /quit");
            ann.enter("set token a secret of mine");
            ann.awaitText("OK\n");
            ann.enter("get token");
            ann.awaitText("\na secret of mine\n");
            ann.enter("append token x");
            ann.awaitText("the server cannot change what it cannot read");
            assertTrue(SealedValue.isSealed(server.get("token").orElseThrow()));
        }
    }

    private void changeKey(String name) throws Exception {
        Files.delete(folder.resolve(name));
        try (Identity identity = Identity.generate()) {
            identity.save(folder.resolve(name), null, false);
            replaceKey(name, identity.publicKey());
        }
    }
}
