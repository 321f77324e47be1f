package dev.cipherlink.client;

import java.io.IOException;

/// The server does not accept our key, or is not the one it should be.
public final class AuthenticationException extends IOException {
    private static final long serialVersionUID = 1;

    AuthenticationException(String message, Throwable cause) {
        super(message, cause);
    }
}
