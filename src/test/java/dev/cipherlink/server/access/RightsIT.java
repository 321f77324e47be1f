package dev.cipherlink.server.access;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.AuthenticationException;
import dev.cipherlink.client.Client;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Verb;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.server.FailingDisk;
import dev.cipherlink.server.PersonalServer;
import dev.cipherlink.server.RawNoisePeer;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What an authorized client may do by the options of its line, against a client that tries more.
class RightsIT {

    private static final String READER = "keys=ro:app:*,rw:tmp:*";

    @TempDir
    static Path folder;
    private static AuthorizedKeys keys;
    private static PersonalServer server;
    private static final Identity ROOT = Identity.generate();
    private static final Identity READER_KEY = Identity.generate();
    private static Client root;
    private static Client reader;

    @BeforeAll
    static void start() throws Exception {
        keys = AuthorizedKeys.load(folder.resolve("authorized_keys"));
        keys.add(new AuthorizedKey("root", ROOT.publicKey(), List.of("operator")));
        keys.add(new AuthorizedKey("reader", READER_KEY.publicKey(), List.of(READER)));
        server = PersonalServer.start(keys);
        root = Client.connect(server.clientConfig(ROOT));
        reader = Client.connect(server.clientConfig(READER_KEY));
        root.request("SET app:seen yes");
        root.request("SET secret:key no");
    }

    @AfterAll
    static void stop() {
        root.close();
        reader.close();
        server.close();
    }

    /// What the reader may and may not do with a verb. A new verb has no line here, and this class does not compile.
    private record Attempts(List<String> allowed, List<String> denied) {

        static Attempts of(Verb verb) {
            return switch (verb) {
                case GET, EXISTS, PEEK, TTL, GETRANGE, STRLEN, VERSION, PTTL, PEXPIRETIME, MGET -> reading(verb, verb == Verb.GETRANGE
                        ? " 0 1" : "");
                case PUT -> new Attempts(List.of("PUT - tmp:a v"), List.of("PUT - app:seen v", "PUT GET secret:key v"));
                case GETEX -> new Attempts(List.of("GETEX - tmp:a"), List.of("GETEX - app:seen", "GETEX EX=5 secret:key"));
                case GETDEL -> writing(verb, "");
                case SETRANGE -> writing(verb, " 0 v");
                case INCRBYFLOAT, PEXPIRE, PEXPIREAT -> writing(verb, " 5");
                case RENAME, COPY -> new Attempts(List.of(verb + " tmp:none tmp:other"),
                        List.of(verb + " tmp:none app:seen", verb + " secret:key tmp:x", verb + " tmp:none secret:none"));
                case RANDOMKEY -> new Attempts(List.of(), List.of("RANDOMKEY"));
                case TXN -> new Attempts(List.of("TXN\n12 GET app:seen11 SET tmp:a b", "TXN EACH\n12 IF app:none 012 GET app:seen"),
                        List.of("TXN\n11 SET tmp:a b14 GET secret:key", "TXN EACH\n15 IF secret:key 112 GET app:seen",
                                "TXN\n14 SET app:seen n", "TXN\n17 PUBLISH secret: v"));
                case PUBLISH -> writing(verb, " v");
                case SUBSCRIBE -> reading(verb, "");
                case UNSUBSCRIBE -> reading(verb, "");
                case PSUBSCRIBE, PUNSUBSCRIBE -> new Attempts(List.of(verb + " app:", verb + " tmp:t"),
                        List.of(verb.name(), verb + " app", verb + " secret:", verb + " s"));
                case SET, APPEND -> writing(verb, " v");
                case INCR -> writing(verb, "");
                case CAS -> writing(verb, " 0 v");
                case EXPIRE -> writing(verb, " 5");
                case DELETE, PERSIST -> writing(verb, "");
                case KEYS -> new Attempts(List.of("KEYS app:", "KEYS app:s 10", "KEYS tmp: 5 tmp:a", "KEYS app: 5 aaa"),
                        List.of("KEYS", "KEYS  100 r", "KEYS a", "KEYS app 10", "KEYS secret:", "KEYS s 1"));
                case COUNT, WATCH -> new Attempts(List.of(verb + " app:", verb + " tmp:t"),
                        List.of(verb.name(), verb + " app", verb + " secret:", verb + " s"));
                case UNWATCH -> new Attempts(List.of("UNWATCH app:"), List.of("UNWATCH secret:", "UNWATCH"));
                case ECHO -> free("ECHO secret:key");
                case TIME, PING, WHOAMI, INFO, WHO, ROOMS, AWAY, BACK -> free(verb.name());
                case SOCKETS -> new Attempts(List.of(), List.of("SOCKETS", "SOCKETS END 1"));
                case SESSIONS -> new Attempts(List.of(), List.of("SESSIONS", "SESSIONS END root"));
                case JOIN, LEAVE, HISTORY -> free(verb + " #r");
                case SAY -> free("SAY #r hello");
                case TELL -> free("TELL root hello");
                case KEY -> free("KEY root");
                case KICK -> free("KICK #r root");
                case MUTE -> free("MUTE root 1");
                case UNMUTE -> free("UNMUTE root");
            };
        }

        private static Attempts reading(Verb verb, String rest) {
            return new Attempts(List.of(verb + " app:seen" + rest, verb + " tmp:x" + rest), Stream.of("secret:key", "secret:none", "app", "tmp")
                    .map(key -> verb + " " + key + rest).toList());
        }

        private static Attempts writing(Verb verb, String rest) {
            return new Attempts(List.of(verb + " tmp:" + verb + rest), Stream.of("app:seen", "secret:key", "secret:none", "tmp", "x")
                    .map(key -> verb + " " + key + rest).toList());
        }

        /// Without a rule for keys; other rules may refuse it.
        private static Attempts free(String command) {
            return new Attempts(List.of(command), List.of());
        }
    }

    @ParameterizedTest
    @EnumSource(Verb.class)
    void aReaderReachesItsOwnPrefixesOnly(Verb verb) throws Exception {
        for (String allowed : Attempts.of(verb).allowed()) {
            Reply reply = reader.request(allowed);
            assertFalse(reply.isError() && reply.reason().startsWith("denied"), allowed + ": " + reply.text());
        }
        for (String denied : Attempts.of(verb).denied()) {
            Reply reply = reader.request(denied);
            assertTrue(reply.isError() && reply.reason().startsWith("denied: "), denied + ": " + reply.text());
            assertFalse(reply.text().contains("secret"), "an answer says nothing about other keys");
        }
        assertEquals("yes", root.request("GET app:seen").text());
        assertEquals("no", root.request("GET secret:key").text());
        assertEquals("0", root.request("EXISTS secret:none").text());
    }

    @Test
    void nothingSlipsThroughInAPipeline() throws Exception {
        var answers = new ArrayList<CompletableFuture<Reply>>();
        for (int i = 0; i < 200; i++) {
            answers.add(reader.requestAsync(("SET tmp:p" + i + " 1").getBytes(StandardCharsets.UTF_8)));
            answers.add(reader.requestAsync(("SET secret:p" + i + " 1").getBytes(StandardCharsets.UTF_8)));
            answers.add(reader.requestAsync(("GET secret:key").getBytes(StandardCharsets.UTF_8)));
        }
        for (int i = 0; i < answers.size(); i++) {
            Reply reply = answers.get(i).get();
            assertEquals(i % 3 != 0, reply.isError() && reply.reason().startsWith("denied"), i + ": " + reply.text());
        }
        assertEquals("1", root.request("COUNT secret:").text());
        assertEquals("200", root.request("COUNT tmp:p").text());
    }

    @Test
    void watchesTellOfOwnPrefixesOnly() throws Exception {
        List<String> events = new CopyOnWriteArrayList<>();
        try (Client watching = Client.connect(server.clientConfig(READER_KEY))) {
            watching.onEvent(event -> events.add(new String(event, StandardCharsets.UTF_8).strip()));
            assertEquals("OK", watching.request("WATCH app:").text());
            assertTrue(watching.request("WATCH").isError());
            root.request("SET secret:watched 1");
            root.request("SET app:watched 1");
            root.request("DELETE secret:watched");
            root.request("DELETE app:watched");
            await().until(() -> events.size() >= 2);
            assertTrue(events.stream().allMatch(event -> event.contains("app:watched")), events.toString());
        }
    }

    private static Client connect(Identity who, String name, String... options) throws IOException {
        keys.put(new AuthorizedKey(name, who.publicKey(), List.of(options)));
        return Client.connect(server.clientConfig(who));
    }

    @Test
    void aNarrowedLineEndsWatchesAndSessionAndTheNextSessionHasLess() throws Exception {
        List<String> events = new CopyOnWriteArrayList<>();
        try (Identity bob = Identity.generate(); Client wide = connect(bob, "bob")) {
            wide.onEvent(event -> events.add(new String(event, StandardCharsets.UTF_8).strip()));
            assertEquals("OK", wide.request("WATCH").text());
            assertFalse(wide.request("GET secret:key").isError());
            String session = wide.session().sessionId();
            AuthorizedKeys.load(keys.path()).put(new AuthorizedKey("bob", bob.publicKey(), List.of("keys=rw:bob:*")));
            try (Client narrow = Client.connect(server.clientConfig(bob))) {
                assertNotEquals(session, narrow.session().sessionId());
                assertTrue(narrow.request("GET secret:key").reason().startsWith("denied"));
                await().untilAsserted(() -> assertThrows(IOException.class, () -> wide.request("PING")));
                events.clear();
                root.request("SET secret:later 1");
                root.request("DELETE secret:later");
                assertEquals("OK", narrow.request("SET bob:x 1").text());
            }
            assertEquals(List.of(), events);
        }
    }

    /// A session that waits for its client keeps the rights that it was opened with, so it must not outlive them.
    @Test
    void aSessionOfWiderRightsCannotBeResumed() throws Exception {
        try (Identity eve = Identity.generate()) {
            keys.put(new AuthorizedKey("eve", eve.publicKey(), List.of()));
            SynAck.Granted wide;
            try (var peer = new RawNoisePeer(server.connect(), eve.keyPair())) {
                wide = peer.open("");
                peer.send(MessageType.DATA, 1, "WATCH");
                assertEquals("OK\n", peer.receive().payload().text());
            }
            String resume = ",\"session_id\":\"" + wide.sessionId() + "\",\"received\":0,\"acknowledged\":1";
            try (var peer = new RawNoisePeer(server.connect(), eve.keyPair())) {
                assertTrue(peer.open(resume).isResumed(), "as long as nothing has changed");
            }
            AuthorizedKeys.load(keys.path()).put(new AuthorizedKey("eve", eve.publicKey(), List.of("keys=rw:eve:*")));
            try (var peer = new RawNoisePeer(server.connect(), eve.keyPair())) {
                assertFalse(peer.open(resume).isResumed());
                peer.send(MessageType.DATA, 1, "GET secret:key");
                assertTrue(peer.receive().payload().text().startsWith("ERROR denied: "));
            }
        }
    }

    @Test
    void servicesAreRefusedOneByOne() throws Exception {
        try (Identity talker = Identity.generate(); Client chat = connect(talker, "talker", "services=chat")) {
            assertEquals("OK", chat.request("JOIN #talk").text());
            assertTrue(chat.request("GET app:seen").reason().startsWith("denied: your key may not use the store"));
            assertTrue(chat.request("UNWATCH app:").reason().startsWith("denied"));
            assertEquals("PONG", chat.request("PING").text());
            assertTrue(chat.request("WHOAMI").text().contains("permissions: user services=chat\n"));
        }
        try (Identity stored = Identity.generate(); Client kv = connect(stored, "stored", "services=kv")) {
            assertFalse(kv.request("GET app:seen").isError());
            for (String command : List.of("JOIN #talk", "WHO", "KEY root", "ROOMS", "HISTORY #talk", "TELL root hi", "AWAY", "BACK", "SAY #talk x")) {
                assertTrue(kv.request(command).reason().startsWith("denied: your key may not use the chat"), command);
            }
        }
    }

    @Test
    void anotherAddressIsNotLetInAndALineThatMovesEndsWhatIsThere() throws Exception {
        try (Identity far = Identity.generate(); Client here = connect(far, "far", "from=127.0.0.0/8")) {
            assertEquals("PONG", here.request("PING").text());
            AuthorizedKeys.load(keys.path()).put(new AuthorizedKey("far", far.publicKey(), List.of("from=192.0.2.0/24")));
            assertThrows(AuthenticationException.class, () -> Client.connect(server.clientConfig(far)));
            await().untilAsserted(() -> assertThrows(IOException.class, () -> here.request("PING")));
        }
    }

    @Test
    void anExpiredKeyLosesItsConnection() throws Exception {
        long before = server.ended(CloseReason.NOT_AUTHORIZED);
        Instant end = Instant.now().plus(Duration.ofSeconds(5));
        try (Identity guest = Identity.generate(); Client _ = connect(guest, "guest", "expires=" + end)) {
            await().until(() -> server.ended(CloseReason.NOT_AUTHORIZED) > before);
            assertFalse(Instant.now().isBefore(end));
            assertThrows(AuthenticationException.class, () -> Client.connect(server.clientConfig(guest)));
        }
    }

    @Test
    void aKeyHasNoMoreConnectionsThanItsLineSays() throws Exception {
        try (Identity two = Identity.generate(); Client first = connect(two, "two", "max-connections=2");
             Client second = Client.connect(server.clientConfig(two))) {
            var refused = assertThrows(IOException.class, () -> Client.connect(server.clientConfig(two)));
            assertTrue(refused.getMessage().contains("this key has 2 connections"), refused.getMessage());
            assertEquals("PONG", first.request("PING").text());
            assertEquals("PONG", second.request("PING").text());
        }
    }

    @Test
    void requestsBeyondTheRateWait() throws Exception {
        try (Identity fast = Identity.generate(); Client client = connect(fast, "fast", "rate=20");
             Client other = Client.connect(server.clientConfig(fast))) {
            long begin = System.nanoTime();
            var answers = new ArrayList<CompletableFuture<Reply>>();
            for (int i = 0; i < 40; i++) {
                answers.add(client.requestAsync("PING".getBytes(StandardCharsets.UTF_8)));
                answers.add(other.requestAsync("PING".getBytes(StandardCharsets.UTF_8)));
            }
            for (CompletableFuture<Reply> answer : answers) {
                assertEquals("PONG", answer.get().text());
            }
            // 80 requests: 20 at once, whatever the connection, the others at 20 a second.
            double seconds = (System.nanoTime() - begin) / 1e9;
            assertTrue(seconds >= 2.9, seconds + " s");
        }
    }

    @Test
    void theKeysThatAClientMayWriteTakeNoMoreThanItsLineSays() throws Exception {
        root.request("SET q:old 12345");
        try (Identity little = Identity.generate(); Client client = connect(little, "little", "keys=rw:q:*", "max-bytes=40")) {
            assertEquals("OK", client.request("SET q:1 " + "x".repeat(20)).text());
            assertEquals("the store is full for your key, whose keys take 33 bytes of 40: this write takes 8 more; delete keys, or ask "
                    + "the operator for more", client.request("SET q:2 12345").reason());
            assertTrue(client.request("TXN\n8 INCR q:319 APPEND q:1 12345678").reason().startsWith("the store is full for your key"));
            assertEquals("not found", client.request("GET q:3").reason(), "all of it or nothing");
            assertEquals("OK", client.request("SET q:old 12").text());
            assertEquals("OK", client.request("SET q:2 1234").text());
            List<String> info = client.request("INFO").text().lines().toList();
            assertTrue(info.contains("quota_used_bytes: 37") && info.contains("quota_max_bytes: 40"), info::toString);
            assertFalse(info.stream().anyMatch(line -> line.startsWith("quota_used_bytes_of_")), info::toString);
            assertEquals("OK", root.request("SET q:root " + "x".repeat(50)).text());
            assertTrue(root.request("INFO").text().lines().toList().contains("quota_used_bytes_of_rw:q:*: 93"));
            assertTrue(client.request("APPEND q:1 x").isError());
            assertEquals("OK", client.request("DELETE q:root").text());
            assertEquals("21", client.request("APPEND q:1 x").text());
        }
    }

    /// The sessions of a client whose keys could not be counted wrote nothing until they had connected again.
    @Test
    void aCountThatFailedIsMadeAgainWithTheNextWrite() throws Exception {
        AuthorizedKeys known = AuthorizedKeys.load(folder.resolve("counted_keys"));
        var disk = new FailingDisk();
        KeyValueStore store = disk.store();
        store.set(Key.of("q:old".getBytes(StandardCharsets.UTF_8)), new byte[5]);
        disk.setUnreadable(true);
        try (Identity little = Identity.generate(); PersonalServer counting = PersonalServer.start(known, store)) {
            known.put(new AuthorizedKey("little", little.publicKey(), List.of("keys=rw:q:*", "max-bytes=20")));
            try (Client client = Client.connect(counting.clientConfig(little))) {
                assertEquals("the server still counts the bytes of your keys, for your quota; try again later",
                        client.request("SET q:1 1").reason());
                disk.setUnreadable(false);
                assertEquals("OK", client.request("SET q:1 1").text());
                String refusal = client.request("SET q:2 12345678").reason();
                assertTrue(refusal.startsWith("the store is full for your key, whose keys take 14 bytes"), refusal);
            }
        }
    }

    /// Ten thousand commands in one transaction were one request.
    @Test
    void eachCommandOfATransactionCountsForTheRate() throws Exception {
        try (Identity fast = Identity.generate(); Client client = connect(fast, "transactor", "rate=20")) {
            long begin = System.nanoTime();
            assertFalse(client.request("TXN\n" + "6 INCR n".repeat(60)).isError());
            assertEquals("PONG", client.request("PING").text());
            // 40 are owed: each answer waits for a second.
            double seconds = (System.nanoTime() - begin) / 1e9;
            assertTrue(seconds >= 1.9, seconds + " s");
        }
    }
}
