package dev.cipherlink.session;

import java.io.IOException;

/// The server does not know our key: the one reason for which it sends ERROR instead of an answer to SYN.
public final class NotAuthorizedException extends IOException {
    private static final long serialVersionUID = 1;

    NotAuthorizedException(String reason) {
        super(reason);
    }
}
