package dev.cipherlink.server.access;

import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.forward.ForwardRules;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Optional;

/// Knows the clients of a server by their keys. Thread-safe; must not block for long.
public interface ClientDirectory {

    /// Lets nobody in.
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

    /// Whether the holder of this key may come in. Asked before anything else is received, and again for live
    /// connections whenever [#refresh] tells of a change.
    boolean admits(PublicKey key);

    /// Who the holder of this key is.
    ///
    /// @return empty if the key is not admitted (any more), or has no name yet
    Optional<ClientIdentity> identify(PublicKey key);

    /// Who the holder of this key is, who comes in now. A directory that gives names away gives one to a new key.
    ///
    /// @param claimedName what the client calls itself; empty if nothing
    /// @param from        where it comes from
    /// @return empty if the key is not admitted
    default Optional<ClientIdentity> welcome(PublicKey key, String claimedName, InetAddress from) {
        return identify(key);
    }

    /// The key that has this name, in upper or lower case: nobody without it may use the name.
    default Optional<PublicKey> keyOf(String name) {
        return Optional.empty();
    }

    /// Whether [#refresh] may find something new, as far as one cheap look tells. Asked for each client that comes in, so
    /// that a change holds for the next connection after it.
    default boolean mayHaveChanged() {
        return false;
    }

    /// Takes up changes of whatever is behind the directory. Called once a second, and when [#mayHaveChanged] says so.
    ///
    /// @return whether a key may have lost its admission
    default boolean refresh() {
        return false;
    }

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

    /// Whom a server lets in over version 2 (`server.clients`).
    public enum ClientPolicy {
        /// Those in the authorized-keys file.
        AUTHORIZED,
        /// Everybody who holds a key: one that is new takes a free name and keeps it.
        ANY;

        /// The directory of this policy.
        ///
        /// @param enrolled where ANY keeps the names that it gave away
        /// @throws IOException if that file cannot be read; see [AuthorizedKeys#load]
        public ClientDirectory directory(AuthorizedKeys authorized, Path enrolled) throws IOException {
            return switch (this) {
                case AUTHORIZED -> authorized;
                case ANY -> Enrolment.open(authorized, enrolled);
            };
        }
    }
}
