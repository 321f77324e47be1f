package dev.cipherlink.client;

import dev.cipherlink.crypto.PublicKey;
import java.io.IOException;

/// Decides whether a server is the one it should be. Called after the server has proved that it holds the key, and
/// before it learns ours. May block, for instance to ask.
@FunctionalInterface
public interface HostKeyVerifier {

    /// @param host as the user named it
    /// @throws IOException if the key is not accepted: nothing more is sent
    void verify(String host, int port, PublicKey key) throws IOException;
}
