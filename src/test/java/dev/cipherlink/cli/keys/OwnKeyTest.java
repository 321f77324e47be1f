package dev.cipherlink.cli.keys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands for existing keys: `keys show`, `keys passphrase`, `hosts`, and copying them through an editor.
class OwnKeyTest {
    private static final String BASE64 = "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8=";
    private static final String BOM = "\uFEFF";

    @TempDir
    Path folder;
    private Terminal terminal;

    @BeforeEach
    void openTerminal() {
        terminal = new Terminal(folder);
        terminal.environment.put("HOME", folder.toString());
        terminal.environment.put("USER", "ann");
    }

    private int answering(String typed, String... command) {
        terminal.withTerminals(true, false, true);
        return terminal.runWith(typed.getBytes(StandardCharsets.UTF_8), command);
    }

    /// Issue 14.18: the public line could be seen once, and the advice was `--force`, which destroys the key.
    @Test
    void showsThePublicLineAgainAndNeverAdvisesToDestroyAKey() throws IOException {
        assertEquals(0, terminal.run("keygen", "identity"));
        String line = terminal.out();
        byte[] file = Files.readAllBytes(folder.resolve(".config/cipherlink/identity"));
        assertEquals(2, terminal.run("keygen", "identity"));
        assertFalse(terminal.err().contains("--force"), terminal.err());
        assertTrue(terminal.err().contains("\n  try: cipherlink keys show prints the public line of the key that is there\n"), terminal.err());
        assertEquals(0, terminal.run("keys", "show"));
        assertEquals(line, terminal.out());
        assertEquals(0, terminal.run("keys", "show", ".config/cipherlink/identity", "--name", "work", "--json"));
        assertTrue(terminal.out().contains("\"public\":\"" + line.strip().replace(" ann", " work") + "\""), terminal.out());
        assertArrayEquals(file, Files.readAllBytes(folder.resolve(".config/cipherlink/identity")));
        assertEquals(2, terminal.run("keys", "show", "missing"));
        assertEquals(2, terminal.run("keys", "show", "--name", "a b"));
        assertEquals(2, terminal.run("keygen", "shared", ".config/cipherlink/identity"));
        assertFalse(terminal.err().contains("--force"), terminal.err());
    }

    /// Issue 14.18.
    @Test
    void changesAndRemovesAPassphrase() throws IOException {
        assertEquals(0, terminal.run("keygen", "identity", "id"));
        String line = terminal.out();
        assertEquals(2, terminal.run("keys", "passphrase", "id"));
        assertEquals("cipherlink: keys passphrase asks on a terminal, and there is none\n", terminal.err());

        assertEquals(0, answering("one\none\n", "keys", "passphrase", "id"), terminal.err());
        assertTrue(Identity.isEncrypted(folder.resolve("id")));
        assertEquals(2, answering("one\ntwo\nthree\n", "keys", "passphrase", "id"));
        assertTrue(terminal.err().endsWith("the two passphrases differ\n"), terminal.err());
        assertEquals(0, answering("one\ntwo\ntwo\n", "keys", "passphrase", "id"), terminal.err());
        assertEquals(0, answering("one\ntwo\n", "keys", "show", "id"), terminal.err());
        assertEquals(line, terminal.out());
        assertTrue(terminal.err().contains("wrong passphrase\n"), terminal.err());

        assertEquals(0, answering("two\n", "keys", "passphrase", "id", "--remove"), terminal.err());
        assertFalse(Identity.isEncrypted(folder.resolve("id")));
        assertEquals(0, terminal.run("keys", "show", "id"));
        assertEquals(line, terminal.out());
    }

    /// Issue 14.18: an editor was needed, and the file's name.
    @Test
    void listsAndForgetsHosts() throws IOException {
        Path known = Files.createDirectories(folder.resolve(".local/state/cipherlink")).resolve("known_hosts");
        Files.writeString(known, "# mine\nexample.org:8888 cipherlink-x25519 " + BASE64 + " 2026-11-27T08:00:00Z\n"
                + "[::1]:9000 cipherlink-x25519 " + BASE64 + "\n");
        assertEquals(0, terminal.run("hosts", "list"));
        assertTrue(terminal.out().matches("example\\.org:8888 [-0-9a-z]{39} 2026-11-27T08:00:00Z\n\\[::1]:9000       [-0-9a-z]{39}\n"),
                terminal.out());
        assertEquals(0, terminal.run("hosts", "list", "--json"));
        assertTrue(terminal.out().startsWith("{\"name\":\"example.org:8888\",\"fingerprint\":\""), terminal.out());
        assertEquals(2, terminal.run("hosts", "forget", "example.com"));
        assertEquals("cipherlink: example.com:8888 is not known in " + known + ", did you mean example.org:8888?\n", terminal.err());
        assertEquals(0, terminal.run("hosts", "forget", "Example.org"), terminal.err());
        assertEquals("forgot example.org:8888\n", terminal.out());
        assertEquals(List.of("# mine", "[::1]:9000 cipherlink-x25519 " + BASE64), Files.readAllLines(known));
        assertEquals(0, terminal.run("hosts", "forget", "[::1]:9000"));
        assertEquals(0, terminal.run("hosts", "list"));
        assertEquals("", terminal.out());
    }

    private void rewrite(Path file, String begin, String lineEnd, Charset charset) throws IOException {
        Files.writeString(file, begin + Files.readString(file).replace("\n", lineEnd), charset);
    }

    /// Issue 14.11: an identity file that an editor had saved was "damaged".
    @ParameterizedTest
    @CsvSource({"'', '\r\n'", BOM + ", '\n'", BOM + ", '\r\n'"})
    void readsAnIdentityThatAnEditorHasSaved(String begin, String lineEnd) throws IOException {
        assertEquals(0, terminal.run("keygen", "identity", "id"));
        String line = terminal.out();
        rewrite(folder.resolve("id"), begin, lineEnd, StandardCharsets.UTF_8);
        assertEquals(0, terminal.run("keys", "show", "id"), terminal.err());
        assertEquals(line, terminal.out());
    }

    /// Issue 14.11.
    @Test
    void saysThatAFileIsUtf16() throws IOException {
        assertEquals(0, terminal.run("keygen", "identity", "id"));
        assertEquals(0, terminal.run("authorize", "cipherlink-x25519 " + BASE64 + " ann", "--authorized-keys", "keys"));
        for (Charset charset : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
            byte[] id = Files.readAllBytes(folder.resolve("id"));
            byte[] keys = Files.readAllBytes(folder.resolve("keys"));
            rewrite(folder.resolve("id"), BOM, "\r\n", charset);
            rewrite(folder.resolve("keys"), BOM, "\r\n", charset);
            assertEquals(2, terminal.run("keys", "show", "id"));
            assertTrue(terminal.err().contains("it is UTF-16 text, as an editor saved it: save it as plain UTF-8"), terminal.err());
            assertEquals(2, terminal.run("keys", "list", "--authorized-keys", "keys"));
            assertTrue(terminal.err().contains("it is UTF-16 text, as an editor saved it: save it as plain UTF-8"), terminal.err());
            Files.write(folder.resolve("id"), id);
            Files.write(folder.resolve("keys"), keys);
        }
    }

    /// Issue 14.11: in front of the first line of known hosts it made a known server a new one.
    @Test
    void readsListsOfKeysThatAnEditorHasSaved() throws IOException {
        String line = "cipherlink-x25519 " + BASE64;
        Files.writeString(folder.resolve("keys"), BOM + line + " ann\r\n");
        assertEquals(0, terminal.run("keys", "list", "--authorized-keys", "keys"), terminal.err());
        assertTrue(terminal.out().startsWith("ann "), terminal.out());
        assertEquals(0, terminal.run("authorize", BOM + line + " ann\r", "--authorized-keys", "keys"), terminal.err());
        assertTrue(terminal.err().contains("ann was authorized already"), terminal.err());
        Path known = Files.createDirectories(folder.resolve(".local/state/cipherlink")).resolve("known_hosts");
        Files.writeString(known, BOM + "example.org:8888 " + line + "\r\n");
        assertEquals(0, terminal.run("hosts", "list"), terminal.err());
        assertTrue(terminal.out().startsWith("example.org:8888 "), terminal.out());
    }

    /// Issue 14.11: only the number of bytes was told.
    @ParameterizedTest
    @ValueSource(strings = {"\uFEFF| and begins with a byte order mark (BOM) that an editor has added", "\n| and ends with a line feed that was added",
            "\r\n| and ends with a Windows line end (CR LF) that an editor has added"})
    void saysWhatAnEditorAddedToASharedKey(String added) throws IOException {
        String[] what = added.split("\\|");
        String key = "0123456789abcdef0123456789abcdef";
        terminal.run("keygen", "shared", "k");
        Files.writeString(folder.resolve("k"), what[0].equals(BOM) ? BOM + key : key + what[0]);
        assertEquals(2, terminal.run("ping", "--shared-key", "k"));
        assertTrue(terminal.err().contains("a key file holds exactly 32 raw bytes, this one has "), terminal.err());
        assertTrue(terminal.err().contains(what[1] + "; `cipherlink keygen` makes one\n"), terminal.err());
        assertFalse(terminal.err().replace(folder.toString(), "").contains("0123"), terminal.err());
    }
}
