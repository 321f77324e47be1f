package dev.cipherlink.client;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.server.TestServer;
import dev.cipherlink.session.CloseReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/// The client against the real server.
class ClientIT {

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] command(String start, byte[] value) {
        var command = new ByteArrayOutputStream();
        command.writeBytes(bytes(start));
        command.writeBytes(value);
        return command.toByteArray();
    }

    /// Counts answers; remembers the first thing that went wrong.
    private static final class Tally implements ReplyHandler {
        final AtomicInteger answers = new AtomicInteger();
        final AtomicReference<String> wrong = new AtomicReference<>();
        volatile String last = "";

        @Override
        public void answered(Reply reply) {
            last = reply.text();
            answers.incrementAndGet();
            if (reply.isError()) {
                wrong.compareAndSet(null, reply.reason());
            }
        }

        @Override
        public void failed(IOException cause, boolean wasSent) {
            wrong.compareAndSet(null, cause + (wasSent ? " (sent)" : " (not sent)"));
        }
    }

    /// The example of the class doc of [Client].
    @Test
    void doesWhatItsExampleShows() throws Exception {
        try (var server = TestServer.start()) {
            SharedKey key = server.key();
            try (var client = Client.connect(ClientConfig.to("127.0.0.1", server.port(), key))) {
                client.request("SET greeting hello world");
                assertEquals("hello world", client.request("GET greeting").text());
            }
            server.awaitEnded(CloseReason.PEER_DISCONNECTED, 1);
            server.awaitConnections(0);
        }
    }

    @Test
    void worksInStepByStepModeAndClaimsAName() throws Exception {
        try (var server = TestServer.start();
             var client = Client.connect(server.clientConfig().withStepByStep(true).withClientId("anna"))) {
            assertEquals(1, client.session().windowSize());
            assertEquals("anna", client.session().clientId());
            for (int i = 1; i <= 50; i++) {
                assertEquals(Integer.toString(i), client.request("INCR n").text());
            }
            Reply missing = client.request("GET nothing");
            assertTrue(missing.isError());
            assertEquals("not found", missing.reason());
        }
    }

    @Test
    void carriesBinaryValuesOfEverySizeInAndOut() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            for (int size : new int[] {0, 1, 1_000, 65_507, 65_508, 65_509, 1 << 20, 16 << 20}) {
                var value = new byte[size];
                new Random(size).nextBytes(value);
                // The last newline of a command is not part of its value.
                assertEquals("OK", client.request(command("SET v ", append(value))).text());
                assertArrayEquals(append(value), client.request("GET v").payload(), size + " bytes");
            }
        }
    }

    private static byte[] append(byte[] value) {
        byte[] longer = Arrays.copyOf(value, value.length + 1);
        longer[value.length] = '\n';
        return longer;
    }

    @Test
    void refusesAValueThatIsTooLargeAndGoesOn() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            assertTrue(client.request(command("SET v ", new byte[(16 << 20) + 1])).isError());
            assertTrue(client.request(command("SET v ", new byte[17 << 20])).isError());
            assertEquals("PONG", client.request("PING").text());
        }
    }

    @Test
    void saysThatTheKeyIsWrong() throws Exception {
        try (var server = TestServer.start(); var other = SharedKey.generate()) {
            assertThrows(AuthenticationException.class,
                    () -> Client.connect(ClientConfig.to("127.0.0.1", server.port(), other)).close());
            server.awaitConnections(0);
        }
    }

    @Test
    void givesUpAServerThatNeverAnswersAtItsTimeout() throws Exception {
        try (var listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress()); var key = SharedKey.generate()) {
            var config = ClientConfig.to("127.0.0.1", listener.getLocalPort(), key)
                    .withTimes(Duration.ofMillis(300), Duration.ofSeconds(10));
            assertThrows(SocketTimeoutException.class, () -> Client.connect(config).close());
        }
    }

    /// More than two sessions' worth of numbers: each request runs once, in order.
    @Test
    void goesOnInAnotherSessionWhenTheNumbersOfOneAreUsedUp() throws Exception {
        int total = 140_000;
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig().withWindowSize(1_024))) {
            var tally = new Tally();
            for (int i = 0; i < total; i++) {
                client.send(bytes("INCR n"), tally);
            }
            client.flush();
            await().until(() -> tally.answers.get() == total || tally.wrong.get() != null);
            assertEquals(null, tally.wrong.get());
            assertEquals(Integer.toString(total), tally.last);
            assertEquals(Integer.toString(total), client.request("GET n").text());
            assertEquals(2, server.ended(CloseReason.PEER_DISCONNECTED));
        }
    }

    /// A client that was closed while what it had sent waited for the next session forgot it.
    @Test
    void answersWhatWasSentBeforeItClosesEvenInAnotherSession() throws Exception {
        for (int total : new int[] {65_000, 65_534, 65_535, 65_700, 66_400}) {
            try (var server = TestServer.start()) {
                var tally = new Tally();
                try (var client = Client.connect(server.clientConfig().withWindowSize(1_024))) {
                    for (int i = 0; i < total; i++) {
                        client.send(bytes("INCR n"), tally);
                    }
                }
                assertEquals(null, tally.wrong.get(), "of " + total);
                assertEquals(total, tally.answers.get());
                server.awaitConnections(0);
            }
        }
    }

    @Test
    void sendsTheNextRequestFromAHandler() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            var done = new CountDownLatch(1);
            var wrong = new AtomicReference<Exception>();
            var chain = new ReplyHandler() {
                @Override
                public void answered(Reply reply) {
                    try {
                        if (reply.text().equals("5000")) {
                            done.countDown();
                        } else {
                            client.send(bytes("INCR n"), this);
                        }
                    } catch (IOException | InterruptedException e) {
                        wrong.set(e);
                    }
                }

                @Override
                public void failed(IOException cause, boolean wasSent) {
                    wrong.set(cause);
                }
            };
            client.send(bytes("INCR n"), chain);
            client.flush();
            assertTrue(done.await(60, TimeUnit.SECONDS), () -> "failed: " + wrong.get());
        }
    }

    /// The result of the action on the reading thread; a future's dependents may run on the caller's instead.
    private static <T> CompletableFuture<T> inHandler(Client client, Supplier<T> action) throws Exception {
        var result = new CompletableFuture<T>();
        client.send(bytes("PING"), new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                result.complete(action.get());
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                result.completeExceptionally(cause);
            }
        });
        client.flush();
        return result;
    }

    @Test
    void refusesToWaitInAHandlerForAnAnswerThatItsOwnThreadReads() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            CompletableFuture<IllegalStateException> refusal = inHandler(client,
                    () -> assertThrows(IllegalStateException.class, () -> client.request("PING")));
            assertTrue(refusal.get(1, TimeUnit.MINUTES).getMessage().contains("requestAsync"));
            assertEquals("PONG", client.requestAsync(bytes("PING"))
                    .thenCompose(reply -> {
                        try {
                            return client.requestAsync(bytes("PING"));
                        } catch (IOException | InterruptedException e) {
                            return CompletableFuture.failedFuture(e);
                        }
                    }).get(1, TimeUnit.MINUTES).text());
        }
    }

    @Test
    void canBeClosedByAHandler() throws Exception {
        try (var server = TestServer.start()) {
            Client client = Client.connect(server.clientConfig());
            inHandler(client, () -> {
                client.close();
                return "closed";
            }).get(1, TimeUnit.MINUTES);
            server.awaitEnded(CloseReason.PEER_DISCONNECTED, 1);
            await().until(() -> {
                try {
                    client.request("PING");
                    return false;
                } catch (IOException e) {
                    return e.getMessage().contains("the client was closed");
                }
            });
        }
    }

    @Test
    void serves20ThreadsThatShareIt() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            List<String> wrong = Collections.synchronizedList(new ArrayList<>());
            var threads = new ArrayList<Thread>();
            for (int t = 0; t < 20; t++) {
                String name = "t" + t;
                threads.add(Thread.ofVirtual().start(() -> {
                    try {
                        for (int i = 1; i <= 200; i++) {
                            String answer = client.request("ECHO " + name + " " + i).text();
                            if (!answer.equals("Echo: " + name + " " + i)) {
                                wrong.add(answer);
                            }
                            client.request("INCR n");
                        }
                    } catch (IOException | InterruptedException e) {
                        wrong.add(e.toString());
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), wrong);
            assertEquals("4000", client.request("GET n").text());
        }
    }

    /// Both sides have more to write than the buffers between them hold: neither may stop reading.
    @Test
    void finishesWhenLargeValuesGoBothWaysAtOnce() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig().withWindowSize(1_024))) {
            var value = new byte[3 << 20];
            new Random(1).nextBytes(value);
            client.request(command("SET large ", value));
            var answers = new ArrayList<CompletableFuture<Reply>>();
            for (int i = 0; i < 25; i++) {
                answers.add(client.requestAsync(bytes("GET large")));
                answers.add(client.requestAsync(command("SET other" + i + " ", value)));
            }
            for (int i = 0; i < answers.size(); i++) {
                Reply reply = answers.get(i).get(60, TimeUnit.SECONDS);
                assertEquals(i % 2 == 0 ? value.length + 1 : 3, reply.payload().length);
            }
        }
    }
}
