package dev.cipherlink.fault;

import java.io.IOException;
import java.net.Socket;

/// How a connection is ended.
public enum Ending {
    /// Our direction ends; what still comes is read and dropped.
    FIN {
        @Override
        void apply(Socket socket) throws IOException {
            socket.shutdownOutput();
        }
    },
    /// At once, with everything that is under way lost.
    RST {
        @Override
        void apply(Socket socket) throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    };

    abstract void apply(Socket socket) throws IOException;
}
