package dev.cipherlink.session;

import dev.cipherlink.crypto.Sodium;

/// Who talks to whom in a session, and what its wire allows.
///
/// @param id              128 random bits in hex, chosen by the server
/// @param owner           whose it is: with whom it shares its part of the server's memory
/// @param name            the name the server knows the client by
/// @param reusesSequenceNumbers whether sequence numbers may be used again after 65,535; not in version 1, where they
///                        are what stops the replay of a packet
/// @param maxRequestBytes the largest request that is put together from fragments
/// @param keepaliveToken  the payload of our KEEPALIVEs: random, so that its answer is told apart from others
public record SessionIdentity(String id, String owner, String name, boolean reusesSequenceNumbers, int maxRequestBytes,
                              byte[] keepaliveToken) {

    private static final int KEEPALIVE_TOKEN_BYTES = 16;

    /// With a fresh token.
    public SessionIdentity(String id, String owner, String name, boolean reusesSequenceNumbers, int maxRequestBytes) {
        this(id, owner, name, reusesSequenceNumbers, maxRequestBytes, new byte[KEEPALIVE_TOKEN_BYTES]);
        Sodium.randomBytes(keepaliveToken);
    }
}
