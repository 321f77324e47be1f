package dev.cipherlink.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The vectors hold in `src/test/python/mlkem.py` too, which was written from FIPS 203 alone.
class MlKem768Test {

    /// Gives these bytes and no more.
    static final class FixedRandom extends SecureRandom {
        private static final long serialVersionUID = 1;
        private final byte[] bytes;
        private int position;

        FixedRandom(byte[]... parts) {
            var all = new ByteArrayOutputStream();
            for (byte[] part : parts) {
                all.writeBytes(part);
            }
            bytes = all.toByteArray();
        }

        @Override
        public void nextBytes(byte[] target) {
            System.arraycopy(bytes, position, target, 0, target.length);
            position += target.length;
        }
    }

    @Test
    void theKnownAnswersHold() throws IOException, GeneralSecurityException {
        List<VectorValue> vectors = VectorValue.resource("mlkem768.json").get("vectors").elements();
        assertEquals(4, vectors.size());
        for (VectorValue vector : vectors) {
            try (var pair = MlKem768.generate(new FixedRandom(vector.get("d").bytes(), vector.get("z").bytes()))) {
                assertArrayEquals(vector.get("encapsulation_key_sha3").bytes(),
                        MessageDigest.getInstance("SHA3-256").digest(pair.encapsulationKey()));
                var made = MlKem768.encapsulate(pair.encapsulationKey(), new FixedRandom(vector.get("m").bytes()));
                assertArrayEquals(vector.get("ciphertext").bytes(), made.ciphertext());
                assertArrayEquals(vector.get("shared_secret").bytes(), made.sharedSecret());
                assertArrayEquals(made.sharedSecret(), pair.decapsulate(made.ciphertext()));
                byte[] wrong = made.ciphertext().clone();
                wrong[0] ^= 1;
                assertArrayEquals(vector.get("rejected").bytes(), pair.decapsulate(wrong));
            }
        }
    }

    @Test
    void everyPairAndEverySecretIsNew() throws IOException {
        try (var one = MlKem768.generate(null); var other = MlKem768.generate(null)) {
            assertFalse(Arrays.equals(one.encapsulationKey(), other.encapsulationKey()));
            var first = MlKem768.encapsulate(one.encapsulationKey(), null);
            var second = MlKem768.encapsulate(one.encapsulationKey(), null);
            assertFalse(Arrays.equals(first.ciphertext(), second.ciphertext()));
            assertFalse(Arrays.equals(first.sharedSecret(), second.sharedSecret()));
            assertEquals(MlKem768.SHARED_SECRET_BYTES, first.sharedSecret().length);
            assertFalse(Arrays.equals(first.sharedSecret(), other.decapsulate(first.ciphertext())));
        }
    }

    /// The modulus check of FIPS 203, section 7.2: the JDK makes it, and this stays so.
    @ParameterizedTest
    @CsvSource({"0, 3329", "1, 3329", "0, 4095", "300, 3330", "767, 3329", "767, 4095"})
    void aCoefficientThatIsNotReducedIsRefused(int index, int coefficient) throws IOException {
        try (var pair = MlKem768.generate(null)) {
            byte[] key = pair.encapsulationKey().clone();
            setCoefficient(key, index, 3_328);
            assertEquals(MlKem768.CIPHERTEXT_BYTES, MlKem768.encapsulate(key, null).ciphertext().length);
            setCoefficient(key, index, coefficient);
            assertThrows(ProtocolException.class, () -> MlKem768.encapsulate(key, null));
        }
    }

    /// 12 bits, little-endian: two coefficients in three bytes.
    private static void setCoefficient(byte[] key, int index, int value) {
        int at = index / 2 * 3;
        if (index % 2 == 0) {
            key[at] = (byte) value;
            key[at + 1] = (byte) (key[at + 1] & 0xf0 | value >> 8);
        } else {
            key[at + 1] = (byte) (key[at + 1] & 0x0f | value << 4);
            key[at + 2] = (byte) (value >> 4);
        }
    }

    @Test
    void aClosedPairIsWipedAndSaysNothing() throws IOException {
        var pair = MlKem768.generate(null);
        var made = MlKem768.encapsulate(pair.encapsulationKey(), null);
        pair.close();
        pair.close();
        assertEquals("MlKem768", pair.toString());
        try {
            assertFalse(Arrays.equals(made.sharedSecret(), pair.decapsulate(made.ciphertext())));
        } catch (IllegalStateException e) {
            // The JDK refuses a key of zeros.
        }
    }
}
