package dev.cipherlink.forward;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/// The unencrypted side of a relay.
public interface PlainEnd {

    InputStream input() throws IOException;

    OutputStream output() throws IOException;

    /// No more output: a half-close.
    void endOutput() throws IOException;

    /// Ends it after all output is delivered. Idempotent.
    void close();

    /// Ends it so that its peer sees that something broke. Idempotent, as is one of both after the other.
    void reset();

    /// A TCP connection.
    static PlainEnd of(Socket socket) {
        return new PlainEnd() {
            @Override
            public InputStream input() throws IOException {
                return socket.getInputStream();
            }

            @Override
            public OutputStream output() throws IOException {
                return socket.getOutputStream();
            }

            @Override
            public void endOutput() throws IOException {
                socket.shutdownOutput();
            }

            @Override
            public void close() {
                ForwardSockets.close(socket);
            }

            @Override
            public void reset() {
                ForwardSockets.reset(socket);
            }
        };
    }
}
