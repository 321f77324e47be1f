package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKey;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Case 86 of the fault catalogue: a run with keys that can be recognised, of which nothing said, logged or thrown may
/// show a part.
class SecretsIT {

    private static final byte[] SERVER_SECRET = "MARKER-server-secret-0123456789a".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CLIENT_SECRET = "MARKER-client-secret-0123456789a".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SHARED_SECRET = "MARKER-shared-secret-0123456789a".getBytes(StandardCharsets.US_ASCII);
    private static final char[] PASSPHRASE = "MARKER passphrase".toCharArray();

    @TempDir
    Path folder;
    private final ConcurrentLinkedQueue<String> said = new ConcurrentLinkedQueue<>();
    private final Logger root = Logger.getLogger("dev.cipherlink");
    private final Handler recorder = new Handler() {
        @Override
        public void publish(LogRecord logged) {
            say(logged.getParameters() == null ? logged.getMessage()
                    : MessageFormat.format(logged.getMessage(), logged.getParameters()));
            sayAll(logged.getThrown());
        }

        @Override
        public void flush() {
            // Nothing is kept back.
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    };

    @BeforeEach
    void record() {
        recorder.setLevel(Level.ALL);
        root.setLevel(Level.ALL);
        root.addHandler(recorder);
        root.setUseParentHandlers(false);
    }

    @AfterEach
    void stopRecording() {
        root.removeHandler(recorder);
        root.setLevel(null);
        root.setUseParentHandlers(true);
    }

    private void say(Object something) {
        said.add(String.valueOf(something));
    }

    private void sayAll(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            say(cause);
            Arrays.stream(cause.getSuppressed()).forEach(this::sayAll);
        }
    }

    private Path write(String name, String content) throws IOException {
        Path file = Files.createFile(folder.resolve(name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(file, content, StandardCharsets.ISO_8859_1);
    }

    private Identity identity(String name, byte[] secret) throws IOException {
        return Identity.load(write(name, "cipherlink-identity 1 plain\n" + Base64.getEncoder().encodeToString(secret) + "\n"),
                file -> PASSPHRASE.clone());
    }

    private SharedKey sharedKey() throws IOException {
        return SharedKey.load(write("shared.key", new String(SHARED_SECRET, StandardCharsets.ISO_8859_1)));
    }

    @Test
    void nothingThatIsSaidShowsAPartOfASecret() throws Exception {
        try (var serverIdentity = identity("server", SERVER_SECRET); var clientIdentity = identity("client", CLIENT_SECRET);
             var shared = sharedKey(); var store = new MemoryStore(new StoreLimits(1 << 20, 1 << 24))) {
            var authorized = AuthorizedKeys.load(folder.resolve("authorized-keys"));
            authorized.add(new AuthorizedKey("ann", clientIdentity.publicKey(), List.of("operator")));
            var keys = new ServerKeys(Optional.of(shared), Optional.of(serverIdentity), authorized, ServerKeys.ALL_SUITES);
            var config = ServerConfig.loopback(keys);
            try (var server = Server.start(config, store)) {
                var personal = new Credentials.Personal(clientIdentity,
                        new PinnedHostKey(serverIdentity.publicKey().fingerprint()), Suite.AES_GCM);
                for (Credentials credentials : List.of(personal, new Credentials.Shared(shared))) {
                    var to = ClientConfig.to("127.0.0.1", server.address().getPort(), credentials);
                    useAndSay(to);
                    say(to);
                    say(credentials);
                }
                failAndSay(server, serverIdentity);
                for (Object object : List.of(serverIdentity, clientIdentity, serverIdentity.keyPair(), shared, keys,
                        config, server, authorized, server.connections())) {
                    say(object);
                }
            }
            passphrasesAndFiles(clientIdentity);
        }
        assertTrue(said.stream().anyMatch(line -> line.contains("reason=PEER_DISCONNECTED")), "the log was recorded");
        assertTrue(said.stream().anyMatch(line -> line.contains("name: ann")), "answers were recorded");
        assertNoSecretIn(String.join("\n", said));
    }

    private void useAndSay(ClientConfig to) throws Exception {
        try (var client = Client.connect(to)) {
            for (String command : List.of("INFO", "SOCKETS", "WHOAMI", "PING", "no such command")) {
                say(client.request(command).text());
            }
            say(client);
            say(client.session());
        }
    }

    /// Every way to be turned away.
    private void failAndSay(Server server, Identity serverIdentity) {
        int port = server.address().getPort();
        try (var stranger = Identity.generate(); var otherKey = SharedKey.generate()) {
            var right = new PinnedHostKey(serverIdentity.publicKey().fingerprint());
            var wrong = new PinnedHostKey(stranger.publicKey().fingerprint());
            for (Credentials credentials : List.of(new Credentials.Personal(stranger, right, Suite.AES_GCM),
                    new Credentials.Personal(stranger, wrong, Suite.CHACHA_POLY), new Credentials.Shared(otherKey))) {
                sayAll(assertThrows(IOException.class,
                        () -> Client.connect(ClientConfig.to("127.0.0.1", port, credentials))));
            }
        }
    }

    /// Secrets in the wrong place, damaged files, wrong passphrases.
    private void passphrasesAndFiles(Identity identity) throws IOException {
        Path locked = folder.resolve("locked");
        identity.save(locked, PASSPHRASE.clone(), false);
        try (var opened = Identity.load(locked, file -> PASSPHRASE.clone())) {
            assertEquals(identity.publicKey(), opened.publicKey());
        }
        sayAll(assertThrows(IOException.class, () -> Identity.load(locked, file -> "MARKER wrong".toCharArray())));
        String base64 = Base64.getEncoder().encodeToString(CLIENT_SECRET);
        int number = 0;
        for (String content : List.of("cipherlink-identity 1 plain\n" + base64 + "!\n", "cipherlink-identity 1 " + base64 + "\n",
                base64, "cipherlink-identity 1 argon2id " + base64 + "\n", new String(CLIENT_SECRET, StandardCharsets.US_ASCII))) {
            Path file = write("damaged-" + number++, content);
            sayAll(assertThrows(IOException.class, () -> Identity.load(file, unused -> PASSPHRASE.clone())));
            sayAll(assertThrows(IOException.class, () -> AuthorizedKeys.load(file)));
        }
        Path tooLong = write("too-long.key", new String(SHARED_SECRET, StandardCharsets.US_ASCII) + "x");
        sayAll(assertThrows(IOException.class, () -> SharedKey.load(tooLong)));
        sayAll(assertThrows(IllegalArgumentException.class, () -> PublicKeyLine.parse(base64)));
        sayAll(assertThrows(IllegalArgumentException.class, () -> PublicKeyLine.parse("cipherlink-x25519 " + base64 + "x ann")));
    }

    private static void assertNoSecretIn(String text) {
        assertFalse(text.contains("MARKER"), "a secret in plain");
        for (byte[] secret : List.of(SERVER_SECRET, CLIENT_SECRET, SHARED_SECRET)) {
            var all = new ArrayList<String>();
            all.add(HexFormat.of().formatHex(secret));
            all.add(HexFormat.of().withUpperCase().formatHex(secret));
            all.add(Base64.getEncoder().encodeToString(secret));
            all.add(Arrays.toString(secret).replaceAll("[\\[\\]]", ""));
            for (String written : all) {
                // A quarter of it would be too much already.
                for (int i = 0; i + written.length() / 4 <= written.length(); i++) {
                    assertFalse(text.contains(written.substring(i, i + written.length() / 4)), "a part of a secret");
                }
            }
        }
    }
}
