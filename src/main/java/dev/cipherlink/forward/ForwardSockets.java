package dev.cipherlink.forward;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;

/// Options that all sockets of forwards have in common.
public final class ForwardSockets {

    /// Silence after which the kernel asks whether the other side is still there, the pause between questions, and how
    /// many go unanswered before the connection counts as lost: about a minute in all.
    private static final Duration KEEPALIVE_IDLE = Duration.ofSeconds(30);
    private static final Duration KEEPALIVE_PAUSE = Duration.ofSeconds(10);
    private static final int KEEPALIVE_QUESTIONS = 3;
    /// Asked once: a socket makes a set of them for each that asks.
    private static final Set<SocketOption<?>> SUPPORTED = supportedOptions();

    private ForwardSockets() {
    }

    /// A socket to connect. The JVM's own SOCKS settings are not for what goes through it, and to look for them takes
    /// longer than to connect.
    public static Socket open() {
        return new Socket(Proxy.NO_PROXY);
    }

    /// No waiting for small packets to grow, and a peer that is gone without a word is noticed: in stream mode there are
    /// no messages that could ask for a sign of life.
    public static void tune(Socket socket) throws IOException {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        set(socket, ExtendedSocketOptions.TCP_KEEPIDLE, (int) KEEPALIVE_IDLE.toSeconds());
        set(socket, ExtendedSocketOptions.TCP_KEEPINTERVAL, (int) KEEPALIVE_PAUSE.toSeconds());
        set(socket, ExtendedSocketOptions.TCP_KEEPCOUNT, KEEPALIVE_QUESTIONS);
    }

    private static Set<SocketOption<?>> supportedOptions() {
        try (Socket socket = open()) {
            return socket.supportedOptions();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void set(Socket socket, SocketOption<Integer> option, int value) throws IOException {
        if (SUPPORTED.contains(option)) {
            socket.setOption(option, value);
        }
    }

    /// Closes so that the peer sees a reset, and drops what has not been sent.
    public static void reset(Socket socket) {
        try (socket) {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            // It is closed already.
        }
    }

    /// Closes; a failure changes nothing.
    public static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // There is nothing left that could be lost.
        }
    }
}
