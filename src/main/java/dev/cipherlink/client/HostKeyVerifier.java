package dev.cipherlink.client;

import dev.cipherlink.client.AuthenticationException.HostKeyException;
import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.crypto.PublicKey;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/// Decides whether a server is the one it should be. Called after the server has proved that it holds the key, and
/// before it learns ours. May block, for instance to ask.
@FunctionalInterface
public interface HostKeyVerifier {

    /// @param host as the user named it
    /// @throws IOException if the key is not accepted: nothing more is sent
    void verify(String host, int port, PublicKey key) throws IOException;

    /// Called with each session, after the server has proved that it holds the verified key.
    ///
    /// @param next the key that the server says it will have next; empty if it says none
    /// @throws IOException if that cannot be kept; the session goes on
    default void announced(String host, int port, Optional<PublicKey> next) throws IOException {
        // Most verifiers keep nothing.
    }

    /// Accepts the servers of a known-hosts file, and new ones as a policy says.
    ///
    /// @param hosts  the file
    /// @param policy asked about new ones only
    public record KnownHostKeys(KnownHosts hosts, UnknownHostPolicy policy) implements HostKeyVerifier {

        private static final Logger LOG = System.getLogger(HostKeyVerifier.class.getName());

        /// Blocks on the disk, and on the policy.
        ///
        /// @throws HostKeyException if the key is new and not accepted, or another one than before
        /// @throws IOException if the file cannot be read, or a key that was accepted cannot be kept
        @Override
        public void verify(String host, int port, PublicKey key) throws IOException {
            switch (hosts.lookup(host, port, key)) {
                case KnownHosts.Lookup.Known(boolean wasNext) -> {
                    if (wasNext) {
                        succeed(host, port, key);
                    }
                }
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

        /// The key is trusted whether or not the older one can be forgotten now: the next connection tries again.
        private void succeed(String host, int port, PublicKey key) {
            try {
                hosts.succeed(host, port, key);
            } catch (IOException e) {
                LOG.log(Level.WARNING, "it cannot be kept that the server has its next key now: {0}", e.getMessage());
            }
        }

        /// Keeps the next key beside the present one, in place of another that was announced before. Blocks on the disk.
        @Override
        public void announced(String host, int port, Optional<PublicKey> next) throws IOException {
            hosts.setNext(host, port, next);
        }
    }

    /// Refuses revoked keys, whatever another verifier says of them.
    public record NotRevoked(RevokedHosts revoked, HostKeyVerifier verifier) implements HostKeyVerifier {

        /// Blocks on the disk.
        @Override
        public void verify(String host, int port, PublicKey key) throws IOException {
            int line = revoked.find(key.fingerprint());
            if (line > 0) {
                throw HostKeyException.revoked(host, port, key, revoked.path() + ":" + line);
            }
            verifier.verify(host, port, key);
        }

        @Override
        public void announced(String host, int port, Optional<PublicKey> next) throws IOException {
            verifier.announced(host, port, next);
        }
    }

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

    /// Asks another verifier about the key of one server until it accepts one, and from then on accepts that key without
    /// asking. Thread-safe.
    static final class RememberedHostKey implements HostKeyVerifier {

        private final HostKeyVerifier verifier;
        private volatile PublicKey accepted;
        /// Null before the first announcement.
        private volatile Optional<PublicKey> lastAnnounced;

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

        @Override
        public void announced(String host, int port, Optional<PublicKey> next) throws IOException {
            if (!next.equals(lastAnnounced)) {
                verifier.announced(host, port, next);
                lastAnnounced = next;
            }
        }
    }

    /// A server that is met for the first time.
    ///
    /// @param host       as the user named it
    /// @param port       1 .. 65,535
    /// @param key        which it has proved to hold
    /// @param otherNames under which a server with this key is known
    public record UnknownHost(String host, int port, PublicKey key, List<String> otherNames) {
        public UnknownHost {
            otherNames = List.copyOf(otherNames);
        }
    }

    /// How a server that is met for the first time is treated. A changed key is never a matter of policy.
    @FunctionalInterface
    public interface UnknownHostPolicy {

        /// Refuses it. `HostKeyException.unknownHost` then has what a caller needs to ask a person, which takes longer than a
        /// handshake may.
        UnknownHostPolicy REFUSE = host -> false;

        /// Trusts the first key that answers, and keeps it.
        UnknownHostPolicy ACCEPT_NEW = host -> true;

        /// Whether the key is accepted and kept. Called during the handshake, which has a deadline on both sides.
        ///
        /// @throws IOException if that cannot be found out; the connection is given up
        boolean accepts(UnknownHost host) throws IOException;
    }
}
