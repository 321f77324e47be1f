package dev.cipherlink.client;

import dev.cipherlink.crypto.PublicKey;
import java.io.IOException;

/// Asks another verifier about the key of one server until it accepts one, and from then on accepts that key without
/// asking. Thread-safe.
final class RememberedHostKey implements HostKeyVerifier {

    private final HostKeyVerifier verifier;
    private volatile PublicKey accepted;

    RememberedHostKey(HostKeyVerifier verifier) {
        this.verifier = verifier;
    }

    /// Blocks as the other verifier does, and fails as it does.
    @Override
    public void verify(String host, int port, PublicKey key) throws IOException {
        if (!key.equals(accepted)) {
            verifier.verify(host, port, key);
            accepted = key;
        }
    }
}
