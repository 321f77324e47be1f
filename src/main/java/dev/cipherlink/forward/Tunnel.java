package dev.cipherlink.forward;

import dev.cipherlink.channel.NoiseChannel;
import java.net.Socket;

/// An encrypted connection in stream mode, its handshakes done. Closing it closes the socket and wipes the keys.
///
/// @param socket  what the channel reads and writes
/// @param channel established
public record Tunnel(Socket socket, NoiseChannel channel) implements AutoCloseable {

    @Override
    public void close() {
        channel.close();
        ForwardSockets.close(socket);
    }
}
