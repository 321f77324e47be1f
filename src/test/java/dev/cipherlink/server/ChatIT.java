package dev.cipherlink.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.chat.ChatConfig;
import dev.cipherlink.client.Client;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The chat and the watches of keys, with real clients.
class ChatIT {

    private static final ChatConfig UNLIMITED =
            new ChatConfig(5_000, 1_000_000, Duration.ofMinutes(10), 100, Duration.ofDays(1));

    private TestServer server;
    private final List<User> users = new ArrayList<>();

    /// A client that keeps what it is told.
    private final class User {
        private final Client client;
        private final List<Event> told = new ArrayList<>();

        User(String name) throws IOException {
            client = Client.connect(server.clientConfig().withClientId(name));
            client.onEvent(this::take);
            users.add(this);
        }

        private synchronized void take(byte[] payload) {
            try {
                told.add(Event.decode(payload, 0, payload.length));
            } catch (ProtocolException e) {
                throw new IllegalStateException(e);
            }
        }

        String ask(String command) throws IOException, InterruptedException {
            return client.request(command).text();
        }

        long say(String room, String text) throws IOException, InterruptedException {
            String answer = ask("SAY " + room + " " + text);
            assertTrue(answer.startsWith("OK "), answer);
            return Long.parseLong(answer.substring(3));
        }

        synchronized List<Event> told() {
            return List.copyOf(told);
        }

        synchronized List<Event.Message> messages(String room) {
            return told.stream().filter(Event.Message.class::isInstance).map(Event.Message.class::cast)
                    .filter(message -> message.room().equals(room)).toList();
        }

        void awaitTold(int count) {
            await().pollInterval(Duration.ofMillis(5)).until(() -> told().size() >= count);
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = TestServer.start(to -> to.chat = UNLIMITED);
    }

    @AfterEach
    void stop() {
        users.forEach(user -> user.client.close());
        server.close();
    }

    @Test
    void twoPeopleTalk() throws Exception {
        User ann = new User("ann");
        User bob = new User("bob");
        assertEquals("OK", ann.ask("JOIN #dev"));
        assertEquals("OK", bob.ask("join #dev"));
        long first = ann.say("#dev", "hello  \033[2J \u00fc ");
        long second = bob.say("#dev", "hi");
        assertTrue(second > first);
        bob.awaitTold(1);
        ann.awaitTold(2);
        var message = assertInstanceOf(Event.Message.class, bob.told().getFirst());
        assertEquals(new Event.Message("#dev", first, "ann", message.at(), "hello  \033[2J \u00fc "), message);
        assertEquals(new Event.Joined("#dev", "bob"), ann.told().getFirst());
        assertEquals("hi", assertInstanceOf(Event.Message.class, ann.told().get(1)).text());
        assertTrue(bob.ask("WHO").matches("ann here \\d+\nbob here \\d+"));
        assertTrue(bob.ask("WHO #dev").matches("ann here \\d+\nbob here \\d+"));
        assertEquals("#dev 2 " + second, bob.ask("ROOMS"));
        assertEquals(List.of(message, ann.told().get(1)), Event.decodeAll(bob.client.request("HISTORY #dev").payload()));
        assertEquals(List.of(ann.told().get(1)),
                Event.decodeAll(bob.client.request("HISTORY #dev 10 " + first).payload()));
    }

    @Test
    void directMessagesWaitForTheNextLogin() throws Exception {
        User ann = new User("ann");
        assertEquals("ERROR nobody is called bob", ann.ask("TELL bob x"));
        try (Client bob = Client.connect(server.clientConfig().withClientId("bob"))) {
            assertEquals("OK", bob.request("BACK").text());
        }
        server.awaitConnections(1);
        assertTrue(ann.ask("TELL bob while you were out").startsWith("OK "));
        User bob = new User("bob");
        assertEquals("PONG", bob.ask("PING"));
        assertEquals("OK", bob.ask("JOIN #dev"));
        bob.awaitTold(1);
        assertEquals("while you were out", assertInstanceOf(Event.Direct.class, bob.told().getFirst()).text());
        assertTrue(ann.ask("TELL bob now").startsWith("OK "));
        bob.awaitTold(2);
    }

    @Test
    void aNameHasOneHolder() throws Exception {
        User first = new User("ann");
        first.ask("JOIN #dev");
        User second = new User("ann");
        Reply refused = second.client.request("JOIN #dev");
        assertEquals("the name ann is held by another session; connect under another name", refused.reason());
        assertEquals("OK", second.ask("SET k v"));
        first.client.close();
        server.awaitConnections(1);
        assertEquals("OK", second.ask("JOIN #dev"));
    }

    @Test
    void aClientThatLosesItsConnectionLeaves() throws Exception {
        User ann = new User("ann");
        User bob = new User("bob");
        ann.ask("JOIN #dev");
        bob.ask("JOIN #dev");
        bob.client.close();
        ann.awaitTold(2);
        assertEquals(List.of(new Event.Joined("#dev", "bob"), new Event.Left("#dev", "bob")), ann.told());
    }

    @Test
    void operatorsSendOutAndSilence() throws Exception {
        User ann = new User("ann");
        User bob = new User("bob");
        ann.ask("JOIN #dev");
        bob.ask("JOIN #dev");
        assertEquals("OK", ann.ask("KICK #dev bob"));
        bob.awaitTold(2);
        assertEquals(new Event.Left("#dev", "bob"), bob.told().getFirst());
        assertInstanceOf(Event.Notice.class, bob.told().get(1));
        assertTrue(bob.ask("SAY #dev x").startsWith("ERROR you are not in #dev"));
        assertEquals("OK", ann.ask("MUTE bob 60"));
        assertTrue(bob.ask("TELL ann x").startsWith("ERROR you are muted; try again in "));
        assertEquals("OK", ann.ask("UNMUTE bob"));
        assertTrue(bob.ask("TELL ann x").startsWith("OK "));
    }

    @Test
    void watchersOfKeysAreToldOfChangesAndExpiry() throws Exception {
        User ann = new User("ann");
        User bob = new User("bob");
        assertEquals("OK", ann.ask("WATCH u:"));
        bob.ask("SET u:1 x");
        bob.ask("SET other x");
        bob.ask("SET u:2 x");
        bob.ask("EXPIRE u:2 1");
        bob.ask("DELETE u:1");
        ann.awaitTold(4);
        assertEquals(List.of(new Event.KeySet("u:1"), new Event.KeySet("u:2"), new Event.KeyDeleted("u:1"),
                new Event.KeyExpired("u:2")), ann.told());
        assertEquals("OK", ann.ask("UNWATCH u:"));
        assertEquals("ERROR you do not watch that prefix", ann.ask("UNWATCH u:"));
    }

    @Test
    void manyClientsTalkingAtOnceAreToldOfEverythingOnceAndInOrder() throws Exception {
        int talkers = 6;
        int each = 300;
        List<User> all = new ArrayList<>();
        for (int i = 0; i < talkers; i++) {
            User user = new User("u" + i);
            user.ask("JOIN #a");
            user.ask("JOIN #b");
            all.add(user);
        }
        var done = new ArrayList<CompletableFuture<Void>>();
        for (User user : all) {
            var said = new CompletableFuture<Void>();
            done.add(said);
            Thread.startVirtualThread(() -> {
                try {
                    for (int i = 0; i < each; i++) {
                        user.say(i % 2 == 0 ? "#a" : "#b", "m" + i);
                    }
                    said.complete(null);
                } catch (IOException | InterruptedException | AssertionError e) {
                    said.completeExceptionally(e);
                }
            });
        }
        CompletableFuture.allOf(done.toArray(CompletableFuture[]::new)).join();
        for (String room : List.of("#a", "#b")) {
            List<Event.Message> history = messages(room, all.getFirst());
            assertEquals(talkers * each / 2, history.size());
            for (User user : all) {
                String name = user.client.session().clientId();
                List<Event.Message> expected = history.stream().filter(m -> !m.from().equals(name)).toList();
                await().pollInterval(Duration.ofMillis(10))
                        .until(() -> user.messages(room).size() + skipped(user, room) >= expected.size());
                // A machine under load may make one of them a slow reader: what it was told is in order all the same.
                List<Event.Message> told = user.messages(room);
                assertEquals(expected.stream().filter(told::contains).toList(), told);
            }
        }
    }

    private static long skipped(User user, String room) {
        return user.told().stream().filter(Event.Skipped.class::isInstance).map(Event.Skipped.class::cast)
                .filter(event -> event.room().equals(room)).mapToLong(Event.Skipped::count).sum();
    }

    private static List<Event.Message> messages(String room, User reader) throws Exception {
        var found = new ArrayList<Event.Message>();
        long after = 0;
        while (true) {
            List<Event> page = Event.decodeAll(reader.client.request("HISTORY " + room + " 1000 " + after).payload());
            if (page.isEmpty()) {
                return found;
            }
            page.forEach(event -> found.add((Event.Message) event));
            after = found.getLast().id();
        }
    }

    @Test
    void aSlowReaderFetchesExactlyWhatItMissedAndSlowsNobodyElse() throws Exception {
        int count = 2_000;
        User ann = new User("ann");
        User quick = new User("quick");
        User slow = new User("slow");
        for (User user : Arrays.asList(slow, quick, ann)) {
            user.ask("JOIN #dev");
        }
        quick.awaitTold(1);
        var mayRead = new CountDownLatch(1);
        slow.client.onEvent(event -> {
            try {
                mayRead.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            slow.take(event);
        });
        var ids = new ArrayList<Long>();
        for (int i = 0; i < count; i++) {
            ids.add(ann.say("#dev", "m" + i));
        }
        await().until(
                () -> quick.messages("#dev").size() + skipped(quick, "#dev") == count);
        mayRead.countDown();
        await().pollInterval(Duration.ofMillis(10))
                .until(() -> slow.messages("#dev").size() + skipped(slow, "#dev") == count);
        assertTrue(skipped(slow, "#dev") > 0);
        var seen = new ArrayList<Long>();
        for (Event event : slow.told()) {
            if (event instanceof Event.Message message) {
                seen.add(message.id());
            } else if (event instanceof Event.Skipped skip) {
                Event.decodeAll(slow.client.request("HISTORY #dev " + Math.min(1_000, skip.count()) + " " + skip.after())
                        .payload()).forEach(missed -> seen.add(((Event.Message) missed).id()));
                long left = skip.count() - 1_000;
                if (left > 0) {
                    Event.decodeAll(slow.client.request("HISTORY #dev " + left + " " + seen.getLast()).payload())
                            .forEach(missed -> seen.add(((Event.Message) missed).id()));
                }
            }
        }
        assertEquals(ids, seen);
        assertEquals(skipped(slow, "#dev") + skipped(quick, "#dev"), info(ann, "chat_skipped"));
    }

    private static long info(User user, String name) throws Exception {
        return new String(user.client.request("INFO").payload(), UTF_8).lines().filter(line -> line.startsWith(name + ": "))
                .mapToLong(line -> Long.parseLong(line.substring(name.length() + 2))).findFirst().orElseThrow();
    }
}
