package dev.cipherlink.server;

import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.SharedKey;
import java.util.Optional;

/// Who a server is, and whom it lets in. A version of the wire for which it has no key is not served.
///
/// @param sharedKey the key of version 1, if it is served; closed by whoever made it, after the server
/// @param identity  the server's own key of version 2, if it is served; closed by whoever made it, after the server
/// @param clients   whose keys are let in over version 2
public record ServerKeys(Optional<SharedKey> sharedKey, Optional<Identity> identity, ClientDirectory clients) {

    /// Version 1 only.
    public static ServerKeys shared(SharedKey key) {
        return new ServerKeys(Optional.of(key), Optional.empty(), ClientDirectory.NOBODY);
    }

    /// Version 2 only.
    public static ServerKeys personal(Identity identity, ClientDirectory clients) {
        return new ServerKeys(Optional.empty(), Optional.of(identity), clients);
    }
}
