package dev.cipherlink.seal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.noise.VectorValue;
import dev.cipherlink.peer.Python;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Another implementation, in Python, opens what this one seals, and the other way round.
class SealedPythonTest {
    private static final HexFormat HEX = HexFormat.of();
    private static final byte[] ANN = new byte[32];
    private static final byte[] BOB = new byte[32];

    static {
        Arrays.fill(ANN, (byte) 1);
        Arrays.fill(BOB, (byte) 2);
    }

    private final KeyPair ann = KeyPair.of(ANN);
    private final KeyPair bob = KeyPair.of(BOB);

    private static PublicKey key(KeyPair pair) {
        return PublicKey.of(pair.publicKey());
    }

    private static List<String> python(String... arguments) throws Exception {
        var program = Python.program("seal.py", arguments);
        program.environment().put("PYTHONIOENCODING", "utf-8");
        program.environment().put("LC_ALL", "C.UTF-8");
        Python.Outcome outcome = Python.run(Duration.ofSeconds(60), program);
        assertEquals(0, outcome.status(), outcome.errors());
        return outcome.output();
    }

    @Test
    void theVectorsHold() throws IOException {
        VectorValue vector = VectorValue.resource("sealed.json");
        SealedText text = SealedText.open(bob, vector.get("sealed_text").text());
        assertEquals(key(ann), text.sender());
        assertEquals(Instant.ofEpochMilli(Long.parseLong(vector.get("millis").text())), text.written());
        assertEquals(new String(vector.get("text").bytes(), StandardCharsets.UTF_8), text.text());
        SealedValue value = SealedValue.open(bob, vector.get("key").bytes(), vector.get("sealed_value").bytes());
        assertEquals(key(ann), value.sender());
        assertArrayEquals(vector.get("value").bytes(), value.value());
        assertEquals(vector.get("words").text(), AuthenticationWords.of(key(ann), key(bob)));
        assertEquals(vector.get("words").text(), AuthenticationWords.of(key(bob), key(ann)));
        assertNotEquals(vector.get("words").text(), AuthenticationWords.of(key(ann), key(KeyPair.generate())));
    }

    @Test
    void pythonOpensOurMessageAndWeOpenIts() throws Exception {
        Instant now = Instant.ofEpochMilli(1_800_000_000_123L);
        List<String> opened = python("open-text", HEX.formatHex(BOB), SealedText.seal(ann, key(bob), now, "grüße"));
        assertEquals(List.of(HEX.formatHex(ann.publicKey()), "1800000000123", "grüße"), opened);
        String sealed = python("seal-text", HEX.formatHex(ANN), HEX.formatHex(bob.publicKey()), "1800000000123", "hello bob").getFirst();
        assertEquals(new SealedText(key(ann), now, "hello bob"), SealedText.open(bob, sealed));
    }

    @Test
    void pythonOpensOurValueAndWeOpenIts() throws Exception {
        byte[] name = "a/key".getBytes(StandardCharsets.UTF_8);
        byte[] value = new byte[5_000];
        String sealed = HEX.formatHex(SealedValue.seal(ann, name, value, List.of(key(bob))));
        for (byte[] reader : List.of(ANN, BOB)) {
            assertEquals(List.of(HEX.formatHex(ann.publicKey()), HEX.formatHex(value)),
                    python("open-value", HEX.formatHex(reader), HEX.formatHex(name), sealed));
        }
        String theirs = python("seal-value", HEX.formatHex(ANN), HEX.formatHex(name), "00ff", HEX.formatHex(bob.publicKey())).getFirst();
        SealedValue opened = SealedValue.open(bob, name, HEX.parseHex(theirs));
        assertArrayEquals(new byte[] {0, (byte) 0xff}, opened.value());
        assertEquals(key(ann), opened.sender());
    }
}
