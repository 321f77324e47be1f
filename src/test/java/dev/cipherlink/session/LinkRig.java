package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.session.Link.LinkConfig;
import dev.cipherlink.session.Link.LinkEnd;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;

/// A link over channels in memory; the test is the peer.
abstract class LinkRig {

    static final Duration LONG = Duration.ofMinutes(5);

    final MemoryChannel.Pipe toLink = new MemoryChannel.Pipe(64 * 1024);
    final MemoryChannel.Pipe fromLink = new MemoryChannel.Pipe(64 * 1024);
    final MemoryChannel channel = new MemoryChannel(toLink, fromLink);
    /// The other end, driven by hand.
    final MemoryChannel peer = new MemoryChannel(fromLink, toLink);
    final List<String> outcomes = Collections.synchronizedList(new ArrayList<>());
    final List<Thread> threads = new ArrayList<>();

    @AfterEach
    void endThreads() throws InterruptedException {
        peer.close();
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
    }

    Link link(LinkConfig config, RequestHandler handler) {
        return link(config, Peer.burst(8, SessionParameters.MAX_MESSAGE_BYTES), handler);
    }

    Link link(LinkConfig config, SessionParameters parameters, RequestHandler handler) {
        var identity = new SessionIdentity("00", "test", "test", false, 1 << 24, Peer.TOKEN);
        return new Link(channel, new Session(identity, parameters, new Outbox(16, 1 << 20), handler), config);
    }

    static Reply echo(int sequence, Payload request) {
        return Reply.ok(request.toBytes());
    }

    CompletableFuture<LinkEnd> run(Link link) {
        var end = new CompletableFuture<LinkEnd>();
        threads.add(Thread.ofVirtual().start(() -> {
            try {
                end.complete(link.run());
            } catch (InterruptedException | RuntimeException e) {
                end.completeExceptionally(e);
            }
        }));
        return end;
    }

    static CloseReason reason(CompletableFuture<LinkEnd> end)
            throws InterruptedException, ExecutionException, TimeoutException {
        return end.get(60, TimeUnit.SECONDS).reason();
    }

    ReplyHandler outcome(String name) {
        return new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                outcomes.add(name + " answered");
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                outcomes.add(name + (wasSent ? " sent" : " not sent"));
            }
        };
    }

    static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "it never happened");
            Thread.onSpinWait();
        }
    }

    static Message disconnect(int sequence) {
        return Message.of(MessageType.DISCONNECT, sequence, Payload.EMPTY);
    }
}
