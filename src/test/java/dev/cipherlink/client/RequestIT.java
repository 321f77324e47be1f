package dev.cipherlink.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.client.Request.Entry;
import dev.cipherlink.client.Request.Swap;
import dev.cipherlink.client.Request.Transaction;
import dev.cipherlink.client.RequestException.NotDoneException;
import dev.cipherlink.client.RequestException.RefusedException;
import dev.cipherlink.client.Watch.Change;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.fault.CutLink;
import dev.cipherlink.server.Restart;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.TestServer;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Typed requests and watches against the real server.
class RequestIT {
    private static final Duration LONG = Duration.ofSeconds(60);

    private TestServer server;
    private Client client;

    @BeforeEach
    void connect() throws Exception {
        server = TestServer.start();
        client = Client.connect(server.clientConfig());
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @Test
    void givesEachOutcomeItsType() throws Exception {
        assertEquals(Optional.empty(), client.get("n"));
        assertFalse(client.delete("n"));
        assertFalse(client.expire("n", Duration.ofSeconds(9)));
        assertEquals(Optional.empty(), client.call(Request.peek("n")));
        assertEquals(5, client.increment("n", 5));
        assertEquals(3, client.increment("n", -2));
        assertEquals(2, client.append("n", bytes("4")));
        assertArrayEquals(bytes("34"), client.get("n").orElseThrow());
        assertTrue(client.exists("n"));
        assertTrue(client.expire("n", Duration.ofMillis(59_001)));
        Entry entry = client.call(Request.peek("n")).orElseThrow();
        assertEquals(2, entry.size());
        assertTrue(entry.expiresIn().orElseThrow().toSeconds() > 0 && entry.expiresIn().get().toSeconds() <= 60, entry.toString());
        assertTrue(client.call(Request.persist("n")));
        assertEquals(Optional.empty(), client.call(Request.peek("n")).orElseThrow().expiresIn());
        assertTrue(client.delete("n"));
        assertFalse(client.exists("n"));
        assertEquals("PONG", client.call(Request.of(new Command.Ping())).text());
    }

    @Test
    void swapsOnlyTheVersionThatItWasTold() throws Exception {
        Swap.Stored first = assertInstanceOf(Swap.Stored.class, client.compareAndSet("k", 0, bytes("one")));
        assertEquals(new Swap.Conflict(first.version()), client.compareAndSet("k", 0, bytes("two")));
        assertEquals(first.version(), client.call(Request.peek("k")).orElseThrow().version());
        assertInstanceOf(Swap.Stored.class, client.compareAndSet("k", first.version(), bytes("two")));
        assertEquals(new Swap.Conflict(0), client.compareAndSet("none", 7, bytes("x")));
        assertArrayEquals(bytes("two"), client.get("k").orElseThrow());
    }

    @Test
    void runsATransactionInWholeOrNotAtAll() throws Exception {
        Request<Long> less = Request.increment("a", -3);
        Request<Long> more = Request.increment("b", 3);
        Request<Void> note = Request.set("note", bytes("two\n\n"));
        Request<Optional<byte[]>> read = Request.get("note");
        var done = assertInstanceOf(Transaction.Committed.class,
                client.call(Request.transaction(Map.of("a", 0L), List.of(less, more, note, read))));
        assertEquals(-3, done.result(less));
        assertEquals(3, done.result(more));
        assertArrayEquals(bytes("two\n\n"), done.result(read).orElseThrow());

        long version = client.call(Request.version("a"));
        assertEquals(new Transaction.Conflict("a", version), client.call(Request.transaction(Map.of("a", 0L), List.of(less))));
        assertThrows(RefusedException.class, () -> client.call(Request.transaction(Map.of(), List.of(less, Request.get("none")))));
        List<Optional<byte[]>> values = client.call(Request.getAll(List.of("a", "none", "b")));
        assertArrayEquals(bytes("-3"), values.get(0).orElseThrow(), "nothing was done");
        assertEquals(Optional.empty(), values.get(1));
        assertArrayEquals(bytes("3"), values.get(2).orElseThrow());
        assertEquals(0, client.call(Request.version("none")));
    }

    /// A payload's last line feed is cut off at the server, and its answers have one that is not the value's.
    @Test
    void keepsValuesExactToTheByte() throws Exception {
        byte[] random = new byte[100_000];
        new Random(1).nextBytes(random);
        for (byte[] value : List.of(new byte[0], bytes("\n"), bytes("two\n\n"), bytes(" a  b "), bytes("\0"), random)) {
            client.set("k", value);
            assertArrayEquals(value, client.get("k").orElseThrow());
            client.compareAndSet("k", client.call(Request.peek("k")).orElseThrow().version(), value);
            assertArrayEquals(value, client.get("k").orElseThrow());
            client.delete("k");
            client.append("k", value);
            assertArrayEquals(value, client.get("k").orElseThrow());
        }
    }

    /// `"SET " + key + " " + value` set the key `user` to `name ...`.
    @Test
    void sendsNoKeyThatWouldBecomeTwoArguments() throws Exception {
        for (String key : List.of("user name", "", "a\nb", "k\t", "\ud800", "k".repeat(513))) {
            assertThrows(IllegalArgumentException.class, () -> client.set(key, bytes("x")), key);
        }
        assertEquals(List.of(), client.keys(""));
    }

    @Test
    void tellsARefusalFromTheRest() throws Exception {
        client.set("word", bytes("hello"));
        var refused = assertThrows(RefusedException.class, () -> client.increment("word", 1));
        assertTrue(refused.getMessage().contains("number"), refused.getMessage());
        var failed = assertThrows(ExecutionException.class, () -> client.submit(Request.increment("word", 1)).get());
        assertInstanceOf(RefusedException.class, failed.getCause());
        assertTrue(client.call(Request.of(new Command.Incr(bytes("word"), 1))).isError());

        client.close();
        assertThrows(NotDoneException.class, () -> client.get("word"));
        assertThrows(NotDoneException.class, () -> client.submit(Request.get("word")));
    }

    @Test
    void listsAllKeysHoweverMany() throws Exception {
        var set = new ArrayList<CompletableFuture<Void>>();
        client.submitAll(IntStream.range(0, 20_000).mapToObj(i -> Request.set(String.format("k%05d", i), new byte[0])).toList(), set::add);
        CompletableFuture.allOf(set.toArray(CompletableFuture[]::new)).get(1, TimeUnit.MINUTES);

        assertEquals(IntStream.range(0, 20_000).mapToObj(i -> String.format("k%05d", i)).toList(), client.keys("k"));
        assertEquals(20_000, client.call(Request.count("k")));
        assertEquals(List.of("k00006", "k00007"), client.call(Request.keys("", 2, "k00005")));
    }

    @Test
    void answersAPipelineInOrderAndBlocksWhileTooMuchIsWaiting() throws Exception {
        var numbers = new ArrayList<CompletableFuture<Long>>();
        Iterable<Request<Long>> requests = () -> IntStream.range(0, 10_000).mapToObj(_ -> Request.increment("n", 1)).iterator();
        client.submitAll(requests, future -> {
            numbers.add(future);
            assertTrue(client.waiting() <= 4_096);
        });
        for (long expected : LongStream.rangeClosed(1, 10_000).toArray()) {
            assertEquals(expected, numbers.get((int) expected - 1).get(1, TimeUnit.MINUTES));
        }
    }

    @Test
    void servesManyVirtualThreadsAtOnce() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Long>> done = IntStream.range(0, 2_000).mapToObj(i -> threads.submit(() -> client.increment("n", i % 3))).toList();
            for (Future<Long> each : done) {
                each.get(1, TimeUnit.MINUTES);
            }
        }
        assertArrayEquals(bytes("" + IntStream.range(0, 2_000).map(i -> i % 3).sum()), client.get("n").orElseThrow());
    }

    @Test
    void followsKeysUntilTheWatchIsClosed() throws Exception {
        Watch all = client.watch("");
        try (Watch watch = client.watch("app:")) {
            try (Client other = Client.connect(server.clientConfig())) {
                other.set("app:a", bytes("1"));
                other.set("b", bytes("1"));
                other.delete("app:a");
            }
            assertEquals(List.of(new Change.Set("app:a"), new Change.Deleted("app:a")), List.of(watch.take(), watch.take()));
            assertEquals(Optional.empty(), watch.poll(Duration.ZERO));
        }
        assertEquals(new Change.Set("app:a"), all.take());
        assertEquals(new Change.Set("b"), all.take());
        assertEquals(new Change.Deleted("app:a"), all.take());
        all.close();
        client.set("app:c", bytes("1"));
        client.call(Request.of(new Command.Ping()));
        assertEquals(Optional.empty(), all.poll(Duration.ZERO));
    }

    @Test
    void tellsThatAKeyHasExpired() throws Exception {
        try (Watch watch = client.watch("k")) {
            client.set("k", bytes("x"));
            client.expire("k", Duration.ofSeconds(1));
            assertEquals(new Change.Set("k"), watch.take());
            assertEquals(Optional.of(new Change.Expired("k")), watch.poll(LONG));
        }
    }

    @Test
    void followsKeysAcrossALostConnection() throws Exception {
        var address = new InetSocketAddress("127.0.0.1", server.port());
        try (var link = new CutLink(address);
             Client cut = Client.connect(ClientConfig.to("127.0.0.1", link.port(), server.key()));
             Watch watch = cut.watch("k")) {
            cut.call(Request.of(new Command.Ping()));
            link.breakAll();
            client.set("k1", bytes("x"));
            assertEquals(new Change.Set("k1"), watch.poll(LONG).orElseThrow(), "the session was resumed");
        }
    }

    /// The session is lost with a server that keeps nothing on disk.
    @Test
    void saysThatAWatchMayHaveMissedSomethingWhenTheSessionIsNew() throws Exception {
        try (SharedKey key = SharedKey.generate(); var store = new MemoryStore(new StoreLimits(1 << 20, 1L << 26))) {
            ServerConfig config = ServerConfig.loopback(key).with(to -> to.gracePeriod = Duration.ofMillis(200));
            Server first = Server.start(config, store);
            int port = first.address().getPort();
            try (Client lost = Client.connect(ClientConfig.to("127.0.0.1", port, key)); Watch watch = lost.watch("k")) {
                var connected = new CountDownLatch(1);
                lost.onConnectionChange(state -> {
                    if (state instanceof ConnectionState.Connected) {
                        connected.countDown();
                    }
                });
                first.close();
                try (Server _ = Restart.of(config.with(to -> to.port = port), store)) {
                    lost.retryNow();
                    assertTrue(connected.await(60, TimeUnit.SECONDS));
                    var changes = new LinkedHashSet<Change>();
                    while (!changes.contains(new Change.Set("k1"))) {
                        lost.set("k1", bytes("x")); // perhaps before the server has the watch again
                        watch.poll(Duration.ofMillis(100)).ifPresent(changes::add);
                    }
                    assertEquals(Set.of(new Change.Missed(), new Change.Set("k1")), changes);
                }
            }
        }
    }

    @Test
    void tellsAWatchThatTheClientHasEnded() throws Exception {
        Watch watch = client.watch("k");
        client.close();
        assertThrows(NotDoneException.class, () -> watch.poll(LONG));
        assertThrows(NotDoneException.class, watch::take);
        watch.close();
    }

    @Test
    void talks() throws Exception {
        var heard = new LinkedBlockingQueue<Event>();
        client.onEvent(event -> {
            try {
                heard.add(Event.decode(event, 0, event.length));
            } catch (ProtocolException e) {
                throw new AssertionError(e);
            }
        });
        client.call(Request.join("#dev"));
        try (Client bob = Client.connect(server.clientConfig().withClientId("bob"))) {
            bob.call(Request.join("#dev"));
            long id = bob.call(Request.say("#dev", "hello \u00e4"));
            await().until(() -> heard.stream().anyMatch(event -> event instanceof Event.Message message
                    && message.id() == id && message.text().equals("hello \u00e4") && message.from().equals("bob")));
            assertEquals(id, assertInstanceOf(Event.Message.class,
                    client.call(Request.history("#dev", 10, Command.History.NEWEST)).getLast()).id());
            bob.call(Request.leave("#dev"));
            assertThrows(RefusedException.class, () -> bob.call(Request.say("#dev", "again")));
        }
        Reply who = client.call(Request.of(new Command.Who("#dev")));
        assertFalse(who.isError());
    }
}
