package dev.cipherlink.forward.mux;

import java.io.IOException;

/// The unencrypted side of a channel, which never blocks.
interface Plain {
    /// @return 0 if nothing is there, -1 at the end of the stream
    int read(byte[] to, int offset, int length) throws IOException;

    /// @return how many of the bytes it has taken
    int write(byte[] from, int offset, int length) throws IOException;

    /// Whether to say when there are bytes to read.
    void awaitInput(boolean isAwaited);

    /// Whether to say when bytes can be written.
    void awaitRoom(boolean isAwaited);

    void endOutput() throws IOException;

    /// Ends it after all output is delivered. Idempotent.
    void close();

    /// Ends it so that its peer sees that something broke. Idempotent.
    void reset();
}
