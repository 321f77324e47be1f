package dev.cipherlink.crash;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The disk under a server is full, fails, or is slow.
@Tag("slow")
@Tag("alone")
class ServerDiskIT {

    private static final Path STRACE = Path.of("/usr/bin/strace");
    private static final int VALUE_CHARACTERS = 100_000;
    private static final int COLD_KEYS = 40;
    private static final int COLD_CHARACTERS = 4_000;

    @TempDir
    Path folder;

    private ServerProcess server;
    private Path mounted;

    @AfterEach
    void end() throws Exception {
        if (server != null) {
            server.close();
        }
        if (mounted != null) {
            assertEquals(0, run("umount", mounted.toString()));
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return process.exitValue();
    }

    private void makeServer(Path data) throws IOException {
        server = new ServerProcess(folder, data, Map.of("CIPHERLINK_STORE_DURABILITY", "always"));
    }

    /// Does something to system calls of the server.
    ///
    /// @param files those that count; all, if there are none
    private void inject(String call, String fault, List<Path> files) {
        assumeTrue(Files.isExecutable(STRACE), "there is no strace here that could do that to " + call);
        var tracer = new ArrayList<>(List.of(STRACE.toString(), "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null",
                "-e", "trace=" + call, "-e", "inject=" + call + ":" + fault));
        files.forEach(file -> tracer.addAll(List.of("-P", file.toString())));
        server.wrap(tracer);
    }

    private static String value(int number) {
        var characters = new byte[VALUE_CHARACTERS];
        new Random(number).nextBytes(characters);
        for (int i = 0; i < characters.length; i++) {
            characters[i] = (byte) ('a' + (characters[i] & 15));
        }
        return new String(characters, StandardCharsets.US_ASCII);
    }

    private static Reply set(Client client, int number) throws IOException, InterruptedException {
        return client.request("SET k" + number + " " + value(number));
    }

    /// The first `count` values are there, and those that were refused are not.
    private void assertValues(Client client, int count, List<Integer> refused) throws IOException, InterruptedException {
        for (int i = 0; i < count; i++) {
            if (!refused.contains(i)) {
                assertEquals(value(i), client.request("GET k" + i).text(), "value " + i);
            }
        }
        for (int i : refused) {
            assertEquals("ERROR not found", client.request("GET k" + i).text(), "refused value " + i);
        }
    }

    /// A small disk, where only the log grows, and one on which RocksDB moves what it has into files.
    @ParameterizedTest
    @CsvSource({"48, 24", "160, 40"})
    void aFullDiskRefusesWritesUntilThereIsRoomAgain(int diskMegabytes, int ballastMegabytes) throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=" + diskMegabytes + "m", "tmpfs", disk.toString()) == 0,
                "no small file system can be mounted here: that takes root");
        mounted = disk;
        makeServer(disk.resolve("data"));
        server.start();
        Path ballast = disk.resolve("ballast");
        Files.write(ballast, new byte[ballastMegabytes << 20]);
        try (Client client = Client.connect(server.clientConfig(2))) {
            var refused = new ArrayList<Integer>();
            int count = 0;
            Reply reply = set(client, count++);
            while (!reply.isError()) {
                reply = set(client, count++);
            }
            refused.add(count - 1);
            assertEquals("the disk of the store is full; nothing is written until the operator has made room", reply.reason());
            // What RocksDB has moved meanwhile may leave room for a few more.
            for (; refused.size() < 6; count++) {
                if (set(client, count).isError()) {
                    refused.add(count);
                }
            }
            assertEquals("PONG", client.request("PING").text());
            assertValues(client, count, refused);

            Files.delete(ballast);
            long freedAt = System.nanoTime();
            while (set(client, count++).isError()) {
                refused.add(count - 1);
                assertTrue(System.nanoTime() - freedAt < Duration.ofMinutes(1).toNanos(), () -> "no writes" + server.said());
                TimeUnit.MILLISECONDS.sleep(100);
            }
            System.out.printf("full after %d writes; writes again %d ms after there was room%n", refused.getFirst(),
                    (System.nanoTime() - freedAt) / 1_000_000);
            for (int i = 0; i < 20; i++) {
                assertEquals("OK", set(client, count++).text());
            }
            server.kill();
            server.start();
            client.retryNow();
            assertValues(client, count, refused);
            assertTrue(client.session().isResumed());
            assertEquals("OK", set(client, count).text());
        }
    }

    /// Issue 13.7: nobody was told of a full disk, and a server that was restarted on it did not start.
    @Test
    void aServerStartsOnAFullDiskForReads() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", disk.toString()) == 0,
                "no small file system can be mounted here: that takes root");
        mounted = disk;
        makeServer(disk.resolve("data"));
        server.start();
        Path ballast = disk.resolve("ballast");
        try (Client client = Client.connect(server.clientConfig(2))) {
            for (int i = 0; i < 10; i++) {
                assertEquals("OK", set(client, i).text());
            }
            fill(ballast);
            int count = 10;
            while (!set(client, count).isError()) {
                count++;
            }
            String info = client.request("INFO").text();
            assertTrue(info.contains("store_state: read-only: its disk is full") && !info.contains("store_refused_full: 0\n"), info);
            server.kill();
            fill(ballast.resolveSibling("more"));
            server.start();
            client.retryNow();
            assertValues(client, count, List.of());
            assertTrue(set(client, count).isError());
            assertTrue(server.said().contains("the disk of the store is full: nothing is written until there is room"), server.said());
            assertEquals("PONG", client.request("PING").text());
            Files.delete(ballast);
            int next = count;
            await().until(() -> !set(client, next).isError());
            assertValues(client, count + 1, List.of());
        }
    }

    /// To the last byte.
    private static void fill(Path ballast) throws IOException {
        try (FileChannel file = FileChannel.open(ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            while (true) {
                file.write(ByteBuffer.allocate(4_096));
            }
        } catch (IOException e) {
            assertTrue(Files.exists(ballast), e.getMessage());
        }
    }

    /// Issue 13.5: a write that was refused at the moment of a failed fsync was there after the restart. Now its outcome is unknown, which
    /// is true, and nobody reads it until then.
    @Test
    void aFailedFsyncStopsWritesUntilARestart() throws Exception {
        makeServer(folder.resolve("data"));
        inject("fdatasync", "error=EIO:when=100+", List.of());
        server.start();
        try (Client client = Client.connect(server.clientConfig(2))) {
            assertEquals("OK", client.request("SET kept v").text());
            long acknowledged = incrementUntilItFails(client);
            assertTrue(acknowledged > 10, acknowledged + " before the failure");
            String refusal = "the store takes no writes since its disk failed; the operator has to look, and restart the server";
            assertEquals(refusal, client.request("INCR n").reason());
            assertEquals(refusal, client.request("SET other 1").reason());
            assertEquals(refusal, client.request("GET n").reason());
            assertEquals("v", client.request("GET kept").text());
            assertEquals("ERROR not found", client.request("GET other").text());
            assertTrue(client.request("INFO").text().contains("store_state: read-only"));
            assertTrue(server.said().contains("the store takes no writes until the server is restarted"), server.said());
            server.kill();
            server.wrap(List.of());
            server.start();
            client.retryNow();
            long after = Long.parseLong(client.request("GET n").text());
            assertTrue(after == acknowledged || after == acknowledged + 1, after + " of " + acknowledged);
            assertEquals(Long.toString(after + 1), client.request("INCR n").text());
            assertEquals("ERROR not found", client.request("GET other").text());
        }
    }

    private static long incrementUntilItFails(Client client) throws IOException, InterruptedException {
        long acknowledged = 0;
        try {
            while (true) {
                acknowledged = Long.parseLong(client.request("INCR n").text());
            }
        } catch (OutcomeUnknownException e) {
            return acknowledged;
        }
    }

    /// A thread of all connections must not be inside a wait for the disk.
    @Test
    void slowFsyncsDoNotHoldUpOtherConnections() throws Exception {
        makeServer(folder.resolve("data"));
        inject("fdatasync", "delay_enter=3000000:when=60+", List.of());
        server.start();
        var writers = new ArrayList<Client>();
        try (Client pinging = Client.connect(server.clientConfig(2))) {
            assertEquals("PONG", pinging.request("PING").text());
            for (int i = 0; i < 4; i++) {
                writers.add(Client.connect(server.clientConfig(1 + i % 2)));
            }
            List<CompletableFuture<Reply>> writes = new ArrayList<>();
            await().pollInterval(Duration.ofMillis(1)).until(() -> {
                long startedAt = System.nanoTime();
                writers.getFirst().request("INCR n");
                return System.nanoTime() - startedAt > Duration.ofSeconds(2).toNanos();
            });
            for (Client writer : writers) {
                writes.add(writer.requestAsync("INCR n".getBytes(StandardCharsets.US_ASCII)));
            }
            assertServedMeanwhile(pinging, writes, _ -> "PING");
            for (CompletableFuture<Reply> write : writes) {
                assertTrue(!write.get(60, TimeUnit.SECONDS).isError());
            }
        } finally {
            writers.forEach(Client::close);
        }
    }

    private List<Path> databaseFiles(String suffix) throws IOException {
        try (Stream<Path> files = Files.list(server.store().resolve("db"))) {
            return files.filter(file -> file.toString().endsWith(suffix)).toList();
        }
    }

    /// Has many requests answered while others wait for the disk. If they waited in turn for the same thread, it would be a few.
    private static void assertServedMeanwhile(Client client, List<CompletableFuture<Reply>> waiting, IntFunction<String> request)
            throws IOException, InterruptedException {
        int served = 0;
        while (served < 400 && !waiting.stream().allMatch(CompletableFuture::isDone)) {
            assertTrue(!client.request(request.apply(served++)).isError());
        }
        assertTrue(served >= 20, served + " requests");
    }

    private static void assertWritesFast(Client client) throws IOException, InterruptedException {
        for (int i = 0; i < 200; i++) {
            long startedAt = System.nanoTime();
            assertEquals("OK", client.request("SET hot " + i).text());
            long nanos = System.nanoTime() - startedAt;
            assertTrue(nanos < Duration.ofSeconds(6).toNanos(), "all that expire take 12 s: " + nanos + " ns");
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    /// Issues 13.2 and 13.3: a write of a key that was not in memory read the disk inside the gate, and so did each thousand of
    /// keys that expired: another client's SET of a key in memory waited for all of it.
    @Test
    void coldWritesAndExpiryDoNotHoldUpOtherConnections() throws Exception {
        makeServer(folder.resolve("data"));
        server.start();
        try (Client client = Client.connect(server.clientConfig(2))) {
            List<CompletableFuture<Reply>> sets = new ArrayList<>();
            for (int i = 0; i < 4 * COLD_KEYS; i++) {
                sets.add(ask(client, "SET c" + i + " " + value(i).substring(0, COLD_CHARACTERS)));
            }
            for (int i = 3 * COLD_KEYS; i < 4 * COLD_KEYS; i++) {
                sets.add(ask(client, "EXPIRE c" + i + " 14"));
            }
            for (CompletableFuture<Reply> set : sets) {
                assertEquals("OK", set.get(60, TimeUnit.SECONDS).text());
            }
        }
        long expiresAt = System.nanoTime() + Duration.ofSeconds(14).toNanos();
        server.terminate();
        // Brings the keys out of the log into files.
        server.start();
        server.terminate();
        inject("pread64", "delay_enter=300000", databaseFiles(".sst"));
        server.start();
        var others = new ArrayList<Client>();
        try (Client writer = Client.connect(server.clientConfig(2))) {
            assertEquals("OK", writer.request("SET hot 0").text());
            List<CompletableFuture<Reply>> cold = new ArrayList<>();
            List<String> commands = List.of("DELETE c%d", "APPEND c%d x", "SET c%d v");
            for (int client = 0; client < commands.size(); client++) {
                others.add(Client.connect(server.clientConfig(1 + client % 2)));
                for (int i = client * COLD_KEYS; i < (client + 1) * COLD_KEYS; i++) {
                    cold.add(ask(others.get(client), commands.get(client).formatted(i)));
                }
            }
            assertServedMeanwhile(writer, cold, i -> "SET hot " + i);
            TimeUnit.NANOSECONDS.sleep(Math.max(0, expiresAt - System.nanoTime()));
            assertWritesFast(writer);
            for (CompletableFuture<Reply> write : cold) {
                assertTrue(!write.get(100, TimeUnit.SECONDS).isError());
            }
        } finally {
            others.forEach(Client::close);
        }
    }

    private static CompletableFuture<Reply> ask(Client client, String command) throws IOException, InterruptedException {
        return client.requestAsync(command.getBytes(StandardCharsets.US_ASCII));
    }

    /// A read from the disk takes as long as the disk needs, and holds no thread that others need.
    @Test
    void slowReadsDoNotHoldUpOtherConnections() throws Exception {
        makeServer(folder.resolve("data"));
        server.start();
        try (Client client = Client.connect(server.clientConfig(2))) {
            for (int i = 0; i < 40; i++) {
                assertEquals("OK", set(client, i).text());
            }
        }
        server.terminate();
        // Brings the values out of the log into files of their own.
        server.start();
        server.terminate();
        inject("pread64", "delay_enter=3000000", databaseFiles(".blob"));
        server.start();
        var readers = new ArrayList<Client>();
        try (Client pinging = Client.connect(server.clientConfig(2))) {
            assertEquals("PONG", pinging.request("PING").text());
            List<CompletableFuture<Reply>> reads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                readers.add(Client.connect(server.clientConfig(1 + i % 2)));
                reads.add(readers.get(i).requestAsync(("GET k" + i).getBytes(StandardCharsets.US_ASCII)));
            }
            assertServedMeanwhile(pinging, reads, i -> i % 2 == 0 ? "PING" : "SET hot " + i);
            for (int i = 0; i < readers.size(); i++) {
                assertEquals(value(i), reads.get(i).get(60, TimeUnit.SECONDS).text());
            }
        } finally {
            readers.forEach(Client::close);
        }
    }
}
