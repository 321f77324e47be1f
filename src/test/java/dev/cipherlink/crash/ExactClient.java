package dev.cipherlink.crash;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.session.Session;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/// A client that knows the answer to each of its requests before it sends it: it alone writes to its keys, and each
/// request runs exactly once. It pipelines as much as its window permits, until it is stopped.
///
/// The answer to a read is not certain after a crash where it is large, as `docs/protocol.md` says: it may be an error, which says
/// that the answer is lost. It is never another value (issue 13.11a).
final class ExactClient implements AutoCloseable {

    private static final int KEYS = 20;
    private static final int LARGE_BYTES = 100_000;

    private final String name;
    private final Client client;
    private final Random random;
    private final Thread thread;
    private final Map<String, String> values = new HashMap<>();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
    private final AtomicLong answered = new AtomicLong();
    private final Phaser unanswered = new Phaser(1);
    /// Requests beyond the window that may wait: they have to be answered before the end of a test.
    private final Semaphore room;
    private long sharedCount;
    private volatile boolean isStopped;

    ExactClient(ClientConfig config, String name, long seed) throws IOException {
        this.name = name;
        client = Client.connect(config);
        random = new Random(seed);
        room = new Semaphore(3 * client.session().windowSize());
        thread = Thread.ofVirtual().name(name).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /// Sends nothing more, and waits for all answers. Blocks.
    void stop() throws InterruptedException {
        isStopped = true;
        thread.join();
        client.flush();
        unanswered.arriveAndAwaitAdvance();
    }

    void retryNow() {
        client.retryNow();
    }

    Client client() {
        return client;
    }

    long answered() {
        return answered.get();
    }

    /// How often it added one to the counter that all clients share.
    long sharedCount() {
        return sharedCount;
    }

    /// Every key of its own, with the value that it must have.
    Map<String, String> values() {
        return values;
    }

    /// The deviations found.
    Queue<String> wrong() {
        return wrong;
    }

    private void run() {
        try {
            while (!isStopped) {
                for (int i = random.nextInt(1, 50); i > 0; i--) {
                    sendOne();
                }
                client.flush();
            }
        } catch (IOException e) {
            wrong.add(name + ": " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sendOne() throws IOException, InterruptedException {
        String key = name + ":" + random.nextInt(KEYS);
        switch (random.nextInt(130)) {
            case 0 -> setLarge(name + ":large" + random.nextInt(3));
            case 1 -> getLarge(name + ":large" + random.nextInt(3));
            case 2 -> echo();
            case 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 -> append(name + ":log", "+");
            case 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 -> set(key, "v" + random.nextInt());
            case 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44 -> get(key);
            case 45, 46, 47, 48, 49, 50, 51, 52, 53, 54 -> {
                sharedCount++;
                send("INCR shared", reply -> !reply.isError());
            }
            case 100, 101, 102, 103, 104 -> getDelete(key);
            case 105, 106 -> replaceLarge(name + ":large" + random.nextInt(3));
            case 107, 108, 109, 110, 111, 112 -> transaction(key);
            case 113, 114, 115, 116, 117 -> refusedTransaction(key);
            case 118, 119, 120, 121, 122 -> move();
            case 123, 124, 125 -> rename(key, name + ":renamed");
            default -> increment(name + ":count");
        }
    }

    private void getDelete(String key) throws IOException, InterruptedException {
        String value = values.remove(key);
        send("GETDEL " + key, value == null ? "ERROR not found" : value);
    }

    /// The answer to a change is never lost, however large.
    private void replaceLarge(String key) throws IOException, InterruptedException {
        String old = values.get(key);
        String value = large();
        values.put(key, value);
        send("PUT GET " + key + " " + value, item(old));
    }

    private static String item(String value) {
        return value == null ? "-9 not found" : "+" + value.length() + " " + value;
    }

    private void transaction(String key) throws IOException, InterruptedException {
        String old = values.get(key);
        String count = values.merge(name + ":count", "1", (before, _) -> Long.toString(Long.parseLong(before) + 1));
        values.put(key, "of a transaction");
        send(transaction("TXN EACH\n", "GET " + key, "INCR " + name + ":count", "DELETE " + name + ":none",
                "SET " + key + " of a transaction"), item(old) + "\n" + item(count) + "\n-9 not found\n+2 OK");
    }

    private void refusedTransaction(String key) throws IOException, InterruptedException {
        send(transaction("TXN\n", "SET " + key + " never", "GETDEL " + name + ":none"), "ERROR command 2: not found");
    }

    /// Between two keys of all clients, whose sum stays 0.
    private void move() throws IOException, InterruptedException {
        int amount = random.nextInt(100);
        send(transaction("TXN\n", "INCR moved:a " + amount, "INCR moved:b " + -amount), reply -> !reply.isError());
    }

    private void rename(String key, String to) throws IOException, InterruptedException {
        String value = values.remove(key);
        if (value != null) {
            values.put(to, value);
        }
        send("RENAME " + key + " " + to, value == null ? "ERROR not found" : "OK");
    }

    private static String transaction(String head, String... commands) {
        var text = new StringBuilder(head);
        for (String command : commands) {
            text.append(command.length() + 1).append(' ').append(command).append('\n');
        }
        return text.toString();
    }

    private String large() {
        String number = Integer.toString(random.nextInt());
        return number.repeat(LARGE_BYTES / number.length());
    }

    private void set(String key, String value) throws IOException, InterruptedException {
        values.put(key, value);
        send("SET " + key + " " + value, "OK");
    }

    private void get(String key) throws IOException, InterruptedException {
        String value = values.get(key);
        send("GET " + key, value == null ? "ERROR not found" : value);
    }

    private void setLarge(String key) throws IOException, InterruptedException {
        set(key, large());
    }

    private void getLarge(String key) throws IOException, InterruptedException {
        String value = values.get(key);
        String expected = value == null ? "ERROR not found" : value;
        send("GET " + key, reply -> reply.text().equals(expected) || isLost(reply));
    }

    private void echo() throws IOException, InterruptedException {
        String text = large();
        send("ECHO " + text, reply -> reply.text().equals("Echo: " + text) || isLost(reply));
    }

    private static boolean isLost(Reply reply) {
        return reply.isError() && reply.reason().equals(Session.NOT_KEPT.reason());
    }

    private void append(String key, String suffix) throws IOException, InterruptedException {
        String value = values.merge(key, suffix, String::concat);
        send("APPEND " + key + " " + suffix, Integer.toString(value.length()));
        if (value.length() > 2_000) {
            set(key, "");
        }
    }

    private void increment(String key) throws IOException, InterruptedException {
        String value = values.merge(key, "1", (count, _) -> Long.toString(Long.parseLong(count) + 1));
        send("INCR " + key, value);
    }

    private void send(String command, String expected) throws IOException, InterruptedException {
        send(command, reply -> reply.text().equals(expected));
    }

    private void send(String command, Predicate<Reply> isExpected) throws IOException, InterruptedException {
        if (!room.tryAcquire()) {
            client.flush();
            room.acquire();
        }
        unanswered.register();
        client.send(command.getBytes(StandardCharsets.US_ASCII), new ReplyHandler() {
            @Override
            public void answered(Reply reply) {
                if (!isExpected.test(reply)) {
                    wrong.add(name + ": " + shown(command) + ": " + shown(reply.text()));
                }
                answered.incrementAndGet();
                done();
            }

            @Override
            public void failed(IOException cause, boolean wasSent) {
                wrong.add(name + ": " + shown(command) + ": " + cause + (wasSent ? ", outcome unknown" : ", not sent"));
                done();
            }

            private void done() {
                room.release();
                unanswered.arriveAndDeregister();
            }
        });
    }

    private static String shown(String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "... (" + text.length() + ")";
    }

    @Override
    public void close() {
        client.close();
    }
}
