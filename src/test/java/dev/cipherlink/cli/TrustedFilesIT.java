package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.peer.OtherUser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The program refuses files and folders that another user could change.
class TrustedFilesIT {
    private static final int RACES = 60;

    @TempDir
    Path folder;
    private Terminal terminal;

    @BeforeEach
    void openTerminal() {
        terminal = new Terminal(folder);
        terminal.environment.put("HOME", folder.resolve("home").toString());
        terminal.environment.put("USER", "ann");
    }

    private static String publicLine(String name) {
        try (Identity identity = Identity.generate()) {
            return new PublicKeyLine(identity.publicKey(), name).encode();
        }
    }

    private static void mode(Path path, int mode) throws IOException {
        Files.setAttribute(path, "unix:mode", mode);
    }

    /// Issue 13.14: the owner of the folder puts links where root makes a lock file and a new version, and so had root give it a
    /// file of root's.
    @Test
    void rootNeverGivesAFileOfItsOwnAwayInAFolderOfSomebodyElse() throws Exception {
        OtherUser.assume();
        Path secret = Files.writeString(folder.resolve("secret"), "root's");
        mode(secret, 0600);
        mode(folder, 0755);
        Path theirs = OtherUser.own(Files.createDirectory(folder.resolve("theirs")));
        Path keys = OtherUser.own(Files.writeString(theirs.resolve("keys"), publicLine("ann") + "\n"));
        Process racer = new ProcessBuilder(OtherUser.command("python3", "-c", """
                import os, sys
                def attempt(act, *names):
                    try: act(*names)
                    except OSError: pass
                os.chdir(sys.argv[1])
                open('racing', 'w').close()
                while True:
                    attempt(os.unlink, '.keys.lock')
                    attempt(os.symlink, sys.argv[2], '.keys.lock')
                    attempt(os.unlink, '.keys.lock')
                    for name in os.listdir('.'):
                        if name.endswith('.new'):
                            attempt(os.unlink, name)
                            attempt(os.symlink, sys.argv[2], name)
                """, theirs.toString(), secret.toString())).inheritIO().start();
        try {
            Awaitility.await().until(() -> Files.exists(theirs.resolve("racing")));
            for (int race = 0; race < RACES; race++) {
                String[] command = race % 2 == 0 ? new String[] {"authorize", publicLine("bob" + race)}
                        : new String[] {"keys", "revoke", "ann"};
                List<String> line = new ArrayList<>(List.of(command));
                line.addAll(List.of("--authorized-keys", keys.toString()));
                assertEquals(2, terminal.run(line.toArray(String[]::new)), terminal.err());
                assertTrue(terminal.err().contains("its folder " + theirs + " belongs to nobody"), terminal.err());
                assertEquals("root", OtherUser.ownerOf(secret));
            }
        } finally {
            racer.destroyForcibly();
            assertTrue(racer.waitFor(60, TimeUnit.SECONDS));
        }
        assertEquals("root's", Files.readString(secret));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)));
    }

    /// Issue 13.14: for each file that decides who is trusted, or holds a secret.
    @ParameterizedTest
    @ValueSource(strings = {"authorize LINE --authorized-keys shared/f", "keys list --authorized-keys shared/f",
            "keys revoke ann --authorized-keys shared/f", "keygen identity shared/f", "keygen shared shared/f",
            "ping --identity shared/f --host-key c966-v3ga-1wme-9ehd-r5xx-c1vy-p2f3-drmt", "ping --shared-key shared/f",
            "ping --config shared/f", "serve --port 0 --data shared", "serve --port 0 --data shared/d",
            "serve --port 0 --engine memory --identity shared/f", "serve --port 0 --engine memory --authorized-keys shared/f",
            "serve --check --data shared", "store check --data shared", "store stats --data shared",
            "store restore f --data shared"})
    void refusesAFolderThatEverybodyCanWriteAndNamesIt(String line) throws IOException {
        Path shared = Files.createDirectory(folder.resolve("shared"));
        mode(shared, 0777);
        if (line.contains("keygen")) {
            assertRefused(line, shared);
        } else {
            Path file = shared.resolve("f");
            Files.writeString(file, line.contains("config") ? "server:\n" : "");
            mode(file, 0600);
            assertRefused(line, shared);
        }
        assertTrue(names(shared).stream().allMatch("f"::equals), names(shared)::toString);
    }

    private void assertRefused(String line, Path shared) {
        String[] words = Stream.of(line.split(" ")).map(word -> word.equals("LINE") ? publicLine("bob") : word).toArray(String[]::new);
        assertEquals(2, terminal.run(words), terminal.out() + terminal.err());
        assertEquals(1, terminal.err().lines().filter(each -> each.contains("run chmod go-w " + shared)).count(), terminal.err());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    /// Issue 13.14: the same for who owns them, of known hosts too.
    @Test
    void refusesFilesOfAnotherUser() throws IOException {
        OtherUser.assume();
        assertEquals(0, terminal.run("keygen", "identity"));
        Path hosts = OtherUser.own(Files.createFile(folder.resolve("hosts")));
        terminal.environment.put("CIPHERLINK_CLIENT_KNOWN_HOSTS", hosts.toString());
        assertTrue(terminal.run("ping", "--accept-new-host-key") != 0);
        Path key = folder.resolve("home/.config/cipherlink/identity");
        OtherUser.own(key);
        assertEquals(2, terminal.run("ping"));
        assertEquals("cipherlink: cannot use identity " + key
                + ": it belongs to nobody, who can change it: run this as nobody, or use one of your own\n", terminal.err());
        Path keys = OtherUser.own(Files.createFile(folder.resolve("keys")));
        assertEquals(2, terminal.run("authorize", publicLine("bob"), "--authorized-keys", keys.toString()));
        assertTrue(terminal.err().contains("it belongs to nobody"), terminal.err());
        assertEquals(0, Files.size(keys));
    }

    /// Issue 13.14: under umask 000 the data folder had mode 0777, and so had the state folder.
    @Test
    void filesHaveTheirFinalModeUnderAnyUmask() throws Exception {
        var command = new ArrayList<>(List.of("sh", "-c", "umask 000 && exec \"$0\" \"$@\""));
        command.addAll(JavaProgram.command(folder, List.of(), Main.class, "serve", "--port", "0", "--clients", "any"));
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_") || name.startsWith("XDG_"));
        builder.environment().put("HOME", folder.resolve("home").toString());
        Process serve = builder.start();
        try (var lines = serve.inputReader()) {
            String[] ready = lines.readLine().split(" ");
            assertEquals(0, terminal.run("kv", "-s", ready[2], "--host-key", ready[4], "SET", "a", "1"), terminal.err());
        } finally {
            serve.destroy();
            assertTrue(serve.waitFor(60, TimeUnit.SECONDS));
        }
        Path database = folder.resolve("home/.local/share/cipherlink/store/db");
        try (Stream<Path> all = Files.walk(folder.resolve("home"))) {
            List<String> open = all.filter(path -> !path.getParent().equals(database)).filter(TrustedFilesIT::isOpen)
                    .map(Path::toString).toList();
            assertEquals(List.of(), open);
        }
        assertTrue(Files.exists(database.resolve("CURRENT")), "there was a store");
        assertTrue(Files.exists(folder.resolve("home/.local/share/cipherlink/enrolled_keys")), "a client was let in");
    }

    /// No decision rests on the record of used keys.
    @Test
    void aServerStartsWithoutARecordOfUsedKeysThatOthersCanWrite() throws Exception {
        Path data = Files.createDirectories(folder.resolve("home/.local/share/cipherlink"));
        Path used = Files.writeString(data.resolve("used_keys"), "");
        mode(used, 0666);
        Path log = folder.resolve("log");
        var builder = new ProcessBuilder(JavaProgram.command(folder, List.of(), Main.class, "serve", "--port", "0"))
                .directory(folder.toFile()).redirectError(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_") || name.startsWith("XDG_"));
        builder.environment().put("HOME", folder.resolve("home").toString());
        Process serve = builder.start();
        try (var lines = serve.inputReader()) {
            String ready = lines.readLine();
            assertTrue(ready != null && ready.startsWith("listening on "), Files.readString(log));
        } finally {
            serve.destroy();
            assertTrue(serve.waitFor(60, TimeUnit.SECONDS));
        }
        assertTrue(Files.readString(log).contains("it is not recorded when keys are used: "), Files.readString(log));
        assertEquals(0, Files.size(used));
    }

    private static boolean isOpen(Path path) {
        try {
            return Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS).stream()
                    .anyMatch(permission -> !permission.name().startsWith("OWNER_"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String sources() {
        assertEquals(0, terminal.run("config", "show"), terminal.err());
        return terminal.out().lines().filter(line -> line.startsWith("# ")).findFirst().orElseThrow();
    }

    /// Issue 13.15: whose file `./cipherlink.yaml` is.
    @Test
    void readsTheWorkingFolderOnlyIfNobodyElseCanWriteThere() throws IOException {
        Path file = Files.writeString(folder.resolve("cipherlink.yaml"), "server:\n  port: 9\n");
        assertEquals("# ./cipherlink.yaml: read", sources());
        assertTrue(terminal.out().contains(" 9                    ./cipherlink.yaml:2\n"), terminal.out());
        for (int open : new int[] {0777, 01777, 0770}) {
            mode(folder, open);
            assertPassedOver("others can write it (mode " + String.format("%04o", open) + "): run chmod go-w " + folder);
        }
        mode(folder, 0700);
        mode(file, 0666);
        assertPassedOver("others can write it (mode 0666): run chmod go-w " + file);
        mode(file, 0644);
        assertEquals("# ./cipherlink.yaml: read", sources());
    }

    private void assertPassedOver(String why) {
        assertEquals("# ./cipherlink.yaml: passed over: " + why, sources());
        assertTrue(terminal.out().contains(" 8888                 default\n"), terminal.out());
        assertEquals("cipherlink: ./cipherlink.yaml is passed over: " + why + "\n", terminal.err());
        assertEquals(0, terminal.run("config", "show", "--json", "-q"));
        assertTrue(terminal.out().contains("{\"source\":\"./cipherlink.yaml\",\"outcome\":\"passed over\",\"why\":\"" + why + "\"}\n"),
                terminal.out());
        assertEquals("", terminal.err());
    }

    /// Issue 13.15.
    @Test
    void passesOverAFileOfAnotherUserInTheWorkingFolder() throws IOException {
        OtherUser.assume();
        Path file = OtherUser.own(Files.writeString(folder.resolve("cipherlink.yaml"), "server:\n  port: 9\n"));
        assertPassedOver("it belongs to nobody, who can change it: run this as nobody, or use one of your own");
        assertEquals(2, terminal.run("config", "show", "--config", file.toString()));
        assertTrue(terminal.err().contains("it belongs to nobody"), terminal.err());
        Files.delete(file);
        Files.writeString(file, "server:\n  port: 9\n");
        OtherUser.own(folder);
        assertPassedOver("it belongs to nobody, who can change it: run this as nobody, or use one of your own");
    }

    /// Issue 13.15: a checkout or an archive that somebody is given is their own in the end.
    @ParameterizedTest
    @ValueSource(strings = {"client.server: evil.example:1", "client.host-key: c966-v3ga-1wme-9ehd-r5xx-c1vy-p2f3-drmt",
            "client.known-hosts: h", "client.identity: i", "client.shared-key: k", "history.file: ../.bashrc", "server.data: d",
            "server.identity: i", "server.shared-key: k", "server.authorized-keys: a", "server.clients: any",
            "forward.allow: '*:*'", "client.suites: classic", "server.suites: classic"})
    void aFileInTheWorkingFolderDecidesNeitherTrustNorEncryptionNorFiles(String setting) throws IOException {
        String key = setting.substring(0, setting.indexOf(':'));
        Files.writeString(folder.resolve("cipherlink.yaml"), "# mine\n" + setting + "\nclient.window: 7\n");
        Path better = folder.resolve("home/.config/cipherlink/cipherlink.yaml");
        String problem = key + ": ./cipherlink.yaml:2 may not set it, since a file in the working folder decides neither whom to trust, "
                + "nor how connections are encrypted, nor which files are used; put it into " + better + ", or name this file with --config";
        assertEquals(2, terminal.run("config", "show"));
        assertTrue(terminal.err().contains("cipherlink: wrong configuration: " + problem), terminal.err());
        String shown = terminal.out().lines().filter(line -> line.startsWith(key + " ")).findFirst().orElseThrow();
        assertFalse(shown.contains("cipherlink.yaml"), shown);
        for (String[] command : new String[][] {{"kv", "SET", "api-token", "x"}, {"chat"}, {"serve"}, {"ping"}}) {
            assertEquals(2, terminal.run(command), terminal.err());
            assertTrue(terminal.err().contains(problem), terminal.err());
        }
        assertEquals(0, terminal.run("config", "show", "--config", "cipherlink.yaml"), terminal.err());
        Files.createDirectories(better.getParent());
        Files.move(folder.resolve("cipherlink.yaml"), better);
        assertEquals(0, terminal.run("config", "show"), terminal.err());
    }
}
