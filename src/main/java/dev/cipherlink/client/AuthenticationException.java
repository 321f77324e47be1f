package dev.cipherlink.client;

import java.io.IOException;

/// The server does not accept our key, or is not the one it should be.
public sealed class AuthenticationException extends IOException permits HostKeyException {
    private static final long serialVersionUID = 1;

    AuthenticationException(String message, Throwable cause) {
        super(message, cause);
    }
}
