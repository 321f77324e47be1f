package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Event;
import dev.cipherlink.store.KeyValueStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The chat's state outlives the server, whether it is stopped or killed.
class ChatRestartIT {

    @TempDir
    Path folder;

    @Test
    void aRestartChangesNothingForTheChat() throws Exception {
        ChatUser ann = null;
        ChatUser bob = null;
        long last;
        int port;
        try (KeyValueStore store = ChatServerChild.store(folder); Server server = ChatServerChild.serve(store, 0)) {
            port = server.address().getPort();
            ann = new ChatUser("ann", port);
            bob = new ChatUser("bob", port);
            for (String name : List.of("eve", "zed")) {
                try (ChatUser visitor = new ChatUser(name, port)) {
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
            ChatUser listening = bob;
            await().until(() -> listening.directs().equals(List.of("now")));
        }
        try (KeyValueStore store = ChatServerChild.store(folder); Server _ = ChatServerChild.serve(store, port);
                ChatUser annAgain = ann; ChatUser bobAgain = bob) {
            long id = annAgain.id("SAY #dev three");
            assertTrue(id > last, id + " after " + last);
            annAgain.ask("SET user:1 x");
            await().until(() -> bobAgain.heard().contains(id)
                    && !bobAgain.told(Event.KeySet.class).isEmpty());
            assertEquals(3, bobAgain.heard().size(), "each once");
            assertEquals(List.of("one", "two", "three"), bobAgain.history(9));
            annAgain.id("TELL zed you are known");
            try (ChatUser eve = new ChatUser("eve", port)) {
                assertEquals("OK", eve.ask("JOIN #dev"));
                assertTrue(eve.ask("SAY #dev x").startsWith("ERROR you are muted"));
                await().until(() -> eve.directs().equals(List.of("wait for it")));
            }
            assertEquals(List.of("now"), new ArrayList<>(new HashSet<>(bobAgain.directs())));
        }
    }

    @Test
    void nothingAcknowledgedOrHeardIsLostWhenTheServerIsKilled() throws Exception {
        Process child = ChatServerChild.start(folder, 0);
        try {
            int port = Integer.parseInt(child.inputReader().readLine());
            try (ChatUser visitor = new ChatUser("eve", port)) {
                visitor.ask("JOIN #dev");
            }
            try (ChatUser ann = new ChatUser("ann", port); ChatUser bob = new ChatUser("bob", port)) {
                ann.ask("JOIN #dev");
                bob.ask("JOIN #dev");
                int count = 400;
                CompletableFuture<List<Long>> talk = talk(ann, count);
                for (int kill = 1; kill <= 2; kill++) {
                    int heard = kill * count / 8;
                    await().pollInterval(Duration.ofMillis(2))
                            .until(() -> bob.heard().size() >= heard || talk.isDone());
                    child.destroyForcibly();
                    assertTrue(child.waitFor(60, TimeUnit.SECONDS));
                    child = ChatServerChild.start(folder, port);
                    assertEquals(Integer.toString(port), child.inputReader().readLine());
                    ann.retryNow();
                    bob.retryNow();
                }
                List<Long> said = talk.get(60, TimeUnit.SECONDS);
                await().until(() -> bob.heard().contains(said.getLast()));
                assertEquals(texts(count), bob.history(1_000));
                assertEquals(said.stream().sorted().distinct().toList(), said);
                assertEquals(bob.heard().stream().sorted().distinct().toList(), bob.heard());
                assertTrue(new HashSet<>(said).containsAll(bob.heard()), "what was heard was said");
                try (ChatUser eve = new ChatUser("eve", port)) {
                    eve.ask("JOIN #dev");
                    await().until(() -> eve.directs().equals(texts(count)));
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

    private static CompletableFuture<List<Long>> talk(ChatUser ann, int count) {
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
