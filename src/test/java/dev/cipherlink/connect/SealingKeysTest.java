package dev.cipherlink.connect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.seal.KnownPeople;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SealingKeysTest {

    /// Else the server could tell ann what ann has sealed as words of bob.
    @Test
    void ourOwnKeyIsNotBelievedAsAnothers() throws IOException {
        try (KeyPair own = KeyPair.generate()) {
            PublicKey ownKey = PublicKey.of(own.publicKey());
            var keys = new SealingKeys(own, ownKey, new KnownPeople(Optional.empty(), "a:1"));
            Reply answer = Reply.line(new PublicKeyLine(ownKey, "bob").encode());
            assertTrue(assertThrows(IOException.class, () -> keys.answer("bob", "ann", answer)).getMessage().contains("YOUR OWN KEY"));
            assertEquals(Optional.of(ownKey), keys.answer("Ann", "ann", answer));
            assertEquals(Optional.empty(), keys.answer("bob", "ann", Reply.NOT_FOUND));
        }
    }
}
