package dev.cipherlink.client;

import dev.cipherlink.noise.Suite;
import java.io.IOException;

/// The server closed the connection within the handshake, in a way that says nothing about keys: another attempt may
/// succeed. The message says what the reason may be.
public final class LostHandshakeException extends IOException {
    private static final long serialVersionUID = 1;

    private LostHandshakeException(String what, IOException cause) {
        super("the server closed the connection " + what, cause);
    }

    static LostHandshakeException broken(boolean isShared, IOException cause) {
        return new LostHandshakeException("during the handshake: it may be stopping, limit connections of this address, or "
                + (isShared ? "not serve version 1" : "serve a shared key only"), cause);
    }

    /// Closed before the first byte of the server's: so does one that does not accept the suite.
    static LostHandshakeException unanswered(Suite suite, IOException cause) {
        return new LostHandshakeException((suite.isHybrid()
                ? "at the post-quantum handshake: it may be too old for that (client.suites=classic goes to such a server), "
                : "at the classic handshake: it may require the post-quantum one (client.suites=hybrid), ")
                + "be stopping, limit connections of this address, or serve a shared key only", cause);
    }
}
