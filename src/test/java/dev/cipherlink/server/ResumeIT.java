package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.server.sessions.SessionRegistry.Limits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// Sessions that go on after their connections broke (`docs/protocol.md`, section 5).
class ResumeIT {

    /// Expects the answers 1, 2, 3 and so on.
    private static final class Counting implements ReplyHandler {
        final AtomicInteger answers = new AtomicInteger();
        final AtomicReference<String> wrong = new AtomicReference<>();
        final CountDownLatch done;

        Counting(int requests) {
            done = new CountDownLatch(requests);
        }

        @Override
        public void answered(Reply reply) {
            if (!reply.text().equals(Integer.toString(answers.incrementAndGet()))) {
                wrong.compareAndSet(null, reply.text() + " as answer number " + answers);
            }
            done.countDown();
        }

        @Override
        public void failed(IOException cause, boolean wasSent) {
            wrong.compareAndSet(null, cause.toString());
            done.countDown();
        }
    }

    private static void cut(TestServer server) throws IOException {
        for (Connection connection : server.live()) {
            connection.socket().close();
        }
    }

    /// The answers are changes' and of 20 KB each, more than is kept in memory: they come from the store.
    @Test
    void largeAnswersOfChangesComeOnceAlthoughTheirConnectionsAreCut() throws Exception {
        int requests = 2_000;
        String filler = "x".repeat(20_000);
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            client.request("SET k 0" + filler);
            var wrong = new AtomicReference<String>();
            var done = new CountDownLatch(requests);
            var answered = new AtomicInteger();
            for (int i = 0; i < requests; i++) {
                String old = i + filler;
                String command = "PUT GET k " + (i + 1) + filler;
                client.send(command.getBytes(StandardCharsets.US_ASCII), new ReplyHandler() {
                    @Override
                    public void answered(Reply reply) {
                        if (!reply.text().equals("+" + old.length() + " " + old)) {
                            wrong.compareAndSet(null, reply.text().substring(0, Math.min(40, reply.text().length())) + " for " + old.length());
                        }
                        answered.incrementAndGet();
                        done.countDown();
                    }

                    @Override
                    public void failed(IOException cause, boolean wasSent) {
                        wrong.compareAndSet(null, cause.toString());
                        done.countDown();
                    }
                });
                if (i % 150 == 149) {
                    client.flush();
                    int enough = i - 60;
                    await().until(() -> answered.get() >= enough);
                    cut(server);
                }
            }
            client.flush();
            done.await();
            assertEquals(null, wrong.get());
            assertEquals(requests + filler, client.request("GET k").text());
        }
    }

    @Test
    void runsEachRequestOnceAlthoughItsConnectionsAreCut() throws Exception {
        int requests = 30_000;
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            var counting = new Counting(requests);
            byte[] incr = "INCR n".getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < requests; i++) {
                client.send(incr, counting);
                if (i % 1_000 == 999) {
                    cut(server);
                }
            }
            client.flush();
            counting.done.await();
            assertEquals(null, counting.wrong.get());
            assertEquals(Integer.toString(requests), client.request("GET n").text());
        }
    }

    @Test
    void tellsWhatHappensToItsConnection() throws Exception {
        try (var server = TestServer.start(); var client = Client.connect(server.clientConfig())) {
            List<ConnectionState> states = Collections.synchronizedList(new ArrayList<>());
            client.onConnectionChange(states::add);
            String session = client.session().sessionId();
            client.request("SET a 1");
            cut(server);
            assertEquals("1", client.request("GET a").text());
            assertEquals(session, client.session().sessionId());
            assertTrue(client.session().isResumed());
            await().until(() -> !states.isEmpty());
            assertTrue(states.getLast() instanceof ConnectionState.Connected(boolean isResumed, int unknown, Duration away)
                    && isResumed && unknown == 0, states.toString());
        }
    }

    /// Requests that were in flight when the session was lost are reported and not repeated; the rest goes on.
    @Test
    void saysWhichOutcomesAreUnknownIfTheServerHasLostTheSession() throws Exception {
        int requests = 5_000;
        try (var server = TestServer.start(to -> to.sessions = Limits.of(Duration.ZERO));
             var client = Client.connect(server.clientConfig())) {
            var answered = new AtomicInteger();
            var unknown = new AtomicInteger();
            var notSent = new AtomicInteger();
            var done = new CountDownLatch(requests);
            var handler = new ReplyHandler() {
                @Override
                public void answered(Reply reply) {
                    answered.incrementAndGet();
                    done.countDown();
                }

                @Override
                public void failed(IOException cause, boolean wasSent) {
                    (wasSent ? unknown : notSent).incrementAndGet();
                    done.countDown();
                }
            };
            for (int i = 0; i < requests; i++) {
                client.send("INCR n".getBytes(StandardCharsets.US_ASCII), handler);
                if (i == requests / 2) {
                    cut(server);
                }
            }
            client.flush();
            done.await();
            int count = Integer.parseInt(client.request("GET n").text());
            assertEquals(0, notSent.get());
            assertTrue(unknown.get() <= 64, unknown + " were in flight");
            assertTrue(count >= answered.get() && count <= requests, count + " ran, " + answered + " were answered");
        }
    }
}
