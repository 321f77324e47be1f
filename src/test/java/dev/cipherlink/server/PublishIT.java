package dev.cipherlink.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Event;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// Publish and subscribe between clients of one server, with its store on disk.
class PublishIT extends RestartRig {

    /// A client that keeps what it is told.
    private final class Listener implements AutoCloseable {
        private final Client client = Client.connect(ClientConfig.to("127.0.0.1", port, key));
        private final List<Event> told = new CopyOnWriteArrayList<>();
        private volatile CountDownLatch goOn = new CountDownLatch(0);

        Listener() throws IOException {
            client.onEvent(event -> {
                try {
                    goOn.await();
                    told.add(Event.decode(event, 0, event.length));
                } catch (ProtocolException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
        }

        String ask(String command) throws Exception {
            return client.request(command.getBytes(ISO_8859_1)).text();
        }

        List<String> published() {
            return told.stream().filter(Event.Published.class::isInstance).map(Event.Published.class::cast)
                    .map(event -> event.channel() + " " + new String(event.payload(), ISO_8859_1)).toList();
        }

        @Override
        public void close() {
            client.close();
        }
    }

    @Test
    void eachSubscriberIsToldOnceAndExactly() throws Exception {
        try (var ann = new Listener(); var bob = new Listener()) {
            assertEquals("0", ann.ask("PUBLISH news nobody"));
            assertEquals("OK", ann.ask("SUBSCRIBE news"));
            assertEquals("OK", ann.ask("SUBSCRIBE news"));
            assertEquals("OK", ann.ask("PSUBSCRIBE new"));
            assertEquals("OK", bob.ask("PSUBSCRIBE n"));
            assertEquals("2", bob.ask("PUBLISH news \n\0 two\n"));
            assertEquals("1", bob.ask("PUBLISH nothing x"));
            assertEquals("0", bob.ask("PUBLISH other x"));
            assertEquals("2", bob.ask("PUBLISH news "));
            await().until(() -> ann.told.size() == 2 && bob.told.size() == 3);
            assertEquals(List.of("news \n\0 two", "news "), ann.published());
            assertEquals(List.of("news \n\0 two", "nothing x", "news "), bob.published());
            assertEquals("OK", ann.ask("UNSUBSCRIBE news"));
            assertEquals("ERROR you have no such subscription", ann.ask("UNSUBSCRIBE news"));
            assertEquals("OK", ann.ask("PUNSUBSCRIBE new"));
            assertEquals("1", ann.ask("PUBLISH news gone"));
        }
        await().until(() -> server.channels.size() == 0);
    }

    @Test
    void aPublicationOfATransactionIsToldIfItIsNotUndone() throws Exception {
        try (var ann = new Listener()) {
            ann.ask("SUBSCRIBE c");
            assertEquals("ERROR command 2: not found", ann.ask("TXN\n11 PUBLISH c a8 DELETE k\n"));
            assertEquals("+1 1\n+2 OK", ann.ask("TXN\n11 PUBLISH c b7 SET k v"));
            await().until(() -> !ann.told.isEmpty());
            assertEquals(List.of("c b"), ann.published());
        }
    }

    @Test
    void theNamesOfSubscriptionsAreLimited() throws Exception {
        try (var ann = new Listener()) {
            String name = "n".repeat(509);
            for (int i = 100; i < 228; i++) {
                assertEquals("OK", ann.ask((i % 2 == 0 ? "SUBSCRIBE " : "PSUBSCRIBE ") + name + i));
            }
            String refusal = "ERROR the names of your subscriptions may have 65536 bytes together; end one first";
            assertEquals(refusal, ann.ask("SUBSCRIBE c"));
            assertEquals("OK", ann.ask("SUBSCRIBE " + name + 100));
            assertEquals("OK", ann.ask("UNSUBSCRIBE " + name + 100));
            assertEquals("OK", ann.ask("SUBSCRIBE c"));
            assertEquals(refusal, ann.ask("SUBSCRIBE " + name + 100));
        }
    }

    @Test
    void subscriptionsOutliveTheServer() throws Exception {
        try (var ann = new Listener()) {
            ann.ask("SUBSCRIBE news");
            ann.ask("PSUBSCRIBE pre");
            ann.ask("PUBLISH news before");
            await().until(() -> ann.published().size() == 1);
            restart();
            ann.client.retryNow();
            assertEquals("1", ann.ask("PUBLISH prefix after"));
            assertEquals("1", ann.ask("PUBLISH news after"));
            assertTrue(ann.client.session().isResumed());
            await().untilAsserted(() -> assertEquals(3, ann.published().size(), ann.told.toString()));
            assertEquals(List.of("news before", "prefix after", "news after"), ann.published());
            assertTrue(ann.told.stream().anyMatch(event -> event instanceof Event.Notice(String text)
                    && text.contains("publications may have been missed")), ann.told.toString());
        }
    }

    @Test
    void aSlowSubscriberIsToldHowManyItMissed() throws Exception {
        var goOn = new CountDownLatch(1);
        byte[] payload = new byte[100_000];
        try (var ann = new Listener(); var bob = new Listener()) {
            ann.ask("SUBSCRIBE c");
            ann.goOn = goOn;
            int published = 400;
            for (int i = 0; i < published; i++) {
                bob.client.request(new Command.Publish(new byte[] {'c'}, payload).encode());
            }
            goOn.countDown();
            await().until(() -> ann.told.stream().anyMatch(Event.Missed.class::isInstance));
            bob.ask("PUBLISH c last");
            await().until(() -> ann.published().contains("c last"));
            long missed = ann.told.stream().mapToLong(event -> event instanceof Event.Missed(long count) ? count : 0).sum();
            assertTrue(missed > 0 && missed < published, missed + " missed");
            assertEquals(published + 1, missed + ann.published().size());
            assertArrayEquals(payload, ((Event.Published) ann.told.getFirst()).payload());
        }
    }
}
