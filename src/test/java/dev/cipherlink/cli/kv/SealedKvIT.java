package dev.cipherlink.cli.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.IdentityRig;
import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.seal.SealedValue;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.access.AuthorizedKey;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the server cannot read, by the program: values of `kv`, and messages of `chat` in a pipe.
class SealedKvIT extends IdentityRig {
    private static final byte[] SECRET = "s3cret\n\0".getBytes(UTF_8);

    private AuthorizedKeys authorized;

    @BeforeEach
    void makeKeys() throws IOException {
        authorized = AuthorizedKeys.load(folder.resolve("authorized"));
        for (String name : List.of("ann", "bob", "eve")) {
            newKey(name);
        }
    }

    private void newKey(String name) throws IOException {
        try (Identity identity = Identity.generate()) {
            identity.save(folder.resolve(name), null, true);
            authorized.remove(name);
            authorized.add(new AuthorizedKey(name, identity.publicKey(), List.of()));
        }
    }

    private Terminal terminal(String name) {
        Terminal made = new Terminal(folder);
        made.environment.putAll(ann.environment);
        made.environment.put("HOME", folder.resolve("home-" + name).toString());
        made.environment.put("CIPHERLINK_CLIENT_IDENTITY", folder.resolve(name).toString());
        return made;
    }

    /// What the server has under a key.
    private byte[] kept(String key) throws Exception {
        try (Client client = client()) {
            return client.get(key).orElseThrow();
        }
    }

    private Client client() throws IOException {
        return Client.connect(ClientConfig.to("127.0.0.1", server.address().getPort(), new Credentials.Personal(
                Identity.load(folder.resolve("eve"), PassphraseSource.none()), new PinnedHostKey(host.publicKey().fingerprint()))));
    }

    @Test
    void aValueIsForItsAuthorAndRecipientsAlone() throws Exception {
        Terminal ann = terminal("ann");
        assertEquals(0, ann.runWith(SECRET, "kv", "SET", "--seal-to", "bob", "token", "--from", "-"), ann.err());
        assertTrue(ann.err().contains("cipherlink: the key of bob is new here, "), ann.err());
        byte[] kept = kept("token");
        assertTrue(SealedValue.isSealed(kept) && !new String(kept, UTF_8).contains("s3cret"));

        assertEquals(0, ann.run("kv", "GET", "token"), ann.err());
        assertArrayEquals(SECRET, ann.outBytes());
        assertEquals("", ann.err());
        Terminal bob = terminal("bob");
        assertEquals(6, bob.run("kv", "GET", "token"));
        assertTrue(bob.err().contains("GET token: the value is sealed by a key that is not known here, "), bob.err());
        assertEquals("", bob.out());
        assertEquals(0, bob.run("kv", "--sealed-by", "ann", "GET", "token"), bob.err());
        assertArrayEquals(SECRET, bob.outBytes());
        assertEquals(0, bob.run("kv", "GET", "token"), "ann is known now: " + bob.err());
        Terminal eve = terminal("eve");
        assertEquals(6, eve.run("kv", "--sealed-by", "ann", "GET", "token"));
        assertTrue(eve.err().contains("GET token: the value is sealed and does not open: it was sealed for others, or under another key"), eve.err());
        assertEquals(6, eve.run("--json", "kv", "GET", "token"));
        assertTrue(eve.out().contains("\"ok\":false"), eve.out());
    }

    @Test
    void theServerCannotSwapOrChangeValues() throws Exception {
        Terminal ann = terminal("ann");
        assertEquals(0, ann.run("kv", "SET", "--seal", "a", "one"), ann.err());
        assertEquals(0, ann.run("kv", "--seal", "SET", "b", "two"), ann.err());
        try (Client client = client()) {
            byte[] one = kept("a");
            client.set("a", kept("b"));
            client.set("b", one);
            one[one.length - 1] ^= 1;
            client.set("c", one);
        }
        for (String key : List.of("a", "b", "c")) {
            assertEquals(6, ann.run("kv", "GET", key));
            assertEquals("", ann.out());
        }
    }

    @Test
    void scriptsSealAndOpenToo() throws Exception {
        Terminal ann = terminal("ann");
        byte[] script = """
                SET a one
                GET a
                PUT GET a "t\\nwo"
                MGET a none
                TXN
                SET b three
                GET a
                END
                APPEND a x
                GETDEL b
                INCR n
                """.getBytes(UTF_8);
        assertEquals(6, ann.runWith(script, "kv", "--seal", "--raw"), ann.err());
        assertEquals("OK\none\n+3 one\n+4 t\nwo\n-9 not found\n+2 OK\n+4 t\nwo\nthree\n", ann.out(), ann.err());
        assertTrue(ann.err().contains("stdin:9: the server cannot change what it cannot read"), ann.err());
        assertTrue(ann.err().contains("stdin:11: the server cannot change what it cannot read"), ann.err());
        assertTrue(SealedValue.isSealed(kept("a")));
        Terminal eve = terminal("eve");
        assertEquals(6, eve.runWith("GET a\nSET mine 1\nGET mine\n".getBytes(UTF_8), "kv"), eve.err());
        assertEquals("OK\n1\n", eve.out());
        assertTrue(eve.err().contains("stdin:1: GET a: the value is sealed and does not open: "), eve.err());
        assertArrayEquals("1".getBytes(UTF_8), kept("mine"));
    }

    @Test
    void optionsOfSetStandBesideIt() throws Exception {
        Terminal ann = terminal("ann");
        String bob = PublicKeyLine.encodeKey(authorized.find("bob").orElseThrow().key());
        assertEquals(0, ann.run("kv", "SET", "--nx", "--seal-to=" + bob, "--ex", "30s", "k", "v"), ann.err());
        assertEquals(1, ann.run("kv", "SET", "--seal", "--nx", "k", "w"), ann.err());
        assertEquals(0, ann.run("kv", "SET", "--get", "--seal", "k", "w"), ann.err());
        assertEquals("v", ann.out());
        assertEquals(0, ann.run("kv", "--seal", "CAS", "k2", "0", "x"), ann.err());
        assertTrue(SealedValue.isSealed(kept("k")) && SealedValue.isSealed(kept("k2")));
    }

    /// The server puts another value there, unsealed or sealed by somebody else whom bob knows.
    @Test
    void sealedByShowsNothingOfOthers() throws Exception {
        Terminal ann = terminal("ann");
        Terminal bob = terminal("bob");
        assertEquals(0, ann.run("kv", "SET", "--seal-to", "bob", "token", "real"), ann.err());
        assertEquals(0, bob.run("kv", "SET", "--seal-to", "eve", "k", "eve is known now"), bob.err());
        assertEquals(0, bob.run("kv", "--sealed-by", "ann", "MGET", "token", "k", "none"), bob.err());
        assertEquals("real\neve is known now\n(not found)\n", bob.out());
        try (Client client = client(); Identity eve = Identity.load(folder.resolve("eve"), PassphraseSource.none())) {
            client.set("token", "forged".getBytes(UTF_8));
            for (String verb : List.of("GET", "GETDEL")) {
                assertEquals(6, bob.run("kv", "--sealed-by", "ann", verb, "token"));
                assertTrue(bob.err().contains(verb + " token: the value is not sealed"), bob.err());
                assertEquals("", bob.out());
                client.set("token", "forged".getBytes(UTF_8));
            }
            assertEquals(6, bob.runWith("GET token\nMGET token k\nSET mine 1\nGET none\n".getBytes(UTF_8), "kv", "--sealed-by", "ann"));
            assertTrue(bob.err().contains("stdin:1: GET token: the value is not sealed"), bob.err());
            assertFalse(bob.out().contains("forged"), bob.out());
            assertTrue(bob.out().contains("eve is known now") && bob.out().endsWith("OK\n"), bob.out());
            client.set("token", SealedValue.seal(eve.keyPair(), "token".getBytes(UTF_8), "forged".getBytes(UTF_8),
                    List.of(authorized.find("bob").orElseThrow().key())));
            assertEquals(6, bob.run("kv", "--sealed-by", "ann", "GET", "token"));
            assertTrue(bob.err().contains("GET token: the value is sealed by another key than those of --sealed-by, "), bob.err());
            assertEquals(0, bob.run("kv", "GET", "token"), "without the option, of people that are known");
        }
    }

    @Test
    void aLineThatIsNotUnderstoodIsNotSentUnsealed() throws Exception {
        Terminal ann = terminal("ann");
        byte[] script = "SETT a secret\nCAS a secret\nPUBLISH a secret\nTXN\nIF b 0\nSET b one\nEND\nTXN\nSETT b secret\nEND\nGET b\n".getBytes(UTF_8);
        assertEquals(6, ann.runWith(script, "kv", "--seal"), ann.err());
        for (int line : List.of(1, 2, 8)) {
            assertTrue(ann.err().matches("(?s).*stdin:" + line + ": [^\n]*; it was not sent, since it could not be sealed.*"), ann.err());
        }
        assertTrue(ann.err().contains("stdin:3: --seal seals the values of SET, PUT and CAS, and the server could read this"), ann.err());
        assertFalse(ann.err().contains("secret"), ann.err());
        assertEquals("OK\none\n", ann.out());
        assertEquals(2, ann.run("kv", "--seal", "ECHO", "secret"));
    }

    @Test
    void whatCannotBeSealedGetsOneLine() throws Exception {
        Terminal ann = terminal("ann");
        assertEquals(2, ann.run("kv", "SET", "--seal-to", "nobody", "k", "v"));
        assertEquals("cipherlink: nobody has no key here\n", ann.err());
        assertEquals(2, ann.run("kv", "SET", "--seal-to", "no key", "k", "v"));
        assertTrue(ann.err().contains("neither a name nor a key in base64: 'no key'"), ann.err());
        assertEquals(2, ann.run("kv", "--seal", "APPEND", "k", "v"));
        assertEquals(2, ann.run("kv", "--seal", "RENAME", "k", "v"));
        Path large = Files.write(folder.resolve("large"), new byte[(16 << 20) - 100]);
        assertEquals(2, ann.run("kv", "SET", "--seal", "k", "--from", large.toString()));
        assertTrue(ann.err().contains("a value that is sealed for 1 has at most "), ann.err());
        assertEquals(0, ann.run("kv", "SET", "--seal-to", "bob", "k", "v"), ann.err());
        newKey("bob");
        assertEquals(4, ann.run("kv", "SET", "--seal-to", "bob", "k", "v"));
        assertTrue(ann.err().contains("the server gives another key for bob than the one since "), ann.err());
    }

    /// The advice to send it unsealed would be a way for the server to read it.
    @Test
    void nothingIsSentOnceTheKeyOfAKnownPersonIsGone() throws Exception {
        Terminal ann = terminal("ann");
        assertEquals(0, ann.runWith("/msg bob one\n".getBytes(UTF_8), "chat"), ann.err());
        authorized.remove("bob");
        assertEquals(6, ann.runWith("/msg bob two\n".getBytes(UTF_8), "chat"), ann.err());
        assertTrue(ann.err().contains("the server gives no key for bob any more, whose key is there since "), ann.err());
        assertFalse(ann.err().contains("TELL"), ann.err());
        assertEquals(2, ann.run("kv", "SET", "--seal-to", "bob", "k", "v"));
        assertTrue(ann.err().contains("the server gives no key for bob any more, whose key is there since "), ann.err());
    }

    @Test
    void aSharedKeySealsNothingAndOpensNothing() throws Exception {
        try (SharedKey key = SharedKey.generate(); var memory = new MemoryStore(StoreLimits.ofHeap());
                Server old = Server.start(ServerConfig.loopback(key), memory); Client client = Client.connect(
                        ClientConfig.to("127.0.0.1", old.address().getPort(), key)); Identity own = Identity.generate()) {
            key.save(folder.resolve("shared"), false);
            client.set("k", SealedValue.seal(own.keyPair(), "k".getBytes(UTF_8), new byte[1], List.of()));
            Terminal dave = new Terminal(folder);
            dave.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + old.address().getPort());
            dave.environment.put("CIPHERLINK_CLIENT_SHARED_KEY", folder.resolve("shared").toString());
            assertEquals(2, dave.run("kv", "SET", "--seal", "k", "v"));
            assertTrue(dave.err().contains("sealed values need an identity of your own"), dave.err());
            assertEquals(6, dave.run("kv", "GET", "k"));
            assertTrue(dave.err().contains("GET k: the value is sealed: sealed values need an identity of your own"), dave.err());
        }
    }
}
