package dev.cipherlink.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.Sodium;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyPairTest {

    @Test
    void multipliesAsInRfc7748() throws IOException {
        for (VectorValue known : vectors().get("scalarmult").elements()) {
            byte[] shared = KeyPair.of(known.get("scalar").bytes()).dh(known.get("u").bytes());
            assertArrayEquals(known.get("out").bytes(), shared);
        }
    }

    @Test
    void iteratesAThousandTimesAsInRfc7748() throws IOException {
        byte[] k = new byte[KeyPair.KEY_BYTES];
        k[0] = 9;
        byte[] u = k.clone();
        for (int i = 1; i <= 1000; i++) {
            byte[] result = new byte[KeyPair.KEY_BYTES];
            Sodium.x25519(result, k, u);
            u = k;
            k = result;
            if (i == 1) {
                assertArrayEquals(vectors().get("iterated").get("1").bytes(), k);
            }
        }
        assertArrayEquals(vectors().get("iterated").get("1000").bytes(), k);
    }

    @Test
    void bothSidesGetTheSharedSecretOfRfc7748() throws IOException {
        VectorValue known = vectors().get("dh");
        try (var a = KeyPair.of(known.get("a").bytes()); var b = KeyPair.of(known.get("b").bytes())) {
            assertArrayEquals(known.get("A").bytes(), a.publicKey());
            assertArrayEquals(known.get("B").bytes(), b.publicKey());
            assertArrayEquals(known.get("K").bytes(), a.dh(b.publicKey()));
            assertArrayEquals(known.get("K").bytes(), b.dh(a.publicKey()));
        }
    }

    @Test
    void refusesLowOrderPointsWithTheTopBitClearAndSet() throws IOException {
        List<byte[]> points = lowOrderPoints();
        assertEquals(14, points.size());
        try (var pair = KeyPair.generate()) {
            for (byte[] point : points) {
                assertThrows(ProtocolException.class, () -> pair.dh(point), () -> HexFormat.of().formatHex(point));
            }
        }
    }

    @Test
    void generatesAnotherPairEachTime() {
        try (var one = KeyPair.generate(); var other = KeyPair.generate()) {
            assertFalse(Arrays.equals(one.publicKey(), other.publicKey()));
        }
    }

    @Test
    void computesNothingOnceClosed() {
        var pair = KeyPair.generate();
        var peer = KeyPair.generate();
        pair.close();
        pair.close();

        assertThrows(IllegalStateException.class, () -> pair.dh(peer.publicKey()));
    }

    @Test
    void keepsItsOwnCopyOfTheSecret() throws IOException {
        byte[] secret = new byte[KeyPair.KEY_BYTES];
        Arrays.fill(secret, (byte) 5);
        var peer = KeyPair.generate();
        var pair = KeyPair.of(secret);
        byte[] before = pair.dh(peer.publicKey());
        Arrays.fill(secret, (byte) 6);

        assertArrayEquals(before, pair.dh(peer.publicKey()));
    }

    @Test
    void refusesASecretOfAnotherLength() {
        assertThrows(IllegalArgumentException.class, () -> KeyPair.of(new byte[31]));
        assertThrows(IllegalArgumentException.class, () -> KeyPair.of(new byte[33]));
    }

    /// The seven points of the vector file, each also with the bit set that X25519 ignores.
    static List<byte[]> lowOrderPoints() throws IOException {
        return vectors().get("low_order_u").elements().stream().map(VectorValue::bytes).<byte[]>mapMulti((point, sink) -> {
            byte[] withTopBit = point.clone();
            withTopBit[withTopBit.length - 1] |= (byte) 0x80;
            sink.accept(point);
            sink.accept(withTopBit);
        }).toList();
    }

    private static VectorValue vectors() throws IOException {
        return VectorValue.resource("rfc7748_x25519.json");
    }
}
