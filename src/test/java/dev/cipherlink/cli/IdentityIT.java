package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.peer.JavaProgram;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The commands of the program over version 2, against a real server in this process.
class IdentityIT extends IdentityRig {
    private Path knownHosts;

    @BeforeEach
    void forgetTheServer() {
        ann.environment.remove("CIPHERLINK_CLIENT_HOST_KEY");
        knownHosts = folder.resolve("home/.local/state/cipherlink/known_hosts");
    }

    @Override
    protected String authorizeAnn(String... options) throws IOException {
        String line = super.authorizeAnn(options);
        assertEquals(0, ping(), ann.err());
        return line;
    }

    private int ping() {
        return ann.run("ping", "-n", "1", "--host-key", host.publicKey().fingerprint().toString());
    }

    /// Issue 14, verdict 12: the next command of a script that provisions a machine.
    @Test
    void authorizeAndRevokeHoldForTheNextConnection() throws IOException {
        String line = authorizeAnn();
        for (int i = 0; i < 5; i++) {
            assertEquals(0, ann.run("keys", "revoke", "ann"), ann.err());
            assertEquals(4, ping(), ann.err());
            assertEquals(0, ann.run("authorize", line), ann.err());
            assertEquals(0, ping(), ann.err());
        }
        assertEquals(6, ann.run("sockets", "--host-key", host.publicKey().fingerprint().toString()), "no operator yet");
        assertEquals(0, ann.run("keys", "revoke", "ann"), ann.err());
        assertEquals(0, ann.run("authorize", "--operator", line), ann.err());
        assertEquals(0, ann.run("sockets", "--host-key", host.publicKey().fingerprint().toString()), ann.err());
    }

    /// Issue 14.15: examples of the help work when they are pasted, where they need nothing but a server and a key that it knows.
    @ParameterizedTest
    @ValueSource(strings = {"kv", "ping", "whoami", "info", "sockets", "keys list", "keys show", "config", "hosts list", "help",
        "keygen shared", "chat"})
    void theHelpsFirstExampleWorks(String command) throws IOException {
        authorizeAnn("--operator");
        assertEquals(0, ann.run("kv", "--accept-new-host-key", "PING"), ann.err());
        List<String> words = new ArrayList<>(List.of("help"));
        words.addAll(List.of(command.split(" ")));
        assertEquals(0, ann.run(words.toArray(String[]::new)), ann.err());
        String example = ann.out().lines().filter(line -> line.startsWith("  cipherlink ")).findFirst().orElseThrow()
                .substring("  cipherlink ".length());
        String[] args = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)").matcher(example).results()
                .map(word -> word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group(3))
                .toArray(String[]::new);
        assertEquals(0, ann.run(args), example + ": " + ann.err());
    }

    /// Issue 14.25: `-v` told nothing, `-vv` JNA's search for libraries.
    @Test
    void verboseTellsWhatIsReadWhomWeConnectToAndWhatIsAgreed() throws IOException {
        authorizeAnn();
        Files.writeString(folder.resolve("cipherlink.yaml"), "client:\n  timeout: 20s\n");
        assertEquals(0, ann.run("kv", "-v", "--accept-new-host-key", "PING"), ann.err());
        assertEquals("PONG\n", ann.out());
        for (String part : new String[] {"settings: ./cipherlink.yaml: ", "identity: " + folder.resolve("home/.config/cipherlink/identity"),
            "; version 2, Noise_XXhfs_25519+MLKEM768_", "server: 127.0.0.1:" + server.address().getPort() + " (CIPHERLINK_CLIENT_SERVER), address 127.0.0.1\n",
            "host key: " + host.publicKey().fingerprint(), "host key accepted: it is in " + knownHosts, "session: ", " as ann, burst, window 64; Noise_XXhfs_25519+MLKEM768_"}) {
            assertTrue(ann.err().contains("cipherlink: " + part) || ann.err().contains(part), part + " in " + ann.err());
        }
        assertTrue(ann.err().lines().allMatch(line -> line.startsWith("cipherlink: ")), ann.err());
        assertEquals(0, ann.run("kv", "PING"));
        assertEquals("", ann.err());
    }

    @Test
    void aFileGivesThePassphraseWhereThereIsNoTerminal() throws IOException {
        assertEquals(0, ann.runTyping("open sesame\nopen sesame\n", "keygen", "identity", "--passphrase"), ann.err());
        assertEquals(0, ann.run("authorize", ann.out().strip()), ann.err());
        assertEquals(2, ping());
        assertTrue(ann.err().contains("there is no terminal to ask for it"), ann.err());

        Path file = Files.createFile(folder.resolve("passphrase"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        ann.environment.put("CIPHERLINK_CLIENT_PASSPHRASE_FILE", file.toString());
        Files.writeString(file, "open sesame\n");
        assertEquals(0, ping(), ann.err());
        Files.writeString(file, "close sesame\n");
        assertEquals(2, ping());
        assertTrue(ann.err().contains("wrong passphrase") && !ann.err().contains("sesame"), ann.err());
        Files.writeString(file, "open sesame\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertEquals(2, ping());
        assertTrue(ann.err().contains("its passphrase is in " + file + ", which cannot be used: others may read"), ann.err());
    }

    @Test
    void makesAnIdentityOnFirstUseAndSaysHowToLetItIn() throws IOException {
        assertEquals(4, ann.run("ping", "--accept-new-host-key"));
        Path file = folder.resolve("home/.config/cipherlink/identity");
        try (Identity made = Identity.load(file, PassphraseSource.none())) {
            assertEquals(List.of("cipherlink: made a new identity, " + made.publicKey().fingerprint() + ", kept in " + file,
                    "cipherlink: cannot connect to 127.0.0.1:" + server.address().getPort()
                            + ": the server does not know this identity; ask its operator to authorize it",
                    "  try: cipherlink authorize '" + new PublicKeyLine(made.publicKey(), "ann").encode() + "'"),
                    ann.err().lines().toList());
        }
        assertEquals(4, ann.run("ping"));
        assertFalse(ann.err().contains("made a new identity"), ann.err());
    }

    @Test
    void refusesANewServerWithoutATerminalAndNamesTheOption() throws IOException {
        authorizeAnn();
        assertEquals(4, ann.run("ping"));
        assertTrue(ann.err().contains("--host-key " + host.publicKey().fingerprint()), ann.err());
        assertTrue(ann.err().contains("--accept-new-host-key"), ann.err());
        assertEquals(1, ann.err().lines().count());
        assertFalse(Files.exists(knownHosts));
    }

    @Test
    void asksAboutANewServerAndRemembersTheAnswer() throws IOException {
        authorizeAnn();
        assertEquals(0, ann.runTyping("y\n\nyes\n", "ping", "-n", "1"), ann.err());
        List<String> said = ann.err().lines().toList();
        assertEquals("First contact with 127.0.0.1:" + server.address().getPort(), said.get(0));
        assertEquals("  key type     cipherlink-x25519", said.get(1));
        assertEquals("  fingerprint  " + host.publicKey().fingerprint(), said.get(2));
        assertEquals("  not known by any other name", said.get(3));
        assertTrue(ann.err().contains("Type yes or no in full, or the whole fingerprint."), ann.err());
        assertTrue(ann.err().contains("The key is kept in " + knownHosts + "\n"), ann.err());
        assertEquals(1, Files.readAllLines(knownHosts).size());

        assertEquals(0, ann.run("ping", "-n", "1"));
        assertFalse(ann.err().contains("First contact"), ann.err());
    }

    @Test
    void thePastedFingerprintIsYesAndAnotherOneIsNo() throws IOException {
        authorizeAnn();
        assertEquals(4, ann.runTyping(Fingerprints.other(host) + "\nyes\n", "ping", "-n", "1"));
        assertTrue(ann.err().contains("That is another fingerprint"), ann.err());
        assertEquals(4, ann.runTyping("no\nyes\n", "ping", "-n", "1"));
        assertEquals(4, ann.runTyping("y\ny\ny\nyes\n", "ping", "-n", "1"));
        assertEquals(4, ann.runTyping("", "ping", "-n", "1"));
        assertFalse(Files.exists(knownHosts));
        assertEquals(0, ann.runTyping(" " + host.publicKey().fingerprint() + " \n", "ping", "-n", "1"), ann.err());
    }

    /// Fingerprints that are good, and not the server's.
    private static final class Fingerprints {
        static String other(Identity than) {
            String text = than.publicKey().fingerprint().toString();
            return (text.charAt(0) == '0' ? "1" : "0") + text.substring(1);
        }
    }

    @Test
    void refusesAChangedKeyLoudlyWhateverIsAnsweredOrAllowed() throws IOException {
        authorizeAnn();
        assertEquals(0, ann.run("ping", "-n", "1", "--accept-new-host-key"), ann.err());
        int port = server.address().getPort();
        server.close();
        try (Identity other = Identity.generate()) {
            server = start(other, port);
            assertEquals(4, ann.runTyping("yes\nyes\n", "ping", "-n", "1", "--accept-new-host-key"));
            assertTrue(ann.err().contains("THE HOST KEY OF 127.0.0.1:" + port + " HAS CHANGED"), ann.err());
            assertTrue(ann.err().contains(knownHosts + ":1"), ann.err());
            assertTrue(ann.err().contains(host.publicKey().fingerprint().toString()), ann.err());
            assertTrue(ann.err().contains(other.publicKey().fingerprint().toString()), ann.err());
            assertEquals(1, ann.err().lines().count(), ann.err());
            server.close();
        }
    }

    @Test
    void namesComeFromTheAuthorizedKeys() throws IOException {
        authorizeAnn("--name", "ann.laptop", "--operator");
        assertEquals(0, ann.run("whoami", "--accept-new-host-key"), ann.err());
        assertTrue(ann.out().contains("ann.laptop"), ann.out());
        assertEquals(0, ann.run("bench", "--clients", "3", "--requests", "300"), ann.err());
    }

    @Test
    void revokingEndsALiveConnection() throws Exception {
        authorizeAnn();
        ann.environment.put("CIPHERLINK_CLIENT_HOST_KEY", host.publicKey().fingerprint().toString());
        Terminal olga = new Terminal(folder);
        olga.environment.putAll(ann.environment);
        assertEquals(0, olga.run("keygen", "identity", "olga", "--name", "olga"));
        olga.environment.put("CIPHERLINK_CLIENT_IDENTITY", folder.resolve("olga").toString());
        assertEquals(0, olga.run("authorize", olga.out().strip(), "--operator"), olga.err());
        Awaitility.await().until(() -> olga.run("sockets") == 0);

        try (PipedOutputStream typed = new PipedOutputStream(); PipedInputStream stdin = new PipedInputStream(typed)) {
            CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> ann.runWith(stdin, "kv"));
            typed.write("PING\n".getBytes(StandardCharsets.UTF_8));
            typed.flush();
            Awaitility.await().until(() -> ann.out().equals("PONG\n"));
            olga.run("sockets");
            assertTrue(olga.out().contains(" ann "), olga.out());

            assertEquals(0, olga.run("keys", "revoke", "ann"), olga.err());

            Awaitility.await().until(() -> olga.run("sockets") == 0 && !olga.out().contains(" ann "));
            typed.write("PING\n".getBytes(StandardCharsets.UTF_8));
            end(typed);
            assertTrue(List.of(3, 4).contains(status.get()), ann.err());
        }
        assertEquals(4, ann.run("ping"));
    }

    private Process serve(String... options) throws IOException {
        List<String> command = JavaProgram.command(folder, List.of(), Main.class, "serve", "--port", "0");
        command.addAll(List.of(options));
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectError(folder.resolve("err").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_") || name.startsWith("XDG_"));
        builder.environment().put("HOME", folder.resolve("host").toString());
        return builder.start();
    }

    @Test
    void serveMakesAnIdentityAndGivesFreeNamesToAnybodyIfToldTo() throws Exception {
        ann.environment.remove("CIPHERLINK_CLIENT_SERVER");
        Process serve = serve("--clients", "any");
        try (var lines = serve.inputReader()) {
            String ready = lines.readLine();
            assertTrue(ready.matches("listening on 127\\.0\\.0\\.1:\\d+ key [0-9a-z]{4}(-[0-9a-z]{4}){7}"), ready);
            String[] words = ready.split(" ");
            Path file = folder.resolve("host/.config/cipherlink/server_identity");
            assertEquals("cipherlink: made a new identity, " + words[4] + ", kept in " + file + "\n",
                    Files.readString(folder.resolve("err")));

            assertEquals(0, ann.run("whoami", "-s", words[2], "--host-key", words[4]), ann.err());
            assertTrue(ann.out().contains("name: ann\n"), ann.out());
            assertEquals(0, ann.run("whoami", "-s", words[2], "--host-key", words[4], "--identity", keyNamed("other")), ann.err());
            assertTrue(ann.out().contains("name: user-"), ann.out());
            assertEquals(2, Files.readAllLines(folder.resolve("host/.local/share/cipherlink/enrolled_keys")).size());
        } finally {
            serve.destroy();
            assertTrue(serve.waitFor(60, TimeUnit.SECONDS));
        }
        assertEquals(0, serve.exitValue());
    }

    private String keyNamed(String name) {
        assertEquals(0, ann.run("keygen", "identity", name));
        return name;
    }

    @Test
    void servesBothVersionsIfBothAreConfigured() throws Exception {
        ann.environment.remove("CIPHERLINK_CLIENT_SERVER");
        ann.run("keygen", "shared", "k");
        Process serve = serve("--shared-key", "k", "--clients", "any");
        try (var lines = serve.inputReader()) {
            String ready = lines.readLine();
            assertTrue(ready.matches("listening on \\S+ key [-0-9a-z]{39} shared:[0-9a-f]{16}"), ready);
            String address = ready.split(" ")[2];
            assertEquals(0, ann.run("ping", "-n", "1", "-s", address, "--shared-key", "k"), ann.err());
            assertEquals(0, ann.run("ping", "-n", "1", "-s", address, "--host-key", ready.split(" ")[4]), ann.err());
        } finally {
            serve.destroy();
            assertTrue(serve.waitFor(60, TimeUnit.SECONDS));
        }
    }

    private static void end(PipedOutputStream stream) throws IOException {
        stream.close();
    }
}
