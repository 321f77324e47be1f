package dev.cipherlink.crypto;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.crypto.IdentityFile.WrongPassphraseException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityTest {

    /// 32 bytes that are easy to find where they must not be.
    private static final String MARKER = "MARKER-SECRET-OF-32-BYTES-LENGTH";
    private static final String MARKER_BASE64 = Base64.getEncoder().encodeToString(MARKER.getBytes(US_ASCII));
    /// The public key of the secret 00 01 .. 1f, computed by another implementation of X25519.
    private static final String COUNTING_PUBLIC = "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8=";
    /// The secret 00 01 .. 1f under the passphrase below, made with PyNaCl.
    private static final String COUNTING_ENCRYPTED = """
            cipherlink-identity 1 argon2id 1 8192 AAECAwQFBgcICQoLDA0ODw==
            AAECAwQFBgcICQoLDA0ODxAREhMUFRYXAN+1x8ho0oQKHu0vqjE6g54NJjS8M4DFcKuQDwmZ/dyBSI0rNX2jDkMTJjcXplap
            """;
    private static final String COUNTING_PASSPHRASE = "p\u00e4sswort \u20ac";

    @TempDir
    Path folder;
    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("identity");
    }

    @Test
    void aSavedIdentityIsTheSameAfterLoading() throws IOException {
        try (var identity = Identity.generate()) {
            identity.save(file, null, false);
            try (var loaded = Identity.load(file, PassphraseSource.none())) {
                assertEquals(identity.publicKey(), loaded.publicKey());
                assertArrayEquals(identity.keyPair().secretCopy(), loaded.keyPair().secretCopy());
            }
        }
        assertFalse(Identity.isEncrypted(file));
    }

    @Test
    void aPassphraseIsNeededIfThereIsOne() throws IOException {
        try (var identity = Identity.generate()) {
            char[] passphrase = "correct horse".toCharArray();
            identity.save(file, passphrase, false);

            assertTrue(Identity.isEncrypted(file));
            assertEquals("correct horse", new String(passphrase));
            try (var loaded = Identity.load(file, ignored -> "correct horse".toCharArray())) {
                assertEquals(identity.publicKey(), loaded.publicKey());
            }
            assertThrows(WrongPassphraseException.class, () -> Identity.load(file, ignored -> "correct hors".toCharArray()));
            assertThrows(WrongPassphraseException.class, () -> Identity.load(file, ignored -> new char[0]));
            var refusal = assertThrows(IOException.class, () -> Identity.load(file, PassphraseSource.none()));
            assertTrue(refusal.getMessage().contains("passphrase"), refusal.getMessage());
        }
    }

    @Test
    void readsAFileThatAnotherProgramEncrypted() throws IOException {
        write(COUNTING_ENCRYPTED);
        try (var loaded = Identity.load(file, ignored -> COUNTING_PASSPHRASE.toCharArray())) {
            assertEquals(COUNTING_PUBLIC, PublicKeyLine.encodeKey(loaded.publicKey()));
        }
    }

    @Test
    void theFileSaysHowItWasEncryptedAndEachTimeOtherwise() throws IOException {
        try (var identity = Identity.generate()) {
            var contents = new HashSet<String>();
            for (int i = 0; i < 3; i++) {
                identity.save(file, "p".toCharArray(), true);
                contents.add(Files.readString(file));
            }
            assertEquals(3, contents.size());
            assertTrue(contents.iterator().next().startsWith("cipherlink-identity 1 argon2id 2 67108864 "));
        }
    }

    @Test
    void wipesThePassphraseItWasGiven() throws IOException {
        write(COUNTING_ENCRYPTED);
        char[] right = COUNTING_PASSPHRASE.toCharArray();
        char[] wrong = "wrong".toCharArray();
        Identity.load(file, ignored -> right).close();
        assertThrows(WrongPassphraseException.class, () -> Identity.load(file, ignored -> wrong));

        assertArrayEquals(new char[right.length], right);
        assertArrayEquals(new char[wrong.length], wrong);
    }

    @Test
    void refusesAnEmptyPassphrase() {
        try (var identity = Identity.generate()) {
            assertThrows(IllegalArgumentException.class, () -> identity.save(file, new char[0], false));
        }
        assertFalse(Files.exists(file));
    }

    @Test
    void everyFlippedBitOfAnEncryptedKeyIsNoticed() throws IOException {
        byte[] content = COUNTING_ENCRYPTED.getBytes(US_ASCII);
        int body = COUNTING_ENCRYPTED.indexOf('\n') + 1;
        for (int i = body; i < content.length; i++) {
            byte[] damaged = content.clone();
            damaged[i] ^= 1;
            write(damaged);
            assertThrows(IOException.class, () -> Identity.load(file, ignored -> COUNTING_PASSPHRASE.toCharArray()));
        }
    }

    @Test
    void refusesAFileCutAnywhere() throws IOException {
        for (String whole : List.of(COUNTING_ENCRYPTED, plainMarker())) {
            // The last line end may be missing; the file is complete without it.
            for (int length = 0; length < whole.length() - 1; length++) {
                write(whole.substring(0, length));
                assertThrows(IOException.class, () -> Identity.load(file, ignored -> COUNTING_PASSPHRASE.toCharArray()));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "argon2id 17 8192 AAECAwQFBgcICQoLDA0ODw==",
        "argon2id 9223372036854775808 8192 AAECAwQFBgcICQoLDA0ODw==",
        "argon2id 0 8192 AAECAwQFBgcICQoLDA0ODw==",
        "argon2id -1 8192 AAECAwQFBgcICQoLDA0ODw==",
        "argon2id 1 8191 AAECAwQFBgcICQoLDA0ODw==",
        "argon2id 1 1073741825 AAECAwQFBgcICQoLDA0ODw==",
        "argon2id 1 8192 AAECAwQFBgcICQoLDA0O",
        "argon2id 1 8192 *",
        "argon2id 1 8192",
        "argon2id 1 8192 AAECAwQFBgcICQoLDA0ODw== more",
        "argon2i 1 8192 AAECAwQFBgcICQoLDA0ODw==",
        "plain more",
        ""})
    void refusesAHeaderBeforeItAsksForThePassphrase(String parameters) throws IOException {
        write(COUNTING_ENCRYPTED.replace("argon2id 1 8192 AAECAwQFBgcICQoLDA0ODw==", parameters));

        var refusal = assertThrows(IOException.class, () -> Identity.load(file, ignored -> {
            throw new AssertionError("asked for a passphrase");
        }));
        assertTrue(refusal.getMessage().startsWith(file + ": the first line"), refusal.getMessage());
    }

    @Test
    void neverTellsTheSecret() throws IOException {
        var said = new ArrayList<String>();
        for (String content : List.of(MARKER, MARKER + "\n", MARKER_BASE64, plainMarker() + MARKER_BASE64,
                plainMarker().replace("=", "*"), plainMarker().replace("plain", MARKER_BASE64),
                plainMarker().replace("plain", "argon2id 1 " + MARKER_BASE64 + " " + MARKER_BASE64))) {
            write(content);
            var refusal = assertThrows(IOException.class, () -> Identity.load(file, PassphraseSource.none()));
            for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
                said.add(cause.toString());
            }
        }
        write(plainMarker());
        try (var identity = Identity.load(file, PassphraseSource.none())) {
            said.add(identity.toString());
            said.add(identity.keyPair().toString());
            said.add(assertThrows(IOException.class, () -> identity.save(file, null, false)).toString());
        }
        for (String text : said) {
            assertFalse(text.contains("MARKER") || text.contains(MARKER_BASE64.substring(0, 6)), text);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "rw----r--", "rw--w----", "rwx------", "rw-r-----"})
    void refusesAFileThatOthersMayReadOrWrite(String mode) throws IOException {
        write(plainMarker());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));

        for (var access : List.<Callable<?>>of(() -> Identity.load(file, PassphraseSource.none()),
                () -> Identity.isEncrypted(file))) {
            var refusal = assertThrows(IOException.class, access::call);
            assertTrue(refusal.getMessage().contains("chmod 600 " + file), refusal.getMessage());
        }
    }

    @Test
    void refusesLinksFoldersAndLargeFiles() throws IOException {
        write(plainMarker());
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        Path large = folder.resolve("large");
        Files.write(large, new byte[IdentityFile.MAX_BYTES + 1]);
        Files.setPosixFilePermissions(large, PosixFilePermissions.fromString("rw-------"));

        for (Path refused : List.of(link, folder, large, folder.resolve("missing"))) {
            assertThrows(IOException.class, () -> Identity.load(refused, PassphraseSource.none()), refused.toString());
        }
    }

    @Test
    void savesWithMode0600InFoldersWithMode0700() throws IOException {
        Path deep = folder.resolve("a/b/identity");
        try (var identity = Identity.generate()) {
            identity.save(deep, null, false);
        }
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(deep)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("a"))));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(deep.getParent())));
        assertEquals(List.of("identity"), names(deep.getParent()));
    }

    @Test
    void replacesAFileOnlyIfToldTo() throws IOException {
        try (var first = Identity.generate(); var second = Identity.generate()) {
            first.save(file, null, false);
            var refusal = assertThrows(FileAlreadyExistsException.class, () -> second.save(file, null, false));
            assertTrue(refusal.getMessage().contains("choose another name"), refusal.getMessage());
            assertEquals(first.publicKey(), publicKeyInFile());

            second.save(file, null, true);
            assertEquals(second.publicKey(), publicKeyInFile());
        }
        assertEquals(List.of("identity"), names(folder));
    }

    @Test
    void makesAnIdentityOnFirstUseOnly() throws IOException {
        var created = new ArrayList<PublicKey>();
        try (var first = Identity.loadOrCreate(file, PassphraseSource.none(), made -> created.add(made.publicKey()));
                var second = Identity.loadOrCreate(file, PassphraseSource.none(), made -> created.add(made.publicKey()))) {
            assertEquals(first.publicKey(), second.publicKey());
            assertEquals(List.of(first.publicKey()), created);
        }
    }

    @Test
    void doesNotWriteThroughADanglingLink() throws IOException {
        Path link = Files.createSymbolicLink(file, folder.resolve("elsewhere"));
        assertThrows(IOException.class, () -> Identity.loadOrCreate(link, PassphraseSource.none(), made -> { }));
        assertFalse(Files.exists(folder.resolve("elsewhere")));
    }

    @Test
    void manyFirstUsesAtOnceAgreeOnOneIdentity() throws Exception {
        var created = new ConcurrentLinkedQueue<PublicKey>();
        var keys = new HashSet<PublicKey>();
        try (var threads = Executors.newFixedThreadPool(8)) {
            Callable<PublicKey> firstUse = () -> {
                try (var identity = Identity.loadOrCreate(file, PassphraseSource.none(),
                        made -> created.add(made.publicKey()))) {
                    return identity.publicKey();
                }
            };
            for (var result : threads.invokeAll(Collections.nCopies(32, firstUse))) {
                keys.add(result.get());
            }
        }
        assertEquals(Set.copyOf(created), keys);
        assertEquals(1, created.size());
    }

    @Test
    void givesNoSecretOnceClosed() {
        var identity = Identity.generate();
        PublicKey key = identity.publicKey();
        identity.close();
        identity.close();

        assertThrows(IllegalStateException.class, () -> identity.save(file, null, false));
        assertEquals(key, identity.publicKey());
    }

    @Test
    void derivesNothingFromArraysOfAnotherLength() {
        byte[] key = new byte[32];
        byte[] salt = new byte[16];
        assertThrows(IllegalArgumentException.class, () -> Sodium.deriveFromPassword(new byte[31], key, salt, 1, 8192));
        assertThrows(IllegalArgumentException.class, () -> Sodium.deriveFromPassword(key, key, new byte[15], 1, 8192));
        assertThrows(IllegalArgumentException.class, () -> Sodium.deriveFromPassword(key, key, salt, 0, 8192));
        assertThrows(IllegalArgumentException.class, () -> Sodium.deriveFromPassword(key, key, salt, 1L << 31, 8192));
        assertThrows(IllegalArgumentException.class, () -> Sodium.deriveFromPassword(key, key, salt, 1, 8191));
        assertThrows(IllegalArgumentException.class, () -> Sodium.deriveFromPassword(key, key, salt, 1, 1L << 31));
        assertTrue(Sodium.deriveFromPassword(key, new byte[0], salt, 1, 8192));
        assertFalse(Arrays.equals(new byte[32], key));
    }

    private static String plainMarker() {
        return "cipherlink-identity 1 plain\n" + MARKER_BASE64 + "\n";
    }

    private PublicKey publicKeyInFile() throws IOException {
        try (var loaded = Identity.load(file, PassphraseSource.none())) {
            return loaded.publicKey();
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).toList();
        }
    }

    private void write(String content) throws IOException {
        write(content.getBytes(ISO_8859_1));
    }

    private void write(byte[] content) throws IOException {
        Files.write(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
}
