package dev.cipherlink.crypto;

import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/// The identity of a server or a user: a long-lived key pair, kept in a private key file.
///
/// Thread-safe. Its creator closes it, which wipes the secret and ends the use of [#keyPair].
public final class Identity implements AutoCloseable {

    /// Bytes of [#sealedDigest].
    public static final int DIGEST_BYTES = 32;

    private final KeyPair keyPair;

    private Identity(KeyPair keyPair) {
        this.keyPair = keyPair;
    }

    /// A new identity, not yet in any file.
    public static Identity generate() {
        return new Identity(KeyPair.generate());
    }

    /// Reads a private key file, which must be a regular file, no link, accessible to its owner only. Blocks on the disk
    /// and, if the file has a passphrase, on its source and its derivation (tenths of a second).
    ///
    /// @throws IdentityFile.WrongPassphraseException if the passphrase does not open it
    /// @throws IOException if it cannot be read, cannot be trusted or is no private key; the message says what to do
    public static Identity load(Path file, PassphraseSource source) throws IOException {
        byte[] content = SecretFile.readAtMost(file, IdentityFile.MAX_BYTES);
        byte[] secret = null;
        try {
            secret = IdentityFile.decode(file, content, source);
            return new Identity(KeyPair.of(secret));
        } finally {
            Arrays.fill(content, (byte) 0);
            wipe(secret);
        }
    }

    /// Reads the file; if there is none, saves a new identity without a passphrase there. Two processes that do this at
    /// once both get the identity of the first. Blocks as [#load] does.
    ///
    /// @param created called with a new identity once it is saved
    public static Identity loadOrCreate(Path file, PassphraseSource source, Consumer<Identity> created)
            throws IOException {
        // A dangling link counts as existing: load refuses it, and nothing is written through it.
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return load(file, source);
        }
        var identity = generate();
        try {
            identity.save(file, null, false);
        } catch (FileAlreadyExistsException e) {
            identity.close();
            return load(file, source);
        } catch (IOException | RuntimeException e) {
            identity.close();
            throw e;
        }
        created.accept(identity);
        return identity;
    }

    /// The identity of a key pair, which it closes. Of one whose secret is kept elsewhere it cannot be saved.
    public static Identity of(KeyPair keyPair) {
        return new Identity(keyPair);
    }

    /// What tells a file with a passphrase from every other, 32 bytes of its BLAKE2b, which are no secret; empty for a file without one.
    /// Blocks on the disk; refuses files as [#load] does.
    public static Optional<byte[]> sealedDigest(Path file) throws IOException {
        byte[] content = SecretFile.readAtMost(file, IdentityFile.MAX_BYTES);
        try {
            if (!IdentityFile.isEncrypted(file, content)) {
                return Optional.empty();
            }
            byte[] digest = new byte[Sodium.BLAKE2B_BYTES];
            Sodium.blake2b(digest, content, content.length);
            return Optional.of(Arrays.copyOf(digest, DIGEST_BYTES));
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    /// Lends the 32 secret bytes to one that puts them elsewhere, and wipes them then.
    public void lendSecret(SecretTaker taker) throws IOException {
        byte[] secret = keyPair.secretCopy();
        try {
            taker.take(secret);
        } finally {
            wipe(secret);
        }
    }

    /// @see #lendSecret
    @FunctionalInterface
    public interface SecretTaker {
        void take(byte[] secret) throws IOException;
    }

    /// Whether the file has a passphrase. Blocks on the disk; refuses files as [#load] does.
    public static boolean isEncrypted(Path file) throws IOException {
        byte[] content = SecretFile.readAtMost(file, IdentityFile.MAX_BYTES);
        try {
            return IdentityFile.isEncrypted(file, content);
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    /// Writes the private key file with mode 0600, whole or not at all; missing folders get mode 0700. Blocks on the disk
    /// and, with a passphrase, on its derivation.
    ///
    /// @param passphrase null for none; otherwise at least one character, wiped by the caller
    /// @param overwrite  whether to replace an existing file (atomically)
    /// @throws FileAlreadyExistsException if the file exists and `overwrite` is false
    public void save(Path file, char[] passphrase, boolean overwrite) throws IOException {
        byte[] secret = keyPair.secretCopy();
        byte[] content = null;
        try {
            content = IdentityFile.encode(file, secret, passphrase);
            SecretFile.write(file, content, overwrite);
        } finally {
            wipe(secret);
            wipe(content);
        }
    }

    /// The public half of the key pair.
    public PublicKey publicKey() {
        return PublicKey.of(keyPair.publicKey());
    }

    /// The key pair for handshakes; it is closed with this identity.
    public KeyPair keyPair() {
        return keyPair;
    }

    /// Wipes the secret. Idempotent.
    @Override
    public void close() {
        keyPair.close();
    }

    private static void wipe(byte[] bytes) {
        if (bytes != null) {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /// The fingerprint of the public key, never the secret.
    @Override
    public String toString() {
        return "Identity[" + publicKey().fingerprint() + "]";
    }
}
