package dev.cipherlink.seal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.fuzz.FuzzTarget;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/// A sealed text and a sealed value: what was sealed, or a refusal.
public final class SealedFuzz implements FuzzTarget {
    private static final byte[] KEY = {'k'};
    private final KeyPair ann = KeyPair.generate();
    private final KeyPair bob = KeyPair.generate();

    @Override
    public byte[][] seeds() {
        PublicKey to = PublicKey.of(bob.publicKey());
        try {
            return new byte[][] {SealedText.seal(ann, to, Instant.EPOCH, "hello").getBytes(StandardCharsets.ISO_8859_1),
                SealedText.NOTICE.getBytes(StandardCharsets.ISO_8859_1), SealedValue.seal(ann, KEY, new byte[] {7}, List.of(to)),
                SealedValue.seal(bob, KEY, new byte[] {7}, List.of())};
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Each opens several messages.
    @Override
    public int rounds() {
        return 1_000;
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        String text = new String(input, StandardCharsets.ISO_8859_1);
        try {
            if (SealedText.isSealed(text)) {
                assertEquals("hello", SealedText.open(bob, text).text());
                return true;
            }
            if (SealedValue.isSealed(input)) {
                assertArrayEquals(new byte[] {7}, SealedValue.open(bob, KEY, input).value());
                return true;
            }
        } catch (ProtocolException e) {
            FuzzTarget.assertLine(e.getMessage());
        }
        return false;
    }
}
