package dev.cipherlink.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.AuthenticationException.HostKeyException;
import dev.cipherlink.client.KnownHosts.Lookup;
import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownHostsTest {

    @TempDir
    Path folder;
    private Path file;
    private KnownHosts hosts;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("state/known_hosts");
        hosts = new KnownHosts(file);
    }

    @Test
    void aServerIsNewThenKnownThenChanged() throws IOException {
        assertEquals(new Lookup.Unknown(List.of()), hosts.lookup("example.org", 8888, key(1)));

        assertTrue(hosts.add("example.org", 8888, key(1)));

        assertEquals(new Lookup.Known(false), hosts.lookup("example.org", 8888, key(1)));
        var changed = assertInstanceOf(Lookup.Changed.class, hosts.lookup("example.org", 8888, key(2)));
        assertEquals(file, changed.file());
        assertEquals(1, changed.line());
        assertEquals(key(1).fingerprint(), changed.stored());
        assertFalse(Instant.parse(changed.firstSeen()).isAfter(Instant.now()));
    }

    private List<String> keysOf(String name) throws IOException {
        return hosts.list().stream().filter(host -> host.name().equals(name))
                .map(host -> host.key().fingerprint() + (host.isNext() ? " next" : "")).toList();
    }

    @Test
    void anAnnouncedKeyStandsBesideThePresentOneUntilItTakesItsPlace() throws IOException {
        hosts.setNext("example.org", 8888, Optional.of(key(2)));
        assertFalse(Files.exists(file), "a server that is not known stays so");
        hosts.add("example.org", 8888, key(1));
        hosts.add("other.org", 8888, key(1));
        hosts.setNext("example.org", 8888, Optional.of(key(2)));
        hosts.setNext("example.org", 8888, Optional.of(key(3)));
        hosts.setNext("example.org", 8888, Optional.of(key(3)));
        assertEquals(List.of(key(1).fingerprint().toString(), key(3).fingerprint() + " next"), keysOf("example.org:8888"));
        assertEquals(new Lookup.Known(true), hosts.lookup("example.org", 8888, key(3)));
        assertInstanceOf(Lookup.Changed.class, hosts.lookup("example.org", 8888, key(2)));
        assertInstanceOf(Lookup.Changed.class, hosts.lookup("other.org", 8888, key(3)), "of that server only");

        hosts.succeed("example.org", 8888, key(3));
        assertEquals(List.of(key(3).fingerprint().toString()), keysOf("example.org:8888"));
        assertEquals(1, keysOf("other.org:8888").size());
        var changed = assertInstanceOf(Lookup.Changed.class, hosts.lookup("example.org", 8888, key(1)));
        assertEquals(key(3).fingerprint(), changed.stored());
        hosts.setNext("example.org", 8888, Optional.of(key(3)));
        assertEquals(1, keysOf("example.org:8888").size(), "the present key is no next one");
        hosts.setNext("example.org", 8888, Optional.of(key(4)));
        hosts.setNext("example.org", 8888, Optional.empty());
        assertEquals(1, keysOf("example.org:8888").size());
    }

    @Test
    void writesOneLineAServerIntoAFileForItsOwnerOnly() throws IOException {
        hosts.add("Example.org", 8888, key(1));
        hosts.add("::1", 9000, key(2));

        List<String> lines = Files.readAllLines(file);
        assertTrue(lines.get(0).startsWith("example.org:8888 cipherlink-x25519 " + PublicKeyLine.encodeKey(key(1)) + " 2"));
        assertTrue(lines.get(1).startsWith("[::1]:9000 cipherlink-x25519 "));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())));
    }

    @Test
    void theNameIsTheHostAsTypedAndAlwaysThePort() throws IOException {
        hosts.add("example.org", 8888, key(1));

        assertInstanceOf(Lookup.Known.class, hosts.lookup("EXAMPLE.org", 8888, key(1)));
        assertInstanceOf(Lookup.Unknown.class, hosts.lookup("example.org", 8889, key(1)));
        assertInstanceOf(Lookup.Unknown.class, hosts.lookup("www.example.org", 8888, key(2)));
        assertEquals("[fe80::1]:1", KnownHosts.name("[FE80::1]", 1));
    }

    @Test
    void tellsTheOtherNamesOfAKey() throws IOException {
        hosts.add("a.example", 8888, key(1));
        hosts.add("10.0.0.1", 8888, key(1));
        hosts.add("b.example", 8888, key(2));

        assertEquals(new Lookup.Unknown(List.of("a.example:8888", "10.0.0.1:8888")), hosts.lookup("c.example", 8888, key(1)));
    }

    @Test
    void aServerMayHaveTwoKeys() throws IOException {
        write(line("a.example:8888", 1), line("a.example:8888", 2));

        assertInstanceOf(Lookup.Known.class, hosts.lookup("a.example", 8888, key(1)));
        assertInstanceOf(Lookup.Known.class, hosts.lookup("a.example", 8888, key(2)));
        assertEquals(1, assertInstanceOf(Lookup.Changed.class, hosts.lookup("a.example", 8888, key(3))).line());
    }

    @Test
    void keepsLinesThatItDoesNotUnderstand() throws IOException {
        List<String> strange = List.of("# my servers", "", "a.example:8888 cipherlink-ml-kem AAAA 2030-01-01", "|1|hashed",
                "damaged:1 cipherlink-x25519 AAAA", line("b.example:8888", 2));
        write(strange.toArray(String[]::new));

        hosts.add("a.example", 8888, key(1));

        List<String> lines = Files.readAllLines(file);
        assertEquals(strange, lines.subList(0, strange.size()));
        assertEquals(strange.size() + 1, lines.size());
        assertEquals(strange.size() + 1,
                assertInstanceOf(Lookup.Changed.class, hosts.lookup("a.example", 8888, key(3))).line());
    }

    @Test
    void aDamagedLineOfTheServerItselfIsNoFirstContact() throws IOException {
        for (String damaged : List.of("a.example:8888 cipherlink-x25519 AAAA", "a.example:8888 cipherlink-x25519",
                "a.example:8888")) {
            write("#", damaged);
            var refusal = assertThrows(KeyLineException.class, () -> hosts.lookup("a.example", 8888, key(1)));
            assertTrue(refusal.getMessage().startsWith(file + ":2: "), refusal.getMessage());
            assertThrows(KeyLineException.class, () -> hosts.add("a.example", 8888, key(1)));
        }
    }

    @Test
    void addingTwiceKeepsOneLineAndNeverAnotherKey() throws IOException {
        assertTrue(hosts.add("a.example", 8888, key(1)));
        assertFalse(hosts.add("a.example", 8888, key(1)));
        assertThrows(HostKeyException.class, () -> hosts.add("a.example", 8888, key(2)));
        assertEquals(1, Files.readAllLines(file).size());
    }

    @Test
    void aForgottenServerIsNewAgain() throws IOException {
        write("# mine", line("a.example:8888", 1), line("b.example:8888", 2));

        assertTrue(hosts.forget("a.example", 8888));
        assertFalse(hosts.forget("a.example", 8888));
        assertEquals(List.of("# mine", line("b.example:8888", 2)), Files.readAllLines(file));
        assertInstanceOf(Lookup.Unknown.class, hosts.lookup("a.example", 8888, key(9)));
    }

    @Test
    void refusesAFileThatOthersMayWrite() throws IOException {
        write(line("a.example:8888", 1));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw----"));
        assertThrows(IOException.class, () -> hosts.lookup("a.example", 8888, key(1)));
        assertThrows(IOException.class, () -> hosts.add("b.example", 8888, key(1)));
    }

    @Test
    void ofManyFirstContactsAtOnceEachIsKeptOnce() throws Exception {
        var contacts = new ArrayList<Callable<Boolean>>();
        for (int i = 0; i < 40; i++) {
            int server = i % 20;
            contacts.add(() -> new KnownHosts(file).add("host" + server, 8888, key(server)));
        }
        int added = 0;
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (var contact : threads.invokeAll(contacts)) {
                added += contact.get() ? 1 : 0;
            }
        }
        assertEquals(20, added);
        assertEquals(20, Files.readAllLines(file).size());
    }

    private void write(String... lines) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, List.of(lines));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private static String line(String name, int number) {
        return name + " cipherlink-x25519 " + PublicKeyLine.encodeKey(key(number)) + " 2026-11-21T10:00:00Z";
    }

    static PublicKey key(int number) {
        byte[] bytes = new byte[PublicKey.BYTES];
        bytes[0] = (byte) number;
        return PublicKey.of(bytes);
    }

    @Test
    void theNameOfAServerIsTheSameHoweverItIsWritten() {
        assertEquals("[::1]:8888", KnownHosts.name("[::1]", 8888));
        assertEquals("example.org:1", KnownHosts.name("EXAMPLE.org", 1));
    }
}
