package dev.cipherlink.store;

import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A process that writes to a store until it is killed, and tells on stdout what was acknowledged.
///
/// Each of its threads counts for ever: transaction n sets `t<thread>:last` to n, adds 1 to `t<thread>:count` and to `all`, sets a
/// key of its own number, and keeps n as a record. After the commit it prints `<thread> <n>`.
public final class StoreChild {
    static final int THREADS = 4;
    static final int KEYS_A_THREAD = 50;

    private StoreChild() {
    }

    public static void main(String[] args) throws Exception {
        var out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.US_ASCII);
        var durability = Durability.valueOf(args[1]);
        try (RocksStore store = RocksStore.open(Path.of(args[0]), RocksConfig.of(StoreLimits.ofDisk(1 << 24), durability))) {
            say(out, "open " + text(store.get(key("all"))));
            var threads = new ArrayList<Thread>();
            for (int i = 0; i < THREADS; i++) {
                int thread = i;
                threads.add(Thread.startVirtualThread(() -> count(store, thread, out)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (IOException e) {
            say(out, "refused " + e.getMessage());
        }
    }

    private static void count(RocksStore store, int thread, PrintStream out) {
        try {
            byte[] last = store.get(key("t" + thread + ":last"));
            long n = last == null ? 0 : Long.parseLong(text(last));
            while (true) {
                n = oneUnit(store, thread, n + 1, out);
            }
        } catch (StoreException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long oneUnit(RocksStore store, int thread, long n, PrintStream out) throws StoreException {
        try (Transaction transaction = store.begin()) {
            store.set(key("t" + thread + ":last"), bytes(n));
            store.increment(key("t" + thread + ":count"), 1);
            store.increment(key("all"), 1);
            store.set(key("t" + thread + ":k" + n % KEYS_A_THREAD), value(n));
            transaction.record(key("t" + thread).bytes(), bytes(n));
            transaction.commit();
            say(out, thread + " " + n);
            return n;
        } catch (StoreException e) {
            say(out, "failed " + e.reason() + " " + thread);
            sleep();
            return n - 1;
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Large ones now and then.
    static byte[] value(long n) {
        byte[] number = bytes(n);
        return n % 7 == 0 ? java.util.Arrays.copyOf(number, 20_000) : number;
    }

    static byte[] bytes(long n) {
        return Long.toString(n).getBytes(StandardCharsets.US_ASCII);
    }

    static String text(byte[] value) {
        return value == null ? "0" : new String(value, StandardCharsets.US_ASCII);
    }

    public static Key key(String text) {
        return Key.of(bytes(text));
    }

    public static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static void say(PrintStream out, String line) {
        synchronized (out) {
            out.print(line + "\n");
            out.flush();
        }
    }

    /// The command of the process, behind a wrapper such as a tracer if there is one.
    static Process start(Path store, Durability durability, List<String> wrapper) throws IOException {
        var command = new ArrayList<>(wrapper);
        command.addAll(JavaProgram.command(store.getParent(), List.of("-Xmx128m"), StoreChild.class, store.toString(),
                durability.name()));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }
}
