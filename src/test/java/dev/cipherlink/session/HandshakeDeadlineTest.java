package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The deadline of handshakes, in a virtual thread as a server has it, and in a platform thread as a client may.
class HandshakeDeadlineTest {

    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofMinutes(5);

    private static <T> T inThread(boolean isVirtual, Callable<T> action) throws Exception {
        var result = new CompletableFuture<T>();
        Thread thread = (isVirtual ? Thread.ofVirtual() : Thread.ofPlatform()).start(() -> {
            try {
                result.complete(action.call());
            } catch (Exception | Error e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.get(60, TimeUnit.SECONDS);
        } finally {
            thread.join();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void closesTheSocketOfAPeerThatSaysNothing(boolean isVirtual) throws Exception {
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var client = new Socket(listener.getInetAddress(), listener.getLocalPort()); Socket silent = listener.accept()) {
            inThread(isVirtual, () -> {
                assertThrows(TimeoutException.class,
                        () -> SessionHandshake.within(SHORT, () -> silent.getInputStream().read()));
                assertFalse(Thread.currentThread().isInterrupted(), "a connection has last words to say");
                return null;
            });
            assertEquals(-1, client.getInputStream().read());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tellsWhatTheHandshakesThrew(boolean isVirtual) throws Exception {
        var failure = new IOException("refused");
        inThread(isVirtual, () -> {
            assertSame(failure, assertThrows(ExecutionException.class, () -> SessionHandshake.within(LONG, () -> {
                throw failure;
            })).getCause());
            return null;
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endsWithItsThread(boolean isVirtual) throws Exception {
        inThread(isVirtual, () -> {
            Thread own = Thread.currentThread();
            assertThrows(InterruptedException.class, () -> SessionHandshake.within(LONG, () -> {
                own.interrupt();
                try {
                    return new CountDownLatch(1).await(60, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted");
                }
            }));
            return null;
        });
    }

    @Test
    void leavesHandshakesAloneThatEndedInTime() throws Exception {
        var deadline = Duration.ofSeconds(1);
        assertEquals("done", inThread(true, () -> {
            String result = SessionHandshake.within(deadline, () -> "done");
            // Longer than the deadline: an alarm that was left would end this.
            new CountDownLatch(1).await(deadline.toMillis() + 100, TimeUnit.MILLISECONDS);
            return result;
        }));
    }
}
