package dev.cipherlink.client;

import java.io.IOException;

/// What to do about a server that is met for the first time. A changed key is never a matter of policy.
@FunctionalInterface
public interface UnknownHostPolicy {

    /// Refuses it. [HostKeyException#unknownHost] then tells whoever can ask a person, which takes longer than a
    /// handshake may.
    UnknownHostPolicy REFUSE = host -> false;

    /// Believes whoever answers first, and keeps the key.
    UnknownHostPolicy ACCEPT_NEW = host -> true;

    /// Whether the key is accepted and kept. Called during the handshake, which has a deadline on both sides.
    ///
    /// @throws IOException if that cannot be found out; the connection is given up
    boolean accepts(UnknownHost host) throws IOException;
}
