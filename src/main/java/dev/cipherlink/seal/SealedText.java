package dev.cipherlink.seal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.noise.OneWayMessage;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.util.Base64;

/// A direct message sealed for one person: the text of a `TELL` (`docs/protocol.md`, section 8).
///
/// The text is [#NOTICE], which a client without sealing shows to its user, and then base64 of a [OneWayMessage]. Sealed are
/// the time of writing, the length of the text, the text, and zeros up to a multiple of [#BLOCK_BYTES], which hide its length.
///
/// @param sender   the key of its author
/// @param written  by the author's clock, to the millisecond
/// @param text     without line feed, as every text of the chat
public record SealedText(PublicKey sender, Instant written, String text) {

    /// The beginning of every sealed text.
    public static final String NOTICE = "(a sealed message, which this client is too old to open) ";
    /// Sealed texts of one block have one length.
    static final int BLOCK_BYTES = 64;
    /// The most bytes of UTF-8 that fit: sealed, they have less than the 4,096 bytes of a `TELL`.
    public static final int MAX_TEXT_BYTES = 45 * BLOCK_BYTES - Long.BYTES - Short.BYTES;

    private static final byte[] PROLOGUE = "cipherlink sealed message 1".getBytes(US_ASCII);
    private static final String UNREADABLE = "it was sealed for another key, or changed on its way";

    /// Whether a text is one, whoever can open it.
    public static boolean isSealed(String text) {
        return text.startsWith(NOTICE);
    }

    /// @param text of at most [#MAX_TEXT_BYTES], without line feed
    /// @throws ProtocolException if the recipient's key is unusable
    /// @throws IOException if our secret is kept elsewhere and cannot be used now
    public static String seal(KeyPair sender, PublicKey recipient, Instant written, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        if (bytes.length > MAX_TEXT_BYTES || text.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("a sealed text is one line of at most " + MAX_TEXT_BYTES + " bytes");
        }
        int head = Long.BYTES + Short.BYTES;
        byte[] payload = ByteBuffer.allocate(Math.ceilDiv(head + bytes.length, BLOCK_BYTES) * BLOCK_BYTES)
                .putLong(written.toEpochMilli()).putShort((short) bytes.length).put(bytes).array();
        byte[] sealed = OneWayMessage.seal(sender, recipient.bytes(), PROLOGUE, payload);
        return NOTICE + Base64.getUrlEncoder().withoutPadding().encodeToString(sealed);
    }

    /// @param text for which [#isSealed] is true
    /// @throws ProtocolException if it cannot be opened with this key; the message says why
    /// @throws IOException if our secret is kept elsewhere and cannot be used now
    public static SealedText open(KeyPair recipient, String text) throws IOException {
        OneWayMessage.Opened opened;
        try {
            opened = OneWayMessage.open(recipient, PROLOGUE, Base64.getUrlDecoder().decode(text.substring(NOTICE.length())));
        } catch (IllegalArgumentException | ProtocolException _) {
            throw new ProtocolException(UNREADABLE);
        }
        var payload = ByteBuffer.wrap(opened.payload());
        if (payload.remaining() < Long.BYTES + Short.BYTES) {
            throw new ProtocolException("its author's client sealed something else");
        }
        long millis = payload.getLong();
        int bytes = payload.getShort();
        try {
            String read = bytes < 0 || bytes > payload.remaining() ? "\n"
                    : UTF_8.newDecoder().decode(payload.slice(payload.position(), bytes)).toString();
            if (millis >= 0 && read.indexOf('\n') < 0) {
                return new SealedText(PublicKey.of(opened.sender()), Instant.ofEpochMilli(millis), read);
            }
        } catch (CharacterCodingException _) {
            // said below
        }
        throw new ProtocolException("its author's client sealed something else");
    }
}
