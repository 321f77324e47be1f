package dev.cipherlink.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.cipherlink.noise.SymmetricState.Blake2b;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class Blake2bTest {

    @Test
    void hashesTheExampleOfRfc7693() {
        byte[] digest = Blake2b.hash(new byte[0], "abc".getBytes(StandardCharsets.US_ASCII));

        assertEquals("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923", HexFormat.of().formatHex(digest));
    }

    @Test
    void hashesBothPartsAsOneInput() {
        assertArrayEquals(Blake2b.hash(new byte[0], new byte[] {1, 2, 3}),
                Blake2b.hash(new byte[] {1}, new byte[] {2, 3}));
    }

    @Test
    void hmacGivesTheKnownAnswers() throws IOException {
        List<VectorValue> cases = VectorValue.resource("hmac_blake2b_noise_hkdf.json").get("hmac").elements();
        assertEquals(60, cases.size());
        for (VectorValue known : cases) {
            assertArrayEquals(known.get("mac").bytes(),
                    Blake2b.hmac(known.get("key").bytes(), known.get("msg").bytes()));
        }
    }

    @Test
    void hkdfGivesTheKnownAnswersWithTwoAndThreeOutputs() throws IOException {
        List<VectorValue> cases = VectorValue.resource("hmac_blake2b_noise_hkdf.json").get("noise_hkdf").elements();
        assertFalse(cases.isEmpty());
        for (VectorValue known : cases) {
            byte[][] expected = known.get("outputs").elements().stream().map(VectorValue::bytes).toArray(byte[][]::new);
            byte[] chainingKey = known.get("chaining_key").bytes();
            byte[] inputKeyMaterial = known.get("ikm").bytes();
            assertArrayEquals(expected, Blake2b.hkdf(chainingKey, inputKeyMaterial, 3));
            assertArrayEquals(Arrays.copyOf(expected, 2), Blake2b.hkdf(chainingKey, inputKeyMaterial, 2));
        }
    }

    @Test
    void leavesItsArgumentsAlone() {
        byte[] key = new byte[200];
        byte[] message = {1, 2, 3};
        Arrays.fill(key, (byte) 7);

        Blake2b.hmac(key, message);

        assertArrayEquals(new byte[] {1, 2, 3}, message);
        assertEquals(7, key[0]);
        assertEquals(7, key[199]);
    }
}
