package dev.cipherlink.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;

/// The text of a private key file: a header line and a line of base64. No input or output, except the passphrase.
///
/// ```
/// cipherlink-identity 1 plain
/// <the 32 bytes of the secret>
///
/// cipherlink-identity 1 argon2id <operations> <memory in bytes> <salt>
/// <24 bytes of nonce, then the secretbox of the secret under the key derived from the passphrase>
/// ```
///
/// An error never quotes the file, which may hold a secret of another kind.
public final class IdentityFile {

    /// Longer than any valid file; a larger file is not read.
    static final int MAX_BYTES = 512;

    private static final String MAGIC = "cipherlink-identity 1 ";
    private static final String PLAIN = "plain";
    private static final String ENCRYPTED = "argon2id";

    /// libsodium's "interactive" parameters: about 0.1 s and 64 MiB.
    private static final long OPERATIONS = 2;
    private static final long MEMORY_BYTES = 64L << 20;
    /// Upper limits of the header's parameters: a forged file must not exhaust the machine before its tag is checked.
    private static final long MAX_OPERATIONS = 16;
    private static final long MIN_MEMORY_BYTES = 8_192;
    private static final long MAX_MEMORY_BYTES = 1L << 30;

    private static final int BOX_BYTES = KeyPair.KEY_BYTES + Sodium.SECRETBOX_TAG_BYTES;

    private record Derivation(long operations, long memoryBytes, byte[] salt) {
    }

    private IdentityFile() {
    }

    static boolean isEncrypted(Path file, byte[] content) throws IOException {
        return header(file, content).startsWith(ENCRYPTED);
    }

    /// The decoded secret, which the caller wipes.
    static byte[] decode(Path file, byte[] content, PassphraseSource source) throws IOException {
        String header = header(file, content);
        boolean plain = header.equals(PLAIN);
        Derivation derivation = plain ? null : derivation(file, header);
        byte[] body = body(file, content, plain ? KeyPair.KEY_BYTES : Sodium.SECRETBOX_NONCE_BYTES + BOX_BYTES);
        return plain ? body : open(file, derivation, body, source);
    }

    private static byte[] open(Path file, Derivation derivation, byte[] body, PassphraseSource source)
            throws IOException {
        byte[] nonce = Arrays.copyOf(body, Sodium.SECRETBOX_NONCE_BYTES);
        byte[] box = Arrays.copyOfRange(body, Sodium.SECRETBOX_NONCE_BYTES, body.length);
        byte[] key = askedKey(file, derivation, source);
        try {
            byte[] secret = new byte[KeyPair.KEY_BYTES];
            if (!Sodium.open(secret, box, nonce, key)) {
                throw new WrongPassphraseException(file);
            }
            return secret;
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    private static byte[] askedKey(Path file, Derivation derivation, PassphraseSource source) throws IOException {
        char[] passphrase = source.passphrase(file);
        try {
            return derive(file, passphrase, derivation);
        } finally {
            Arrays.fill(passphrase, '\0');
        }
    }

    /// The content of a private key file, which the caller wipes.
    ///
    /// @param passphrase null for none
    static byte[] encode(Path file, byte[] secret, char[] passphrase) throws IOException {
        return passphrase == null ? text(MAGIC + PLAIN, secret) : seal(file, secret, passphrase);
    }

    private static byte[] seal(Path file, byte[] secret, char[] passphrase) throws IOException {
        if (passphrase.length == 0) {
            throw new IllegalArgumentException("a passphrase has at least one character");
        }
        var derivation = new Derivation(OPERATIONS, MEMORY_BYTES, new byte[Sodium.PASSWORD_SALT_BYTES]);
        Sodium.randomBytes(derivation.salt());
        byte[] nonce = new byte[Sodium.SECRETBOX_NONCE_BYTES];
        Sodium.randomBytes(nonce);
        byte[] box = new byte[BOX_BYTES];
        byte[] key = derive(file, passphrase, derivation);
        try {
            Sodium.seal(box, secret, nonce, key);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
        byte[] body = Arrays.copyOf(nonce, nonce.length + box.length);
        System.arraycopy(box, 0, body, nonce.length, box.length);
        return text(MAGIC + ENCRYPTED + " " + derivation.operations() + " " + derivation.memoryBytes() + " "
                + Base64.getEncoder().encodeToString(derivation.salt()), body);
    }

    /// Does not use a String, which cannot be wiped.
    private static byte[] text(String header, byte[] body) {
        byte[] first = (header + "\n").getBytes(StandardCharsets.US_ASCII);
        byte[] base64 = Base64.getEncoder().encode(body);
        byte[] content = Arrays.copyOf(first, first.length + base64.length + 1);
        System.arraycopy(base64, 0, content, first.length, base64.length);
        content[content.length - 1] = '\n';
        Arrays.fill(base64, (byte) 0);
        return content;
    }

    private static byte[] derive(Path file, char[] passphrase, Derivation derivation) throws IOException {
        ByteBuffer encoded = StandardCharsets.UTF_8.encode(CharBuffer.wrap(passphrase));
        byte[] bytes = Arrays.copyOf(encoded.array(), encoded.limit());
        try {
            byte[] key = new byte[Sodium.SECRETBOX_KEY_BYTES];
            if (!Sodium.deriveFromPassword(key, bytes, derivation.salt(), derivation.operations(),
                    derivation.memoryBytes())) {
                throw new FileSystemException(file.toString(), null, "there is not enough memory to use the passphrase: "
                        + (derivation.memoryBytes() >> 20) + " MiB are needed");
            }
            return key;
        } finally {
            Arrays.fill(encoded.array(), (byte) 0);
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /// The rest of the first line after the magic words.
    private static String header(Path file, byte[] content) throws IOException {
        byte[] magic = MAGIC.getBytes(StandardCharsets.US_ASCII);
        int start = textStart(content);
        int end = lineEnd(content, start);
        if (end - start < magic.length || !Arrays.equals(magic, Arrays.copyOfRange(content, start, start + magic.length))) {
            throw isUtf16(content) ? refusal(file, "it is UTF-16 text, as an editor saved it: save it as plain UTF-8") : refusal(file, "this is no private key file: its first line must begin with \"" + MAGIC.strip()
                    + "\"; `cipherlink keygen identity` makes one");
        }
        return new String(content, start + magic.length, end - start - magic.length, StandardCharsets.ISO_8859_1).stripTrailing();
    }

    private static Derivation derivation(Path file, String header) throws IOException {
        String[] words = header.split(" ", -1);
        if (words.length != 4 || !words[0].equals(ENCRYPTED)) {
            throw refusal(file, "the first line names neither a key without passphrase (" + PLAIN + ") nor one with ("
                    + ENCRYPTED + ")");
        }
        try {
            var derivation = new Derivation(Long.parseLong(words[1]), Long.parseLong(words[2]),
                    Base64.getDecoder().decode(words[3]));
            if (derivation.operations() >= 1 && derivation.operations() <= MAX_OPERATIONS
                    && derivation.memoryBytes() >= MIN_MEMORY_BYTES && derivation.memoryBytes() <= MAX_MEMORY_BYTES
                    && derivation.salt().length == Sodium.PASSWORD_SALT_BYTES) {
                return derivation;
            }
        } catch (IllegalArgumentException e) {
            // Not rethrown: its message would quote the file, and the refusal below does not.
        }
        throw refusal(file, "the first line asks for a derivation that is not allowed: 1 to " + MAX_OPERATIONS
                + " operations, " + MIN_MEMORY_BYTES + " to " + MAX_MEMORY_BYTES + " bytes of memory, a salt of "
                + Sodium.PASSWORD_SALT_BYTES + " bytes");
    }

    private static byte[] body(Path file, byte[] content, int size) throws IOException {
        int start = Math.min(lineEnd(content, textStart(content)) + 1, content.length);
        int end = lineEnd(content, start);
        boolean isWindowsLine = end > start && content[end - 1] == '\r';
        byte[] base64 = Arrays.copyOfRange(content, start, isWindowsLine ? end - 1 : end);
        byte[] body = null;
        try {
            body = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            // Not rethrown: its message would quote the file, and the refusal below does not.
        } finally {
            Arrays.fill(base64, (byte) 0);
        }
        // The length check finds cut files: the decoder would accept missing padding.
        boolean whole = body != null && body.length == size && base64.length % 4 == 0;
        if (whole && end >= content.length - 1) {
            return body;
        }
        if (body != null) {
            Arrays.fill(body, (byte) 0);
        }
        throw refusal(file, whole ? "something follows the key; a private key file has two lines"
                : "the second line must be the base64 of exactly " + size + " bytes; the file is damaged");
    }

    /// Skips the byte order mark that some editors write.
    private static int textStart(byte[] content) {
        return SecretFile.beginsWith(content, SecretFile.BYTE_ORDER_MARK) ? SecretFile.BYTE_ORDER_MARK.length : 0;
    }

    private static boolean isUtf16(byte[] content) {
        return SecretFile.beginsWith(content, (byte) 0xFF, (byte) 0xFE) || SecretFile.beginsWith(content, (byte) 0xFE, (byte) 0xFF);
    }

    private static int lineEnd(byte[] content, int start) {
        int end = start;
        while (end < content.length && content[end] != '\n') {
            end++;
        }
        return end;
    }

    private static FileSystemException refusal(Path file, String reason) {
        return new FileSystemException(file.toString(), null, reason);
    }

    /// The source of the passphrase of a private key file. Called only if the file has one.
    @FunctionalInterface
    public interface PassphraseSource {

        /// The passphrase, which the caller wipes after use. May block, for example on user input.
        ///
        /// @throws IOException if there is none; the message names the file and says what to do
        char[] passphrase(Path file) throws IOException;

        /// For programs without a terminal: refuses files with a passphrase.
        static PassphraseSource none() {
            return file -> {
                throw new FileSystemException(file.toString(), null,
                        "the key has a passphrase and there is no terminal to ask for it; run this on a terminal, or "
                                + "use a key without one");
            };
        }
    }

    /// The passphrase is wrong, or the file was altered: the two cannot be told apart.
    public static final class WrongPassphraseException extends FileSystemException {
        private static final long serialVersionUID = 1;

        WrongPassphraseException(Path file) {
            super(file.toString(), null, "wrong passphrase, or the file was altered; try again");
        }
    }
}
