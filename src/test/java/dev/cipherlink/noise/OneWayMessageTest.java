package dev.cipherlink.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.crypto.KeyPair;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OneWayMessageTest {
    private static final byte[] PROLOGUE = {1, 2, 3};
    private final KeyPair ann = KeyPair.generate();
    private final KeyPair bob = KeyPair.generate();

    /// Made by the peer in Python.
    @Test
    void theKnownAnswerHolds() throws IOException {
        VectorValue vector = VectorValue.resource("sealed.json");
        KeyPair sender = KeyPair.of(vector.get("ann").bytes());
        KeyPair recipient = KeyPair.of(vector.get("bob").bytes());
        byte[] message = OneWayMessage.seal(sender, KeyPair.of(vector.get("ephemerals").elements().getFirst().bytes()),
                recipient.publicKey(), vector.get("prologue").bytes(), vector.get("payload").bytes());
        assertArrayEquals(vector.get("message").bytes(), message);
        OneWayMessage.Opened opened = OneWayMessage.open(recipient, vector.get("prologue").bytes(), message);
        assertArrayEquals(sender.publicKey(), opened.sender());
        assertArrayEquals(vector.get("payload").bytes(), opened.payload());
    }

    @Test
    void isWholeOrNothing() throws IOException {
        byte[] message = OneWayMessage.seal(ann, bob.publicKey(), PROLOGUE, new byte[5]);
        assertEquals(5 + OneWayMessage.OVERHEAD_BYTES, message.length);
        assertArrayEquals(new byte[5], OneWayMessage.open(bob, PROLOGUE, message).payload());
        for (int length = 0; length < message.length; length++) {
            byte[] cut = Arrays.copyOf(message, length);
            assertThrows(ProtocolException.class, () -> OneWayMessage.open(bob, PROLOGUE, cut));
        }
        for (int bit = 0; bit < message.length * 8; bit++) {
            byte[] damaged = message.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            assertThrows(ProtocolException.class, () -> OneWayMessage.open(bob, PROLOGUE, damaged));
        }
    }

    @Test
    void mayBeEmpty() throws IOException {
        byte[] message = OneWayMessage.seal(ann, bob.publicKey(), PROLOGUE, new byte[0]);
        assertEquals(0, OneWayMessage.open(bob, PROLOGUE, message).payload().length);
    }

    @Test
    void isForOneRecipientUnderOnePrologue() throws IOException {
        byte[] message = OneWayMessage.seal(ann, bob.publicKey(), PROLOGUE, new byte[5]);
        assertThrows(ProtocolException.class, () -> OneWayMessage.open(ann, PROLOGUE, message));
        assertThrows(ProtocolException.class, () -> OneWayMessage.open(bob, new byte[] {1, 2}, message));
    }

    @Test
    void aKeyOfLowOrderIsRefused() throws IOException {
        assertThrows(ProtocolException.class, () -> OneWayMessage.seal(ann, new byte[32], PROLOGUE, new byte[0]));
        byte[] message = OneWayMessage.seal(ann, bob.publicKey(), PROLOGUE, new byte[0]);
        Arrays.fill(message, 0, 32, (byte) 0);
        assertThrows(ProtocolException.class, () -> OneWayMessage.open(bob, PROLOGUE, message));
    }

    @Test
    void contentIsWholeOrNothing() throws IOException {
        byte[] key = new byte[OneWayMessage.CONTENT_KEY_BYTES];
        byte[] content = OneWayMessage.encrypt(key, new byte[] {7});
        assertArrayEquals(new byte[] {7}, OneWayMessage.decrypt(key, content));
        for (int i = 0; i < content.length; i++) {
            byte[] damaged = content.clone();
            damaged[i] ^= 1;
            assertThrows(ProtocolException.class, () -> OneWayMessage.decrypt(key, damaged));
        }
        assertThrows(ProtocolException.class, () -> OneWayMessage.decrypt(key, new byte[3]));
    }
}
