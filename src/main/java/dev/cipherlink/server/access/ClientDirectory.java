package dev.cipherlink.server.access;

import dev.cipherlink.crypto.PublicKey;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Optional;

/// Maps keys to the clients of a server. Thread-safe; must not block for long.
public interface ClientDirectory {

    /// Admits no client.
    ClientDirectory NOBODY = new ClientDirectory() {
        @Override
        public boolean admits(PublicKey key) {
            return false;
        }

        @Override
        public Optional<ClientIdentity> identify(PublicKey key) {
            return Optional.empty();
        }
    };

    /// Whether the holder of this key is admitted. Checked before anything else is received, and again for open
    /// connections whenever [#refresh] reports a change.
    boolean admits(PublicKey key);

    /// Why the holder of this key is not admitted from this address: for the log, since the client is not told.
    ///
    /// @return null if it is admitted
    default String refusal(PublicKey key, InetAddress from) {
        return admits(key) ? null : "unknown key";
    }

    /// The client that holds this key.
    ///
    /// @return empty if the key is not admitted, or has no name yet
    Optional<ClientIdentity> identify(PublicKey key);

    /// The client that holds this key and is connecting. A directory that assigns names gives one to a new key.
    ///
    /// @param claimedName the name that the client claims; empty if none
    /// @param from        its address
    /// @return empty if the key is not admitted
    default Optional<ClientIdentity> welcome(PublicKey key, String claimedName, InetAddress from) {
        return identify(key);
    }

    /// The key that owns this name, ignoring case: clients without the key may not use the name.
    default Optional<PublicKey> keyOf(String name) {
        return Optional.empty();
    }

    /// Whether [#refresh] may find a change. A cheap check, made for each new client, so that a change applies to the
    /// next connection.
    default boolean mayHaveChanged() {
        return false;
    }

    /// Rereads the directory's source. Called once a second, and when [#mayHaveChanged] is true.
    ///
    /// @return whether a key may have lost its admission
    default boolean refresh() {
        return false;
    }

    /// Why what this file says is not in force.
    ///
    /// @return empty if it was in force when [#refresh] was last called
    default String problem(Path path) {
        return "the running server has no authorized-keys file";
    }

    /// A client as the server knows it.
    ///
    /// @param name   from the server's own records; with a shared key, the name that the client claims
    /// @param key    the key that it has proved to hold; empty with a shared key, which many hold
    public record ClientIdentity(String name, Optional<PublicKey> key, ClientRights rights) {

        /// An operator or a user without limits.
        public ClientIdentity(String name, Optional<PublicKey> key, boolean isOperator) {
            this(name, key, isOperator ? ClientRights.OPERATOR : ClientRights.USER);
        }

        public boolean isOperator() {
            return rights.isOperator();
        }
    }

    /// The policy for admitting clients over version 2 (`server.clients`).
    public enum ClientPolicy {
        /// The keys of the authorized-keys file.
        AUTHORIZED,
        /// Any key: a new one gets a free name and keeps it.
        ANY;

        /// The directory of this policy.
        ///
        /// @param enrolled the file in which ANY keeps the names that it gave out
        /// @throws IOException if that file cannot be read; see [AuthorizedKeys#load]
        public ClientDirectory directory(AuthorizedKeys authorized, Path enrolled) throws IOException {
            return switch (this) {
                case AUTHORIZED -> authorized;
                case ANY -> Enrolment.open(authorized, enrolled);
            };
        }
    }
}
