package dev.cipherlink.cli.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.connect.HostKeys;
import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.server.Restart;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.server.access.NextHostKey;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server that changes its key, and clients that were there before, in between or not at all.
class RotationIT {

    @TempDir
    Path folder;
    private final MemoryStore store = new MemoryStore(StoreLimits.ofHeap());
    private Terminal ann;
    private Terminal bob;
    private Path serverIdentity;
    private Identity identity;
    private NextHostKey nextHostKey;
    private Server server;
    private int port;

    @BeforeEach
    void start() throws IOException {
        ann = user("ann");
        bob = user("bob");
        serverIdentity = folder.resolve("server_identity");
        assertEquals(0, ann.run("keygen", "server"), ann.err());
        assertEquals(2, ann.run("keygen", "server"), "a key in use");
        assertTrue(ann.err().endsWith("  try: --force, which replaces it\n"), ann.err());
        serve();
        for (Terminal user : List.of(ann, bob)) {
            assertEquals(0, user.run("keygen", "identity"));
            assertEquals(0, user.run("authorize", user.out().strip()), user.err());
            assertEquals(0, user.run("ping", "-n", "1", "--accept-new-host-key"), user.err());
        }
    }

    private Terminal user(String name) {
        var terminal = new Terminal(folder);
        terminal.environment.put("HOME", folder.resolve(name).toString());
        terminal.environment.put("USER", name);
        terminal.environment.put("CIPHERLINK_SERVER_IDENTITY", folder.resolve("server_identity").toString());
        terminal.environment.put("CIPHERLINK_SERVER_AUTHORIZED_KEYS", folder.resolve("authorized_keys").toString());
        return terminal;
    }

    private void serve() throws IOException {
        identity = Identity.load(serverIdentity, PassphraseSource.none());
        nextHostKey = NextHostKey.load(HostKeys.nextKeyFile(serverIdentity));
        var keys = new ServerKeys(Optional.empty(), Optional.of(identity), AuthorizedKeys.load(folder.resolve("authorized_keys")),
                ServerKeys.ALL_SUITES, nextHostKey);
        server = Restart.of(ServerConfig.loopback(keys).with(to -> to.port = port), store);
        port = server.address().getPort();
        for (Terminal user : List.of(ann, bob)) {
            user.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + port);
        }
    }

    private void restart() throws IOException {
        stopServer();
        serve();
    }

    @AfterEach
    void stopServer() {
        server.close();
        identity.close();
    }

    private static int ping(Terminal user) {
        return user.run("ping", "-n", "1");
    }

    private static List<String> hosts(Terminal user) {
        assertEquals(0, user.run("hosts", "list"), user.err());
        return user.out().lines().toList();
    }

    private String nextKey() {
        assertEquals(0, ann.run("keygen", "server", "--next", "--force"), ann.err());
        return ann.out().strip().replace("next server key ", "");
    }

    /// The running server takes the announcement up by itself.
    private void awaitAnnounced(String fingerprint) {
        Awaitility.await().until(() -> ping(ann) == 0
                && hosts(ann).stream().anyMatch(line -> line.contains(fingerprint) && line.endsWith(" next")));
    }

    @Test
    void aClientThatWasToldGoesOnAndOneThatWasNotRefuses() throws IOException {
        String first = identity.publicKey().fingerprint().toString();
        String next = nextKey();
        awaitAnnounced(next);
        assertEquals(2, hosts(ann).size());
        assertTrue(hosts(ann).getFirst().contains(first));
        assertEquals(1, hosts(bob).size(), "not told yet");

        assertEquals(0, ann.run("keygen", "server", "--use-next"), ann.err());
        assertTrue(Files.exists(folder.resolve("server_identity.old")));
        nextHostKey.refresh();
        assertEquals(0, ping(ann), ann.err());
        assertEquals(2, hosts(ann).size(), "the next key is announced until the server has it");
        assertEquals(2, ann.run("keygen", "server", "--next", "--force"), "a change before the last one is finished");
        assertTrue(ann.err().contains("server_identity.old"), ann.err());
        restart();
        assertEquals(next, identity.publicKey().fingerprint().toString());
        assertEquals(0, ping(ann), ann.err());
        assertEquals(1, hosts(ann).size(), "the old key is forgotten");
        assertTrue(hosts(ann).getFirst().contains(next) && !hosts(ann).getFirst().endsWith("next"), hosts(ann).toString());
        assertEquals(4, ping(bob));
        assertTrue(bob.err().contains("HAS CHANGED: it was " + first), bob.err());
        assertEquals(0, ann.run("hosts", "list", "--json"));
        assertTrue(ann.out().contains("\"next\":false"), ann.out());

        Files.move(folder.resolve("server_identity.old"), serverIdentity, StandardCopyOption.REPLACE_EXISTING);
        restart();
        assertEquals(4, ping(ann), "and not believed any more");
    }

    @Test
    void anotherNextKeyTakesThePlaceOfTheFirstAndNoneOfBoth() throws IOException {
        String first = nextKey();
        awaitAnnounced(first);
        String second = nextKey();
        awaitAnnounced(second);
        assertEquals(2, hosts(ann).size(), hosts(ann).toString());
        Files.delete(HostKeys.nextKeyFile(serverIdentity));
        Awaitility.await().until(() -> ping(ann) == 0 && hosts(ann).size() == 1);
        assertEquals(2, ann.run("keygen", "server", "--next", "--use-next"));
    }

    @Test
    void aKeyOfAStrangerIsNotLearnedFromAnything() throws IOException {
        awaitAnnounced(nextKey());
        assertEquals(0, bob.run("ping", "-n", "1", "--host-key", identity.publicKey().fingerprint().toString()));
        assertEquals(1, hosts(bob).size(), "a given fingerprint keeps nothing");
        Terminal carl = user("carl");
        carl.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + port);
        assertEquals(4, carl.run("ping", "-n", "1"), "unknown server");
        assertFalse(Files.exists(folder.resolve("carl/.local/state/cipherlink/known_hosts")));
    }

    @Test
    void aRevokedKeyIsRefusedEvenIfItIsKnownOrGiven() throws IOException {
        String fingerprint = identity.publicKey().fingerprint().toString();
        assertEquals(0, ping(ann), ann.err());
        assertEquals(0, ann.run("hosts", "revoke", fingerprint), ann.err());
        assertEquals(4, ping(ann));
        assertTrue(ann.err().contains("the host key of 127.0.0.1:" + port + " is revoked: " + fingerprint), ann.err());
        assertEquals(4, ann.run("ping", "-n", "1", "--host-key", fingerprint));
        assertEquals(0, ping(bob), "each user has a list of one's own");
        Path file = folder.resolve("ann/.local/state/cipherlink/revoked_hosts");
        assertEquals(List.of(fingerprint), Files.readAllLines(file));
        Files.writeString(file, "# keys\nmistyped\n");
        assertTrue(ping(ann) != 0 && ann.err().contains("revoked_hosts:2: "), ann.err());
        assertEquals(2, ann.run("hosts", "revoke", "x"));
    }
}
