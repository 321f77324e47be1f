package dev.cipherlink.client;

import dev.cipherlink.crypto.PublicKey;
import java.io.IOException;

/// Accepts the servers of a known-hosts file, and new ones as a policy says.
///
/// @param hosts  the file
/// @param policy asked about new ones only
public record KnownHostKeys(KnownHosts hosts, UnknownHostPolicy policy) implements HostKeyVerifier {

    /// Blocks on the disk, and on the policy.
    ///
    /// @throws HostKeyException if the key is new and not accepted, or another one than before
    /// @throws IOException if the file cannot be read, or a key that was accepted cannot be kept
    @Override
    public void verify(String host, int port, PublicKey key) throws IOException {
        switch (hosts.lookup(host, port, key)) {
            case KnownHosts.Lookup.Known() -> { }
            case KnownHosts.Lookup.Changed changed -> throw HostKeyException.changed(host, port, key, changed);
            case KnownHosts.Lookup.Unknown(var otherNames) -> {
                var unknown = new UnknownHost(host, port, key, otherNames);
                if (!policy.accepts(unknown)) {
                    throw HostKeyException.unknown(unknown);
                }
                hosts.add(host, port, key);
            }
        }
    }
}
