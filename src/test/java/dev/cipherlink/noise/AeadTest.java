package dev.cipherlink.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.noise.CipherState.Aead;
import dev.cipherlink.noise.CipherState.Aead.CipherKey;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import javax.crypto.AEADBadTagException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AeadTest {

    private static final int NONCE_BITS = 96;

    @Test
    void chaChaPolyGivesTheAnswersOfWycheproof() throws IOException, AEADBadTagException {
        int valid = 0;
        int forged = 0;
        for (VectorValue group : VectorValue.published("wycheproof_chacha20_poly1305_test.json").get("testGroups").elements()) {
            if (Integer.parseInt(group.get("ivSize").text()) != NONCE_BITS) {
                continue;
            }
            for (VectorValue known : group.get("tests").elements()) {
                if (known.get("result").text().equals("valid")) {
                    assertSealsAndOpens(known);
                    valid++;
                } else {
                    assertThrows(AEADBadTagException.class, () -> open(known), () -> known.get("tcId").text());
                    forged++;
                }
            }
        }
        assertEquals(316, valid + forged);
        assertEquals(60, forged);
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void theJdkRefusesTheSameKeyAndNonceTwiceRunning(Suite suite) throws AEADBadTagException {
        var aead = new Aead(suite);
        byte[] nonce = new byte[Aead.NONCE_BYTES];
        var key = new CipherKey(suite, new byte[CipherKey.BYTES]);
        aead.startEncryption(key, nonce, new byte[0]);
        aead.finish(new byte[1], 0, 1, new byte[17], 0);

        assertThrows(IllegalStateException.class, () -> aead.startEncryption(key, nonce, new byte[0]));
    }

    @ParameterizedTest
    @EnumSource(Suite.class)
    void canForgetItsKeyMoreThanOnceAndGoOn(Suite suite) throws AEADBadTagException {
        var aead = new Aead(suite);
        byte[] nonce = new byte[Aead.NONCE_BYTES];
        aead.forget();
        for (int i = 0; i < 3; i++) {
            nonce[11] = (byte) i;
            aead.startEncryption(new CipherKey(suite, new byte[CipherKey.BYTES]), nonce, new byte[0]);
            assertEquals(17, aead.finish(new byte[1], 0, 1, new byte[17], 0));
            aead.forget();
            aead.forget();
        }
    }

    private static void assertSealsAndOpens(VectorValue known) throws AEADBadTagException {
        byte[] message = known.get("msg").bytes();
        byte[] sealed = new byte[message.length + Aead.TAG_BYTES];
        var aead = new Aead(Suite.CHACHA_POLY);
        aead.startEncryption(key(known), known.get("iv").bytes(), known.get("aad").bytes());
        aead.finish(message, 0, message.length, sealed, 0);
        assertArrayEquals(sealed(known), sealed, () -> known.get("tcId").text());
        assertArrayEquals(message, open(known), () -> known.get("tcId").text());
    }

    private static byte[] open(VectorValue known) throws AEADBadTagException {
        byte[] sealed = sealed(known);
        byte[] opened = new byte[sealed.length - Aead.TAG_BYTES];
        var aead = new Aead(Suite.CHACHA_POLY);
        aead.startDecryption(key(known), known.get("iv").bytes(), known.get("aad").bytes());
        aead.finish(sealed, 0, sealed.length, opened, 0);
        return opened;
    }

    private static CipherKey key(VectorValue known) {
        return new CipherKey(Suite.CHACHA_POLY, known.get("key").bytes());
    }

    private static byte[] sealed(VectorValue known) {
        List<byte[]> parts = List.of(known.get("ct").bytes(), known.get("tag").bytes());
        byte[] sealed = Arrays.copyOf(parts.get(0), parts.get(0).length + parts.get(1).length);
        System.arraycopy(parts.get(1), 0, sealed, parts.get(0).length, parts.get(1).length);
        return sealed;
    }
}
