package dev.cipherlink.client;

import java.io.IOException;

/// The connection was lost within the handshake, in a way that says nothing about keys: another attempt may succeed.
final class LostHandshakeException extends IOException {
    private static final long serialVersionUID = 1;

    LostHandshakeException(boolean isShared, IOException cause) {
        super("the server closed the connection during the handshake: it may be stopping, limit connections of this address, or "
                + (isShared ? "not serve version 1" : "serve a shared key only"), cause);
    }
}
