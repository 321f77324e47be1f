package dev.cipherlink.seal;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.Sodium;
import dev.cipherlink.noise.OneWayMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/// The value of a key, sealed for its author and others: the server that keeps it cannot read it, change it, or show it under
/// another key (`docs/protocol.md`, section 8).
///
/// The content is encrypted once, under a random key, which each recipient gets in a [OneWayMessage] that is bound to the key of the
/// store and to the encrypted content. An earlier value of the same key opens as well: nothing here knows which one is the newest.
///
/// ```java
/// client.set("token", SealedValue.seal(me.keyPair(), "token".getBytes(UTF_8), token, List.of(bob)));
/// var opened = SealedValue.open(me.keyPair(), "token".getBytes(UTF_8), client.get("token").orElseThrow());
/// ```
///
/// @param sender the key of its author: whether to believe it is up to the caller
/// @param value  the bytes that were sealed
public record SealedValue(PublicKey sender, byte[] value) {

    /// The most recipients, the author included.
    public static final int MAX_RECIPIENTS = 64;

    /// No text begins with its first byte, which is not UTF-8.
    private static final byte[] MAGIC = {(byte) 0x93, 'S', 'E', 'A', 'L', 'E', 'D', 1};
    private static final byte[] LABEL = "cipherlink sealed value 1".getBytes(US_ASCII);
    private static final int TAG_BYTES = OneWayMessage.encryptedBytes(0);
    private static final int LOCK_BYTES = OneWayMessage.OVERHEAD_BYTES + OneWayMessage.CONTENT_KEY_BYTES;
    private static final int HEAD_BYTES = MAGIC.length + 1;

    /// Whether a value is one, whoever can open it.
    public static boolean isSealed(byte[] value) {
        return value.length > HEAD_BYTES && Arrays.equals(value, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    /// Whether a sealed value stands anywhere in these bytes, or what looks like one: a quick look at an answer.
    public static boolean mayContain(byte[] bytes) {
        for (int i = 0; i + HEAD_BYTES < bytes.length; i++) {
            if (bytes[i] == MAGIC[0] && Arrays.equals(bytes, i, i + MAGIC.length, MAGIC, 0, MAGIC.length)) {
                return true;
            }
        }
        return false;
    }

    /// The bytes of a sealed value.
    ///
    /// @param recipients different ones, the author included
    public static long sealedBytes(long valueBytes, int recipients) {
        return HEAD_BYTES + (long) recipients * LOCK_BYTES + TAG_BYTES + valueBytes;
    }

    /// @param author     becomes a recipient too
    /// @param key        of the store, under which it will be read
    /// @param recipients at most [#MAX_RECIPIENTS] with the author
    /// @throws ProtocolException if a recipient's key is unusable
    /// @throws IOException if our secret is kept elsewhere and cannot be used now
    public static byte[] seal(KeyPair author, byte[] key, byte[] value, Collection<PublicKey> recipients) throws IOException {
        var all = new LinkedHashSet<PublicKey>(List.of(PublicKey.of(author.publicKey())));
        all.addAll(recipients);
        if (all.size() > MAX_RECIPIENTS) {
            throw new IllegalArgumentException("a sealed value has at most " + MAX_RECIPIENTS + " recipients");
        }
        byte[] contentKey = new byte[OneWayMessage.CONTENT_KEY_BYTES];
        Sodium.randomBytes(contentKey);
        try {
            byte[] content = OneWayMessage.encrypt(contentKey, value);
            byte[] prologue = prologue(key, content, 0);
            var sealed = new ByteArrayOutputStream((int) sealedBytes(value.length, all.size()));
            sealed.writeBytes(MAGIC);
            sealed.write(all.size());
            for (PublicKey recipient : all) {
                sealed.writeBytes(OneWayMessage.seal(author, recipient.bytes(), prologue, contentKey));
            }
            sealed.writeBytes(content);
            return sealed.toByteArray();
        } finally {
            Arrays.fill(contentKey, (byte) 0);
        }
    }

    /// @param key    of the store, under which it was read
    /// @param sealed for which [#isSealed] is true
    /// @throws ProtocolException if it cannot be opened with this key pair; the message says why
    /// @throws IOException if our secret is kept elsewhere and cannot be used now
    public static SealedValue open(KeyPair recipient, byte[] key, byte[] sealed) throws IOException {
        int locks = sealed[MAGIC.length] & 0xff;
        int contentAt = HEAD_BYTES + locks * LOCK_BYTES;
        if (locks == 0 || locks > MAX_RECIPIENTS || sealed.length < contentAt + TAG_BYTES) {
            throw new ProtocolException("it is damaged: a sealed value has 1 to " + MAX_RECIPIENTS + " recipients, and its content");
        }
        byte[] prologue = prologue(key, sealed, contentAt);
        for (int i = 0; i < locks; i++) {
            int at = HEAD_BYTES + i * LOCK_BYTES;
            byte[] contentKey = null;
            try {
                var opened = OneWayMessage.open(recipient, prologue, Arrays.copyOfRange(sealed, at, at + LOCK_BYTES));
                contentKey = opened.payload();
                byte[] content = OneWayMessage.decrypt(contentKey, Arrays.copyOfRange(sealed, contentAt, sealed.length));
                return new SealedValue(PublicKey.of(opened.sender()), content);
            } catch (ProtocolException _) {
                // another recipient's
            } finally {
                if (contentKey != null) {
                    Arrays.fill(contentKey, (byte) 0);
                }
            }
        }
        throw new ProtocolException("it was sealed for others, or under another key, or was changed");
    }

    /// The label, a hash of the encrypted content, the key: the first two have a fixed length.
    private static byte[] prologue(byte[] key, byte[] bytes, int contentAt) {
        byte[] content = Arrays.copyOfRange(bytes, contentAt, bytes.length);
        byte[] digest = new byte[Sodium.BLAKE2B_BYTES];
        Sodium.blake2b(digest, content, content.length);
        byte[] prologue = Arrays.copyOf(LABEL, LABEL.length + digest.length + key.length);
        System.arraycopy(digest, 0, prologue, LABEL.length, digest.length);
        System.arraycopy(key, 0, prologue, LABEL.length + digest.length, key.length);
        return prologue;
    }
}
