package dev.cipherlink.forward;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.forward.ProxyDialogue.DialogueInput;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DialogueInputTest {

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000);

    /// Each read had ten seconds of its own: a program that sent a byte every nine held its connection, and a thread, for as
    /// long as a SOCKS request has bytes.
    @Test
    void aByteNowAndThenGainsNoTime() throws IOException {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var program = new Socket(listener.getInetAddress(), listener.getLocalPort());
                Socket accepted = listener.accept();
                var input = new DialogueInput(accepted, Duration.ofSeconds(10), nanos::get)) {
            program.getOutputStream().write(5);
            assertEquals(5, input.read());
            assertEquals(10_000, accepted.getSoTimeout());
            nanos.addAndGet(Duration.ofMillis(9_000).toNanos());
            program.getOutputStream().write(1);
            assertEquals(1, input.read(new byte[1]));
            assertEquals(1_000, accepted.getSoTimeout());
            nanos.addAndGet(Duration.ofMillis(1_000).toNanos() - 1);
            program.getOutputStream().write(0);
            await().until(() -> accepted.getInputStream().available() == 1);
            assertEquals(0, input.read());
            assertEquals(1, accepted.getSoTimeout());
            nanos.incrementAndGet();
            assertThrows(SocketTimeoutException.class, input::read);
            assertThrows(SocketTimeoutException.class, () -> input.read(new byte[1]));
        }
    }

    /// Programs may send their first bytes behind the request, before the answer.
    @Test
    void bytesBehindTheRequestAreOfWhatFollows() throws IOException {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var program = new Socket(listener.getInetAddress(), listener.getLocalPort());
                Socket accepted = listener.accept();
                var input = new DialogueInput(accepted, Duration.ofSeconds(10), nanos::get)) {
            program.getOutputStream().write(new byte[] {1, 2, 3});
            assertEquals(1, input.read());
            assertArrayEquals(new byte[] {2, 3}, input.rest());
        }
    }
}
