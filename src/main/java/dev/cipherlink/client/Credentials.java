package dev.cipherlink.client;

import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.noise.Suite;

/// How a client proves who it is, and finds out who the server is. It chooses the version of the wire; there is no
/// falling back from the one to the other.
public sealed interface Credentials {

    /// Version 1: a key that both sides hold. Whoever made the key closes it, not before the client.
    record Shared(SharedKey key) implements Credentials {
    }

    /// Version 2: an identity of our own, and a verdict on the server's.
    ///
    /// @param identity   closed by whoever made it, not before the client
    /// @param serverKeys asked on each connection
    /// @param suite      the cipher of the connection; the server supports all
    record Personal(Identity identity, HostKeyVerifier serverKeys, Suite suite) implements Credentials {

        /// With the suite that is fastest on this machine.
        public Personal(Identity identity, HostKeyVerifier serverKeys) {
            this(identity, serverKeys, PreferredSuite.ofThisMachine());
        }

        /// Noise's name of what the two ends do.
        public String protocolName() {
            return suite.protocolName();
        }

        /// For many connections to one server.
        Personal rememberingServerKey() {
            return new Personal(identity, new RememberedHostKey(serverKeys), suite);
        }
    }
}
