package dev.cipherlink.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.Python;
import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;

/// Clients of Redis that others wrote, against the gateway.
class RedisClientsIT {

    @TempDir
    private Path folder;
    private GatewayRig rig;

    @BeforeEach
    void start() throws IOException {
        rig = GatewayRig.start();
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    private ProcessBuilder program(String name, String... arguments) {
        var command = new ArrayList<>(List.of(name, "-p", Integer.toString(rig.port())));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    private String output(ProcessBuilder program, String input) throws Exception {
        Path in = Files.writeString(folder.resolve("in"), input, StandardCharsets.ISO_8859_1);
        Path out = folder.resolve("out");
        Process process = program.redirectInput(in.toFile()).redirectOutput(out.toFile()).start();
        boolean hasEnded = process.waitFor(60, TimeUnit.SECONDS);
        process.destroyForcibly();
        assertTrue(hasEnded, () -> program.command() + " did not end");
        return Files.readString(out, StandardCharsets.ISO_8859_1);
    }

    private String cli(String... arguments) throws Exception {
        return output(program("redis-cli", arguments), "");
    }

    @Test
    void redisCliAsksAndPrints() throws Exception {
        assertEquals("OK\n", cli("SET", "a", "one two"));
        assertEquals("\"one two\"\n", cli("--no-raw", "GET", "a"));
        assertEquals("(nil)\n", cli("-3", "--no-raw", "GET", "none"));
        assertEquals("hello\n", cli("-3", "ECHO", "hello"));
        assertEquals("ERR value is not an integer or out of range\n\n", cli("INCR", "a"));
        assertEquals("OK\nQUEUED\nQUEUED\n2\none two\n", output(program("redis-cli"), "MULTI\nINCRBY n 2\nGET a\nEXEC\n"));
        assertTrue(cli("INFO").contains("redis_version:"));
    }

    @Test
    void redisCliLoadsAndScans() throws Exception {
        var commands = new StringBuilder();
        for (int i = 0; i < 5_000; i++) {
            commands.append("SET key:").append(i).append(" value\r\n");
        }
        String loaded = output(program("redis-cli", "--pipe"), commands.toString());
        assertTrue(loaded.contains("errors: 0, replies: 5000"), loaded);
        assertEquals("5000\n", cli("DBSIZE"));
        assertEquals(5_000, cli("--scan").lines().distinct().count());
        assertEquals(111, cli("--scan", "--pattern", "key:42*").lines().distinct().count());
        String largest = cli("--bigkeys");
        assertTrue(largest.contains("Sampled 5000 keys in the keyspace!") && largest.contains("5000 strings with 25000 bytes"), largest);
    }

    @Test
    void redisCliWatchesTheServer() throws Exception {
        assertTrue(cli("--latency").matches("(?s)\\d+ \\d+ [\\d.]+ \\d+\\n?"), "min, max, average, samples");
        Path out = folder.resolve("stat");
        Process stat = program("redis-cli", "--stat", "-i", "0.05").redirectOutput(out.toFile()).start();
        try {
            await().until(() -> Files.readString(out).lines().count() > 4);
            assertTrue(Files.readString(out).contains("requests"), Files.readString(out));
        } finally {
            stat.destroyForcibly().waitFor();
        }
    }

    @Test
    void redisBenchmarkRuns() throws Exception {
        for (String pipeline : new String[] {"1", "16"}) {
            String result = output(program("redis-benchmark", "-n", "2000", "-c", "20", "-P", pipeline, "-r", "100", "-q", "-t",
                    "ping,set,get,incr,mset"), "");
            assertEquals(6, result.lines().filter(line -> line.contains("requests per second")).count(), result);
            assertTrue(!result.contains("Error"), result);
        }
    }

    @Test
    void jedis() {
        try (var jedis = new Jedis("127.0.0.1", rig.port())) {
            assertEquals("OK", jedis.set("a", "1", SetParams.setParams().ex(100).nx()));
            assertNull(jedis.set("a", "2", SetParams.setParams().nx()));
            assertTrue(jedis.ttl("a") > 90);
            jedis.watch("a");
            Transaction transaction = jedis.multi();
            transaction.incr("a");
            transaction.get("a");
            assertEquals(List.of(2L, "2"), transaction.exec());
            assertEquals(List.of("2"), jedis.mget("a"));
            assertEquals(List.of("a"), jedis.scan(ScanParams.SCAN_POINTER_START, new ScanParams().match("a*")).getResult());
            assertEquals(3, jedis.append("a", "xy"));
            assertEquals("xy", jedis.getrange("a", 1, -1));
        }
    }

    @Test
    void lettuce() throws Exception {
        var client = RedisClient.create(RedisURI.create("127.0.0.1", rig.port()));
        try (var connection = client.connect(); var subscriber = client.connectPubSub()) {
            var commands = connection.sync();
            assertEquals("OK", commands.set("a", "1"));
            assertEquals(2, commands.incr("a"));
            assertEquals("OK", commands.multi());
            commands.incr("a");
            commands.strlen("a");
            assertEquals(List.of(3L, 1L), commands.exec().stream().toList());
            KeyScanCursor<String> found = commands.scan(ScanArgs.Builder.matches("*"));
            assertEquals(List.of("a"), found.getKeys());
            BlockingQueue<String> messages = new LinkedBlockingQueue<>();
            subscriber.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    messages.add(message);
                }
            });
            subscriber.sync().subscribe("news");
            assertEquals(1, commands.publish("news", "hello"));
            assertEquals("hello", messages.poll(60, TimeUnit.SECONDS));
        } finally {
            client.shutdown(0, 5, TimeUnit.SECONDS);
        }
    }

    @Test
    void redisPy() throws Exception {
        Python.Outcome outcome = Python.run(Duration.ofSeconds(60), Python.program("redis_client.py", Integer.toString(rig.port())));
        assertEquals(List.of("done"), outcome.output(), outcome.errors());
    }

    /// With the folder that `npm install ioredis redis` filled: `-Dredis.node=FOLDER/node_modules`.
    @Test
    @EnabledIfSystemProperty(named = "redis.node", matches = ".+")
    void ioredisAndNodeRedis() throws Exception {
        var program = new ProcessBuilder("node", Path.of("src", "test", "node", "redis_clients.mjs").toAbsolutePath().toString(),
                Integer.toString(rig.port())).redirectErrorStream(true);
        program.environment().put("NODE_MODULES", System.getProperty("redis.node"));
        assertEquals("done\n", output(program, ""));
    }
}
