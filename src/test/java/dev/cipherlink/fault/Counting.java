package dev.cipherlink.fault;

import dev.cipherlink.client.Client;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// A burst of `INCR` on one key through one client: each answer has to be one more than the one before.
final class Counting implements ReplyHandler {

    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicReference<String> wrong = new AtomicReference<>("");

    /// Sends, and returns before all is answered. Stops when the client refuses more.
    ///
    /// @return how many were taken
    int send(Client client, int requests) throws InterruptedException {
        int taken = 0;
        try {
            for (; taken < requests; taken++) {
                client.send("INCR n".getBytes(StandardCharsets.US_ASCII), this);
            }
            client.flush();
        } catch (IOException e) {
            // The connection is gone; those that were taken get their outcome.
        }
        return taken;
    }

    @Override
    public void answered(Reply reply) {
        String expected = String.valueOf(answers.incrementAndGet());
        if (!expected.equals(reply.text())) {
            wrong.compareAndSet("", "answer " + reply.text() + " where " + expected + " was due");
        }
        if (failures.get() > 0) {
            wrong.compareAndSet("", "an answer after a failure");
        }
    }

    @Override
    public void failed(IOException cause, boolean wasSent) {
        failures.incrementAndGet();
    }

    int answers() {
        return answers.get();
    }

    int outcomes() {
        return answers.get() + failures.get();
    }

    /// The first error; empty if there was none.
    String wrong() {
        return wrong.get();
    }
}
