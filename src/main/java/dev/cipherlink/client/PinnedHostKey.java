package dev.cipherlink.client;

import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.crypto.PublicKey;

/// Accepts the one key with this fingerprint, whatever a known-hosts file says, and keeps nothing.
///
/// @param fingerprint of the server's key, as its operator passed it on
public record PinnedHostKey(Fingerprint fingerprint) implements HostKeyVerifier {

    /// Does not block.
    ///
    /// @throws HostKeyException if it is another key
    @Override
    public void verify(String host, int port, PublicKey key) throws HostKeyException {
        if (!key.fingerprint().equals(fingerprint)) {
            throw HostKeyException.mismatch(host, port, key, fingerprint);
        }
    }
}
