package dev.cipherlink.client;

import dev.cipherlink.client.HostKeyVerifier.UnknownHost;
import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.crypto.PublicKey;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// The server does not accept our key, or is not the one it should be.
public sealed class AuthenticationException extends IOException {
    private static final long serialVersionUID = 1;

    AuthenticationException(String message, Throwable cause) {
        super(message, cause);
    }

    /// The server is not, or not known to be, the one it should be. Our identity was not sent. The message
    /// is one line and says what to do.
    public static final class HostKeyException extends AuthenticationException {
        private static final long serialVersionUID = 1;

        private final transient UnknownHost unknown;

        private HostKeyException(String message, UnknownHost unknown) {
            super(message, null);
            this.unknown = unknown;
        }

        static HostKeyException unknown(UnknownHost host) {
            return new HostKeyException("unknown host key of " + KnownHosts.name(host.host(), host.port()) + ": "
                    + host.key().fingerprint() + "; " + also(host.otherNames())
                    + "if the server shows the same when it starts, use --host-key " + host.key().fingerprint()
                    + " (or --accept-new-host-key, which believes whoever answers)", host);
        }

        private static String also(List<String> otherNames) {
            return otherNames.isEmpty() ? "" : "this key is known as " + String.join(", ", otherNames) + "; ";
        }

        static HostKeyException changed(String host, int port, PublicKey offered, KnownHosts.Lookup.Changed stored) {
            String where = stored.file() + ":" + stored.line();
            return new HostKeyException("THE HOST KEY OF " + KnownHosts.name(host, port) + " HAS CHANGED: it was "
                    + stored.stored() + " (" + where + (stored.firstSeen().isEmpty() ? "" : ", first seen "
                    + stored.firstSeen()) + "), now it is " + offered.fingerprint() + "; somebody may be listening in "
                    + "between, or the server has a new key: if its operator confirms that, delete line " + stored.line()
                    + " of " + stored.file() + " (cipherlink hosts forget " + KnownHosts.name(host, port) + ")", null);
        }

        static HostKeyException revoked(String host, int port, PublicKey offered, String where) {
            return new HostKeyException("the host key of " + KnownHosts.name(host, port) + " is revoked: " + offered.fingerprint()
                    + " (" + where + "); its holder may not be the server any more, so nothing was sent", null);
        }

        static HostKeyException mismatch(String host, int port, PublicKey offered, Fingerprint wanted) {
            return new HostKeyException("wrong host key of " + KnownHosts.name(host, port) + ": it is "
                    + offered.fingerprint() + ", and --host-key demands " + wanted
                    + "; somebody may be listening in between, or this is another server", null);
        }

        /// The server, if its key is new: the caller may ask the user, add it to the known hosts, and connect
        /// again. Empty if the key is wrong, which no question may change.
        public Optional<UnknownHost> unknownHost() {
            return Optional.ofNullable(unknown);
        }
    }
}
