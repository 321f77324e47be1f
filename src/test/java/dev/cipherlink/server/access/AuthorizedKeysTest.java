package dev.cipherlink.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.server.access.AuthorizedKeys.Reload;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuthorizedKeysTest {

    @TempDir
    Path folder;
    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("authorized-keys");
    }

    @Test
    void findsKeysByKeyAndByName() throws IOException {
        AuthorizedKeys keys = load("# people", "", line(1, "ann") + " operator", "\t" + line(2, "bob") + "\r",
                line(3, "carl") + " forward=db.local:5432,[::1]:80 operator");

        assertEquals(new AuthorizedKey("ann", key(1), List.of("operator")), keys.find(key(1)).orElseThrow());
        assertTrue(keys.find(key(1)).orElseThrow().rights().isOperator());
        assertFalse(keys.find(key(2)).orElseThrow().rights().isOperator());
        assertEquals(List.of("forward=db.local:5432,[::1]:80", "operator"), keys.find("CARL").orElseThrow().options());
        assertTrue(keys.find(key(4)).isEmpty());
        assertEquals(List.of("ann", "bob", "carl"), keys.list().stream().map(AuthorizedKey::name).toList());
    }

    @Test
    void letsInTheListedByTheirNamesAndNobodyElse() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann") + " operator");

        assertEquals(new ClientIdentity("ann", Optional.of(key(1)), true), keys.identify(key(1)).orElseThrow());
        assertTrue(keys.admits(key(1)));
        assertFalse(keys.admits(key(2)));
        assertTrue(keys.identify(key(2)).isEmpty());
    }

    @Test
    void aMissingFileIsEmpty() throws IOException {
        assertEquals(List.of(), AuthorizedKeys.load(file).list());
    }

    @ParameterizedTest
    @CsvSource({
        "ssh-ed25519 KEY dora, begins with cipherlink-x25519",
        "cipherlink-x25519, the key and the name are missing",
        "cipherlink-x25519 KEY, the name is missing",
        "cipherlink-x25519 MARKER dora, bad base64",
        "cipherlink-x25519 KEY -dora, bad name",
        "cipherlink-x25519 KEY döra, bad name",
        "cipherlink-x25519 KEY abcdefghijklmnopqrstuvwxyz1234567, bad name",
        "cipherlink-x25519 KEY dora admin, unknown option",
        "cipherlink-x25519 KEY dora Operator, unknown option",
        "cipherlink-x25519 KEY dora forward=, unknown option",
        "cipherlink-x25519 KEY dora # a friend, unknown option",
        "cipherlink-x25519 KEY Ann, duplicate name",
        "cipherlink-x25519 ANNSKEY dora, duplicate key: ann has it already"})
    void saysInWhichLineWhatIsWrong(String line, String reason) throws IOException {
        String wrong = line.replace("ANNSKEY", PublicKeyLine.encodeKey(key(1))).replace("KEY", PublicKeyLine.encodeKey(key(9)));
        var refusal = assertThrows(KeyLineException.class, () -> load("# people", line(1, "ann"), wrong, line(2, "bob")));

        assertTrue(refusal.getMessage().startsWith(file + ":3: "), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
        assertFalse(refusal.getMessage().contains("MARKER"), refusal.getMessage());
        assertEquals(3, refusal.line());
    }

    /// Damages good lines at random: either they are read, or the line is named, and nothing else happens.
    @Test
    void survivesDamagedLines() {
        var random = new Random(76);
        String good = line(1, "ann") + " operator forward=a:1";
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            var line = new StringBuilder(good);
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                line.setCharAt(random.nextInt(line.length()), (char) random.nextInt(256));
            }
            line.setLength(random.nextInt(line.length() + 1));
            try {
                assertTrue(KeySet.parse(file, List.of("#", line.toString())).keys().size() <= 1);
            } catch (KeyLineException e) {
                assertEquals(2, e.line());
                refused++;
            }
        }
        assertTrue(refused > 10_000, () -> "of 20,000 damaged lines many must be refused");
    }

    @Test
    void addsAtTheEndAndKeepsTheRest() throws IOException {
        AuthorizedKeys keys = load("# people", line(1, "ann"), "", "# end");

        assertTrue(keys.add(new AuthorizedKey("bob", key(2), List.of("operator", "forward=a:1"))));

        assertEquals(List.of("# people", line(1, "ann"), "", "# end", line(2, "bob") + " operator forward=a:1"),
                Files.readAllLines(file));
        assertEquals("bob", keys.find(key(2)).orElseThrow().name());
    }

    @Test
    void addingTheSameTwiceChangesNothing() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann"));
        assertFalse(keys.add(new AuthorizedKey("ann", key(1), List.of())));
        assertEquals(List.of(line(1, "ann")), Files.readAllLines(file));
    }

    @Test
    void refusesATakenNameAndATakenKey() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann"));

        assertThrows(IOException.class, () -> keys.add(new AuthorizedKey("Ann", key(2), List.of())));
        assertThrows(IOException.class, () -> keys.add(new AuthorizedKey("anna", key(1), List.of())));
        assertThrows(IOException.class, () -> keys.add(new AuthorizedKey("ann", key(1), List.of("operator"))));
        assertEquals(List.of(line(1, "ann")), Files.readAllLines(file));
    }

    @Test
    void removesByNameAndKeepsTheRest() throws IOException {
        AuthorizedKeys keys = load("# ann's laptop", line(1, "ann"), "", line(2, "bob"));

        assertEquals(key(1), keys.remove("ann").orElseThrow().key());

        assertEquals(List.of("# ann's laptop", "", line(2, "bob")), Files.readAllLines(file));
        assertFalse(keys.admits(key(1)));
        assertTrue(keys.remove("ann").isEmpty());
    }

    @Test
    void changesNothingInABrokenFile() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann"));
        Files.writeString(file, line(1, "ann") + "\noops\n");

        assertThrows(KeyLineException.class, () -> keys.add(new AuthorizedKey("bob", key(2), List.of())));
        assertThrows(KeyLineException.class, () -> keys.remove("ann"));
        assertEquals(List.of(line(1, "ann"), "oops"), Files.readAllLines(file));
    }

    @Test
    void ofManyAddedAtOnceNoneIsLost() throws Exception {
        var additions = new ArrayList<Callable<Boolean>>();
        for (int i = 1; i <= 40; i++) {
            var added = new AuthorizedKey("user" + i, key(i), List.of());
            // Each as another process would do it.
            additions.add(() -> AuthorizedKeys.load(file).add(added));
        }
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (var addition : threads.invokeAll(additions)) {
                assertTrue(addition.get());
            }
        }
        AuthorizedKeys keys = AuthorizedKeys.load(file);
        for (int i = 1; i <= 40; i++) {
            assertEquals("user" + i, keys.find(key(i)).orElseThrow().name());
        }
    }

    @Test
    void takesUpAReplacedFileAtOnce() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann"));
        assertInstanceOf(Reload.Unchanged.class, keys.reloadIfChanged());

        replace(line(2, "bob"));

        assertInstanceOf(Reload.Changed.class, keys.reloadIfChanged());
        assertFalse(keys.admits(key(1)));
        assertTrue(keys.admits(key(2)));
        assertInstanceOf(Reload.Unchanged.class, keys.reloadIfChanged());
    }

    @Test
    void takesUpWhatAnotherProcessAuthorizedAndRevoked() throws IOException {
        AuthorizedKeys server = AuthorizedKeys.load(file);
        AuthorizedKeys.load(file).add(new AuthorizedKey("ann", key(1), List.of()));
        assertTrue(server.refresh());
        assertTrue(server.admits(key(1)));

        AuthorizedKeys.load(file).remove("ann");
        assertTrue(server.refresh());
        assertFalse(server.admits(key(1)));
        assertFalse(server.refresh());
    }

    @Test
    void aFileWrittenInPlaceMustHoldStillBeforeItCounts() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann"));
        // The file as an editor leaves it for a moment before it writes.
        Files.writeString(file, "");
        assertInstanceOf(Reload.Unchanged.class, keys.reloadIfChanged());
        assertTrue(keys.admits(key(1)));

        Files.writeString(file, line(1, "ann") + "\n" + line(2, "bob") + "\n");
        assertInstanceOf(Reload.Unchanged.class, keys.reloadIfChanged());
        assertInstanceOf(Reload.Changed.class, keys.reloadIfChanged());
        assertTrue(keys.admits(key(2)));

        Files.writeString(file, "");
        keys.reloadIfChanged();
        assertInstanceOf(Reload.Changed.class, keys.reloadIfChanged());
        assertEquals(List.of(), keys.list());
    }

    @Test
    void aBrokenEditKeepsTheOldSetAndIsToldOnce() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann"));
        replace(line(1, "ann"), line(2, "bob") + " admin");

        var kept = assertInstanceOf(Reload.Kept.class, keys.reloadIfChanged());
        assertTrue(kept.problem().startsWith(file + ":2: unknown option"), kept.problem());
        assertInstanceOf(Reload.Unchanged.class, keys.reloadIfChanged());
        assertEquals(List.of("ann"), keys.list().stream().map(AuthorizedKey::name).toList());

        replace(line(2, "bob") + " admin");
        assertInstanceOf(Reload.Kept.class, keys.reloadIfChanged());
        replace(line(2, "bob"));
        assertInstanceOf(Reload.Changed.class, keys.reloadIfChanged());
    }

    @Test
    void aVanishedFileKeepsTheOldSetAndIsToldOnce() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann"));
        Files.delete(file);

        var kept = assertInstanceOf(Reload.Kept.class, keys.reloadIfChanged());
        assertEquals(file + ": the file is gone", kept.problem());
        assertInstanceOf(Reload.Unchanged.class, keys.reloadIfChanged());
        assertTrue(keys.admits(key(1)));

        replace(line(1, "ann"));
        assertInstanceOf(Reload.Unchanged.class, keys.reloadIfChanged());
        Files.delete(file);
        assertInstanceOf(Reload.Kept.class, keys.reloadIfChanged());
    }

    @Test
    void aFileThatOthersMayWriteKeepsTheOldSet() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann"));
        replace(line(2, "mallory"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));

        var kept = assertInstanceOf(Reload.Kept.class, keys.reloadIfChanged());
        assertTrue(kept.problem().contains("chmod go-w"), kept.problem());
        assertFalse(keys.admits(key(2)));
    }

    @Test
    void aChangedCommentIsNoChange() throws IOException {
        AuthorizedKeys keys = load(line(1, "ann"));
        replace("# our people", line(1, "ann"));
        assertInstanceOf(Reload.Unchanged.class, keys.reloadIfChanged());
    }

    private AuthorizedKeys load(String... lines) throws IOException {
        Files.write(file, List.of(lines));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        return AuthorizedKeys.load(file);
    }

    private void replace(String... lines) throws IOException {
        Path next = Files.write(folder.resolve("next"), List.of(lines));
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-r--r--"));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    static PublicKey key(int number) {
        byte[] bytes = new byte[PublicKey.BYTES];
        bytes[0] = (byte) number;
        bytes[1] = (byte) (number >> 8);
        return PublicKey.of(bytes);
    }

    static String line(int number, String name) {
        return new PublicKeyLine(key(number), name).encode();
    }
}
