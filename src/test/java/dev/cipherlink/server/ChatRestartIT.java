package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Event;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.store.KeyValueStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What the chat remembers outlives the server, whether it is stopped or killed.
@Timeout(120)
class ChatRestartIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private static final class User implements AutoCloseable {
        private final Client client;
        private final List<Event> told = new CopyOnWriteArrayList<>();

        User(String name, int port) throws IOException {
            client = Client.connect(ClientConfig.to("127.0.0.1", port, SharedKey.of(ChatServerChild.KEY.clone()))
                    .withClientId(name));
            client.onEvent(event -> {
                try {
                    told.add(Event.decode(event, 0, event.length));
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
        }

        String ask(String command) throws IOException, InterruptedException {
            return client.request(command).text().strip();
        }

        long id(String command) throws IOException, InterruptedException {
            String answer = ask(command);
            assertTrue(answer.startsWith("OK "), answer);
            return Long.parseLong(answer.substring(3));
        }

        private <T extends Event> List<T> told(Class<T> kind) {
            return told.stream().filter(kind::isInstance).map(kind::cast).toList();
        }

        List<Long> heard() {
            return told(Event.Message.class).stream().map(Event.Message::id).toList();
        }

        List<String> directs() {
            return told(Event.Direct.class).stream().map(Event.Direct::text).toList();
        }

        @Override
        public void close() {
            client.close();
        }
    }

    /// The texts that a room remembers, in order.
    private static List<String> history(User user, int count) throws Exception {
        var texts = new ArrayList<String>();
        for (String line : user.ask("HISTORY #dev " + count).split("\n")) {
            texts.add(line.split(" ", 7)[6]);
        }
        return texts;
    }

    @Test
    void aRestartChangesNothingForTheChat() throws Exception {
        User ann = null;
        User bob = null;
        long last;
        int port;
        try (KeyValueStore store = ChatServerChild.store(folder); Server server = ChatServerChild.serve(store, 0)) {
            port = server.address().getPort();
            ann = new User("ann", port);
            bob = new User("bob", port);
            for (String name : List.of("eve", "zed")) {
                try (User visitor = new User(name, port)) {
                    assertEquals("OK", visitor.ask("JOIN #dev"));
                }
            }
            ann.ask("JOIN #dev");
            bob.ask("JOIN #dev");
            bob.ask("WATCH user:");
            ann.id("SAY #dev one");
            ann.id("SAY #dev two");
            ann.id("TELL eve wait for it");
            last = ann.id("TELL bob now");
            assertEquals("OK", ann.ask("MUTE eve 3600"));
            User listening = bob;
            await().atMost(PATIENCE).until(() -> listening.directs().equals(List.of("now")));
        }
        try (KeyValueStore store = ChatServerChild.store(folder); Server _ = ChatServerChild.serve(store, port);
                User annAgain = ann; User bobAgain = bob) {
            long id = annAgain.id("SAY #dev three");
            assertTrue(id > last, id + " after " + last);
            annAgain.ask("SET user:1 x");
            await().atMost(PATIENCE).until(() -> bobAgain.heard().contains(id)
                    && !bobAgain.told(Event.KeySet.class).isEmpty());
            assertEquals(3, bobAgain.heard().size(), "each once");
            assertEquals(List.of("one", "two", "three"), history(bobAgain, 9));
            annAgain.id("TELL zed you are known");
            try (User eve = new User("eve", port)) {
                assertEquals("OK", eve.ask("JOIN #dev"));
                assertTrue(eve.ask("SAY #dev x").startsWith("ERROR you are muted"));
                await().atMost(PATIENCE).until(() -> eve.directs().equals(List.of("wait for it")));
            }
            assertEquals(List.of("now"), new ArrayList<>(new HashSet<>(bobAgain.directs())));
        }
    }

    @Test
    void nothingAcknowledgedOrHeardIsLostWhenTheServerIsKilled() throws Exception {
        Process child = ChatServerChild.start(folder, 0);
        try {
            int port = Integer.parseInt(child.inputReader().readLine());
            try (User visitor = new User("eve", port)) {
                visitor.ask("JOIN #dev");
            }
            try (User ann = new User("ann", port); User bob = new User("bob", port)) {
                ann.ask("JOIN #dev");
                bob.ask("JOIN #dev");
                int count = 400;
                CompletableFuture<List<Long>> talk = talk(ann, count);
                for (int kill = 1; kill <= 2; kill++) {
                    int heard = kill * count / 8;
                    await().pollInterval(Duration.ofMillis(2)).atMost(PATIENCE)
                            .until(() -> bob.heard().size() >= heard || talk.isDone());
                    child.destroyForcibly();
                    assertTrue(child.waitFor(60, TimeUnit.SECONDS));
                    child = ChatServerChild.start(folder, port);
                    assertEquals(Integer.toString(port), child.inputReader().readLine());
                    ann.client.retryNow();
                    bob.client.retryNow();
                }
                List<Long> said = talk.get(60, TimeUnit.SECONDS);
                await().atMost(PATIENCE).until(() -> bob.heard().contains(said.getLast()));
                assertEquals(texts(count), history(bob, 1_000));
                assertEquals(said.stream().sorted().distinct().toList(), said);
                assertEquals(bob.heard().stream().sorted().distinct().toList(), bob.heard());
                assertTrue(new HashSet<>(said).containsAll(bob.heard()), "what was heard was said");
                try (User eve = new User("eve", port)) {
                    eve.ask("JOIN #dev");
                    await().atMost(PATIENCE).until(() -> eve.directs().equals(texts(count)));
                }
            }
        } finally {
            child.destroyForcibly();
            assertTrue(child.waitFor(60, TimeUnit.SECONDS));
        }
    }

    private static List<String> texts(int count) {
        var texts = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            texts.add("m" + i);
        }
        return texts;
    }

    private static CompletableFuture<List<Long>> talk(User ann, int count) {
        var said = new CompletableFuture<List<Long>>();
        Thread.startVirtualThread(() -> {
            var ids = new ArrayList<Long>();
            try {
                for (int i = 0; i < count; i++) {
                    ids.add(ann.id("SAY #dev m" + i));
                    ann.id("TELL eve m" + i);
                }
                said.complete(ids);
            } catch (IOException | InterruptedException | AssertionError e) {
                said.completeExceptionally(e);
            }
        });
        return said;
    }
}
