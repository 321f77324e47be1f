package dev.cipherlink.server;

import java.io.IOException;
import java.nio.file.Path;

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
