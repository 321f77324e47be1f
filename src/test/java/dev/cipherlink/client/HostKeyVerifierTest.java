package dev.cipherlink.client;

import static dev.cipherlink.client.KnownHostsTest.key;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.AuthenticationException.HostKeyException;
import dev.cipherlink.client.HostKeyVerifier.KnownHostKeys;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.client.HostKeyVerifier.UnknownHost;
import dev.cipherlink.client.HostKeyVerifier.UnknownHostPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostKeyVerifierTest {

    @TempDir
    Path folder;
    private KnownHosts hosts;

    @BeforeEach
    void nameTheFile() {
        hosts = new KnownHosts(folder.resolve("known_hosts"));
    }

    @Test
    void aPinnedKeyIsTheOnlyOneAccepted() {
        var pinned = new PinnedHostKey(key(1).fingerprint());

        assertDoesNotThrow(() -> pinned.verify("a.example", 8888, key(1)));
        var refusal = assertThrows(HostKeyException.class, () -> pinned.verify("a.example", 8888, key(2)));
        assertSays(refusal, "a.example:8888", key(1).fingerprint().toString(), key(2).fingerprint().toString());
        assertTrue(refusal.unknownHost().isEmpty());
        assertInstanceOf(AuthenticationException.class, refusal);
    }

    @Test
    void aNewKeyIsRefusedWithTheOptionsThatWouldAcceptIt() throws IOException {
        hosts.add("b.example", 8888, key(1));
        var verifier = new KnownHostKeys(hosts, UnknownHostPolicy.REFUSE);

        var refusal = assertThrows(HostKeyException.class, () -> verifier.verify("a.example", 8888, key(1)));

        assertSays(refusal, "a.example:8888", "--host-key " + key(1).fingerprint(), "--accept-new-host-key",
                "known as b.example:8888");
        assertEquals(Optional.of(new UnknownHost("a.example", 8888, key(1), List.of("b.example:8888"))),
                refusal.unknownHost());
        assertEquals(1, Files.readAllLines(hosts.path()).size());
    }

    @Test
    void aNewKeyIsAcceptedOnceByThePolicyThatBelievesAnybody() throws IOException {
        var verifier = new KnownHostKeys(hosts, UnknownHostPolicy.ACCEPT_NEW);
        verifier.verify("a.example", 8888, key(1));
        verifier.verify("a.example", 8888, key(1));

        assertInstanceOf(KnownHosts.Lookup.Known.class, hosts.lookup("a.example", 8888, key(1)));
        assertThrows(HostKeyException.class, () -> verifier.verify("a.example", 8888, key(2)));
    }

    @Test
    void aPolicyIsAskedAboutNewKeysOnly() throws IOException {
        var asked = new ArrayList<UnknownHost>();
        var verifier = new KnownHostKeys(hosts, asked::add);
        verifier.verify("a.example", 8888, key(1));
        verifier.verify("a.example", 8888, key(1));
        assertThrows(HostKeyException.class, () -> verifier.verify("a.example", 8888, key(2)));

        assertEquals(List.of(new UnknownHost("a.example", 8888, key(1), List.of())), asked);
    }

    @Test
    void aPolicyThatFailsAcceptsNothing() throws IOException {
        var failure = new IOException("nobody there");
        var verifier = new KnownHostKeys(hosts, host -> {
            throw failure;
        });
        assertSame(failure, assertThrows(IOException.class, () -> verifier.verify("a.example", 8888, key(1))));
        assertFalse(Files.exists(hosts.path()));
    }

    @Test
    void aChangedKeyIsRefusedLoudlyNamingFileAndLine() throws IOException {
        hosts.add("b.example", 8888, key(5));
        hosts.add("a.example", 8888, key(1));
        var verifier = new KnownHostKeys(hosts, UnknownHostPolicy.ACCEPT_NEW);

        var refusal = assertThrows(HostKeyException.class, () -> verifier.verify("a.example", 8888, key(2)));

        assertSays(refusal, "HAS CHANGED", key(1).fingerprint().toString(), key(2).fingerprint().toString(),
                hosts.path() + ":2", "first seen 2", "delete line 2 of " + hosts.path());
        assertTrue(refusal.unknownHost().isEmpty());
    }

    /// The server proved to have the key that it had announced, and its clients could not connect with a full disk.
    @Test
    void anAnnouncedKeyIsAcceptedEvenIfTheFileCannotBeChanged() throws IOException {
        hosts.add("a.example", 8888, key(1));
        hosts.setNext("a.example", 8888, Optional.of(key(2)));
        Path lock = folder.resolve(".known_hosts.lock");
        Files.delete(lock);
        Files.createDirectory(lock);
        var verifier = new KnownHostKeys(hosts, UnknownHostPolicy.REFUSE);
        assertDoesNotThrow(() -> verifier.verify("a.example", 8888, key(2)));
        assertEquals(2, hosts.list().size());
        Files.delete(lock);
        verifier.verify("a.example", 8888, key(2));
        assertEquals(List.of(key(2)), hosts.list().stream().map(KnownHosts.Host::key).toList());
    }

    private static void assertSays(HostKeyException refusal, String... parts) {
        assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
        for (String part : parts) {
            assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
        }
    }
}
