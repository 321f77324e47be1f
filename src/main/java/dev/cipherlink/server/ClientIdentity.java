package dev.cipherlink.server;

import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.forward.ForwardRules;
import java.util.Optional;

/// Who a client is.
///
/// @param name       from the server's own records; with a shared key, what the client claims
/// @param key        what it proved to hold; empty with a shared key, which many hold
/// @param isOperator whether it may look at other connections
/// @param forwards   what it may have connected to, besides what everybody may
public record ClientIdentity(String name, Optional<PublicKey> key, boolean isOperator, ForwardRules forwards) {

    /// Without forwards of its own.
    public ClientIdentity(String name, Optional<PublicKey> key, boolean isOperator) {
        this(name, key, isOperator, ForwardRules.NONE);
    }
}
