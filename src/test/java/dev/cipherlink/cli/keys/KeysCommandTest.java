package dev.cipherlink.cli.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.crypto.PublicKeyLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `keygen identity`, `authorize`, `keys`.
class KeysCommandTest {
    private static final String BASE64 = "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8=";
    private static final String LINE = "cipherlink-x25519 " + BASE64 + " ann";

    @TempDir
    Path folder;
    private Terminal terminal;
    private Path authorized;

    @BeforeEach
    void openTerminal() {
        terminal = new Terminal(folder);
        terminal.environment.put("HOME", folder.toString());
        terminal.environment.put("USER", "ann");
        authorized = folder.resolve(".config/cipherlink/authorized_keys");
    }

    @Test
    void makesAnIdentityAndPrintsItsPublicLine() throws IOException {
        assertEquals(0, terminal.run("keygen", "identity"));
        Path file = folder.resolve(".config/cipherlink/identity");
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        try (Identity made = Identity.load(file, PassphraseSource.none())) {
            assertEquals(new PublicKeyLine(made.publicKey(), "ann").encode() + "\n", terminal.out());
            assertEquals("cipherlink: private key in " + file + ", fingerprint " + made.publicKey().fingerprint() + "\n",
                    terminal.err());
        }
    }

    @Test
    void replacesAnIdentityOnlyWithForce() throws IOException {
        assertEquals(0, terminal.run("keygen", "identity", "id", "--name", "work"));
        assertTrue(terminal.out().endsWith(" work\n"), terminal.out());
        byte[] first = Files.readAllBytes(folder.resolve("id"));
        assertEquals(2, terminal.run("keygen", "identity", "id"));
        assertTrue(terminal.err().contains("may be a key in use, which would be lost; choose another name\n"), terminal.err());
        assertEquals(0, terminal.run("keygen", "identity", "id", "--force"));
        assertFalse(Arrays.equals(first, Files.readAllBytes(folder.resolve("id"))));
    }

    @Test
    void asksTwiceForAPassphraseAndNeverWithoutATerminal() throws IOException {
        assertEquals(2, terminal.run("keygen", "identity", "id", "--passphrase"));
        assertEquals("cipherlink: --passphrase asks on a terminal, and there is none\n", terminal.err());

        terminal.withTerminals(true, false, true);
        assertEquals(2, terminal.runWith("one\ntwo\n".getBytes(StandardCharsets.UTF_8), "keygen", "identity", "id", "--passphrase"));
        assertTrue(terminal.err().endsWith("the two passphrases differ\n"), terminal.err());
        assertEquals(2, terminal.runWith("\n\n".getBytes(StandardCharsets.UTF_8), "keygen", "identity", "id", "--passphrase"));
        assertFalse(Files.exists(folder.resolve("id")));

        assertEquals(0, terminal.runWith("hush\nhush\n".getBytes(StandardCharsets.UTF_8), "keygen", "identity", "id", "--passphrase"));
        assertTrue(Identity.isEncrypted(folder.resolve("id")));
        assertFalse((terminal.out() + terminal.err()).contains("hush"));
        Identity.load(folder.resolve("id"), file -> "hush".toCharArray()).close();
    }

    @Test
    void authorizesAPublicLineListsItAndRevokesIt() throws IOException {
        assertEquals(0, terminal.run("authorize", LINE, "--operator"), terminal.err());
        assertTrue(terminal.out().matches("authorized ann [0-9a-z]{4}(-[0-9a-z]{4}){7}\n"), terminal.out());
        assertEquals(List.of(LINE + " operator"), Files.readAllLines(authorized));

        assertEquals(0, terminal.run("keys", "list"));
        assertTrue(terminal.out().matches("ann [-0-9a-z]{39} - {20}operator\n"), terminal.out());
        assertEquals(0, terminal.run("keys", "list", "--json"));
        assertTrue(terminal.out().startsWith("{\"name\":\"ann\",\"fingerprint\":\""), terminal.out());

        assertEquals(2, terminal.run("keys", "revoke", "anna"));
        assertEquals("cipherlink: cannot revoke anna: " + authorized + " has no such name, did you mean ann?\n", terminal.err());
        assertEquals(0, terminal.run("keys", "revoke", "ann"));
        assertTrue(terminal.out().startsWith("revoked ann "), terminal.out());
        assertEquals(List.of(), Files.readAllLines(authorized));
    }

    /// Issue 13.17: a server that lets everybody in could keep nobody out.
    @Test
    void deniesAKeyByItsLineOrByItsName() throws IOException {
        assertEquals(0, terminal.run("keys", "deny", LINE), terminal.err());
        assertTrue(terminal.out().matches("denied ann [-0-9a-z]{39}\n"), terminal.out());
        assertEquals(List.of(LINE + " denied"), Files.readAllLines(authorized));
        assertEquals(2, terminal.run("authorize", LINE));
        assertEquals(0, terminal.run("keys", "revoke", "ann"));
        assertEquals(0, terminal.run("authorize", LINE, "--operator"));
        assertEquals(0, terminal.run("keys", "deny", "ann"));
        assertEquals(List.of(LINE + " denied"), Files.readAllLines(authorized));
        assertEquals(2, terminal.run("keys", "deny", "nobody"));
        assertTrue(terminal.err().startsWith("cipherlink: cannot deny nobody: no key has that name\n"), terminal.err());
        assertEquals(2, terminal.run("keys", "deny", "ssh-ed25519", "MARKER", "ann"));
        assertFalse(terminal.err().contains("MARKER"), terminal.err());
    }

    @Test
    void takesThePublicLineAsWordsAndUnderAnotherName() throws IOException {
        assertEquals(0, terminal.run("authorize", "cipherlink-x25519", BASE64, "--name", "ann.laptop", "--authorized-keys", "k"));
        assertEquals(List.of("cipherlink-x25519 " + BASE64 + " ann.laptop"), Files.readAllLines(folder.resolve("k")));
        assertEquals(0, terminal.run("authorize", LINE, "--name", "ann.laptop", "--authorized-keys", "k"));
        assertEquals("cipherlink: no server answers here; one that uses " + folder.resolve("k") + " takes it up when its next client comes\n"
                + "cipherlink: ann.laptop was authorized already\n", terminal.err());
        assertEquals(2, terminal.run("authorize", LINE, "--authorized-keys", "k"));
        assertTrue(terminal.err().contains("k:2: duplicate key: ann.laptop has it already"), terminal.err());
    }

    @Test
    void writesEveryOptionOfALineAndReplacesThem() throws IOException {
        assertEquals(0, terminal.run("authorize", LINE, "--keys", "ro:app:*,rw:tmp:*", "--services", "kv,forward", "--from",
                "10.0.0.0/8,::1", "--expires", "2031-01-31", "--max-connections", "3", "--rate", "100", "--forward", "db:5432"),
                terminal.err());
        assertEquals(List.of(LINE + " forward=db:5432 keys=ro:app:*,rw:tmp:* from=10.0.0.0/8,::1 services=kv,forward "
                + "expires=2031-01-31 max-connections=3 rate=100"), Files.readAllLines(authorized));
        assertEquals(2, terminal.run("authorize", LINE, "--expires", "30d"), terminal.err());
        Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        assertEquals(0, terminal.run("authorize", LINE, "--expires", "30d", "--replace"), terminal.err());
        String line = Files.readAllLines(authorized).getFirst();
        assertTrue(line.startsWith(LINE + " expires="), line);
        Instant end = Instant.parse(line.replaceFirst(".*expires=", ""));
        assertFalse(end.isBefore(before.plus(Duration.ofDays(30))), line);
        for (String[] wrong : new String[][] {{"--keys", "app:*"}, {"--services", "disk"}, {"--from", "example.org"},
                {"--expires", "soon"}, {"--expires", "2020-01-01"}, {"--from", "10.1"}, {"--max-connections", "0"}, {"--rate", "-1"}}) {
            assertEquals(2, terminal.run("authorize", LINE, "--replace", wrong[0], wrong[1]));
            assertTrue(terminal.err().startsWith("cipherlink: cannot authorize: "), terminal.err());
        }
        assertEquals(List.of(line), Files.readAllLines(authorized));
    }

    @Test
    void checkShowsEveryBadLine() throws IOException {
        Files.writeString(folder.resolve("k"), "# people\n" + LINE + " keys=ro:a*\noops\n" + LINE + "a\ncipherlink-x25519 "
                + "AAAA" + BASE64.substring(4) + " bob root\n");
        assertEquals(2, terminal.run("keys", "check", "k"));
        List<String> lines = terminal.err().lines().toList();
        assertEquals(3, lines.size(), terminal.err());
        assertTrue(lines.get(0).contains("k:3: a public key line begins with"), lines.get(0));
        assertTrue(lines.get(1).contains("k:4: duplicate key: ann has it already"), lines.get(1));
        assertTrue(lines.get(2).contains("k:5: unknown option: there are operator, "), lines.get(2));
        Files.writeString(folder.resolve("k"), LINE + " keys=ro:a* rate=5\n");
        assertEquals(0, terminal.run("keys", "check", "k"));
        assertTrue(terminal.out().endsWith("/k is good\n"), terminal.out());
        assertEquals(2, terminal.run("keys", "check", "none"));
    }

    @Test
    void refusesWhatIsNoPublicLineAndQuotesNothing() {
        for (String wrong : List.of("oops", "cipherlink-x25519 MARKER ann", "ssh-ed25519 MARKER ann",
                "cipherlink-identity 1 plain MARKER", LINE + "/../x")) {
            assertEquals(2, terminal.run("authorize", wrong), wrong);
            assertTrue(terminal.err().startsWith("cipherlink: cannot authorize: "), terminal.err());
            assertFalse(terminal.err().contains("MARKER"), terminal.err());
        }
        assertFalse(Files.exists(authorized));
    }

    @Test
    void namesTheLineOfABrokenFile() throws IOException {
        Files.createDirectories(authorized.getParent());
        Files.writeString(authorized, "# people\noops\n");
        for (String[] command : new String[][] {{"keys", "list"}, {"keys", "revoke", "ann"}, {"authorize", LINE},
                {"serve", "--check"}}) {
            assertEquals(2, terminal.run(command));
            assertTrue(terminal.err().contains(authorized + ":2: a public key line begins with"), terminal.err());
        }
    }

    @Test
    void tellsAMissingHomeFromAMissingFile() {
        terminal.environment.remove("HOME");
        assertEquals(2, terminal.run("ping"));
        assertTrue(terminal.err().startsWith("cipherlink: no known-hosts file: there is no home folder"), terminal.err());
        assertEquals(2, terminal.run("ping", "--host-key", "c966-v3ga-1wme-9ehd-r5xx-c1vy-p2f3-drmt"));
        assertTrue(terminal.err().startsWith("cipherlink: no identity: there is no home folder"), terminal.err());
        terminal.environment.put("HOME", folder.toString());
        assertEquals(2, terminal.run("ping", "--identity", "mistyped"));
        assertTrue(terminal.err().contains("no such key file"), terminal.err());
        assertFalse(Files.exists(folder.resolve("mistyped")));
    }

    @Test
    void refusesOptionsThatMeanNothingWithASharedKey() {
        terminal.run("keygen", "shared", "k");
        assertEquals(2, terminal.run("ping", "--shared-key", "k", "--host-key", "c966-v3ga-1wme-9ehd-r5xx-c1vy-p2f3-drmt"));
        assertEquals("cipherlink: --host-key has no meaning with a shared key, which option --shared-key names\n", terminal.err());
        assertEquals(2, terminal.run("ping", "--shared-key", "k", "--accept-new-host-key"));
        assertEquals(2, terminal.run("ping", "--host-key", "c966-v3ga"));
        assertEquals("cipherlink: wrong value for --host-key: 'c966-v3ga', must be a whole fingerprint, 8 groups of 4 "
                + "characters joined by -\n", terminal.err());
    }

    /// Version 1 has no post-quantum handshake: a client that asks for one must not go without it in silence.
    @Test
    void refusesTheHybridHandshakeBesideASharedKey() {
        terminal.run("keygen", "shared", "k");
        terminal.environment.put("CIPHERLINK_CLIENT_SUITES", "hybrid");
        assertEquals(2, terminal.run("ping", "--shared-key", "k"));
        assertEquals("cipherlink: CIPHERLINK_CLIENT_SUITES asks for the hybrid handshake (client.suites), which a shared key does not have, "
                + "and option --shared-key names a shared key; leave one of the two out\n", terminal.err());
        terminal.environment.put("CIPHERLINK_CLIENT_SUITES", "classic");
        assertEquals(3, terminal.run("ping", "--shared-key", "k", "-s", "127.0.0.1:1"), terminal.err());
    }
}
