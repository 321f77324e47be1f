package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.peer.Python;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKey;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// The real server against an independent peer: `test_server_v1.py` and `test_server_v2.py` in `src/test/python`, which
/// know nothing of our code but `docs/protocol.md`. Each of their tests is reported as one of ours.
@Tag("slow")
class PythonPeerIT {

    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final int MIN_TESTS_V1 = 70;
    private static final int MIN_TESTS_V2 = 110;
    private static final String CLIENT_NAME = "python.peer-2";
    /// The peer makes hundreds of connections, and each would log its end. Held here, else it could be collected.
    private static final Logger SERVER_LOG = Logger.getLogger(Server.class.getName());

    @TempDir
    Path folder;

    /// One `RESULT` line of the Python runner.
    private record Result(String name, boolean passed, String failure) {

        static Result parse(String line) {
            String[] fields = line.split("\t", -1);
            assertEquals(5, fields.length, line);
            return new Result(fields[2], fields[1].equals("passed"), fields[4].translateEscapes());
        }

        DynamicTest toTest() {
            return DynamicTest.dynamicTest(name, () -> {
                if (!passed) {
                    fail(name + ": " + failure);
                }
            });
        }
    }

    @BeforeAll
    static void keepQuiet() {
        SERVER_LOG.setLevel(Level.WARNING);
    }

    @AfterAll
    static void speakAgain() {
        SERVER_LOG.setLevel(null);
    }

    @TestFactory
    Stream<DynamicTest> aPeerOfVersion1WrittenFromTheProtocolAloneAgreesWithTheServer() throws Exception {
        Path keyFile = folder.resolve("shared.key");
        try (var key = SharedKey.generate()) {
            key.save(keyFile, false);
            return run("test_server_v1.py", ServerKeys.shared(key), MIN_TESTS_V1, keyFile.toString());
        }
    }

    /// The peer's key is in the authorized-keys file under [#CLIENT_NAME], which is what the server has to call it.
    @TestFactory
    Stream<DynamicTest> aPeerOfVersion2WrittenFromTheProtocolAloneAgreesWithTheServer() throws Exception {
        Path keyFile = folder.resolve("peer.key");
        var authorized = AuthorizedKeys.load(folder.resolve("authorized_keys"));
        byte[] secret = new byte[KeyPair.KEY_BYTES];
        new SecureRandom().nextBytes(secret);
        Files.write(keyFile, secret);
        try (var identity = Identity.generate(); var peer = KeyPair.of(secret)) {
            authorized.add(new AuthorizedKey(CLIENT_NAME, PublicKey.of(peer.publicKey()), List.of()));
            return run("test_server_v2.py", ServerKeys.personal(identity, authorized), MIN_TESTS_V2,
                    keyFile.toString(), HexFormat.of().formatHex(identity.publicKey().bytes()), CLIENT_NAME);
        }
    }

    private static Stream<DynamicTest> run(String script, ServerKeys keys, int minTests, String... credentials)
            throws IOException, InterruptedException {
        try (var store = new MemoryStore(StoreLimits.ofHeap());
                var server = Server.start(ServerConfig.loopback(keys), store)) {
            var arguments = new ArrayList<>(List.of("127.0.0.1:" + server.address().getPort()));
            arguments.addAll(List.of(credentials));
            Python.Outcome outcome = Python.run(LIMIT, Python.program(script, arguments.toArray(String[]::new)));
            var tests = new ArrayList<DynamicTest>();
            List<Result> results = outcome.output().stream()
                    .filter(line -> line.startsWith("RESULT\t")).map(Result::parse).toList();
            results.forEach(result -> tests.add(result.toTest()));
            tests.add(DynamicTest.dynamicTest("the peer ran all its tests to the end", () -> {
                assertTrue(results.size() >= minTests, outcome.toString());
                assertEquals("DONE\t" + results.size(), outcome.output().getLast(), outcome.errors());
                assertEquals(results.stream().allMatch(Result::passed) ? 0 : 1, outcome.status(), outcome.errors());
            }));
            boolean isQuiet = endsWithoutConnections(server);
            tests.add(DynamicTest.dynamicTest("the server is left without connections",
                    () -> assertTrue(isQuiet, "connections were still open when the peer had gone")));
            return tests.stream();
        }
    }

    /// Asked while the server is still there; the dynamic tests run after it was stopped.
    private static boolean endsWithoutConnections(Server server) {
        try {
            await().until(() -> server.connections().isEmpty());
            return true;
        } catch (ConditionTimeoutException e) {
            return false;
        }
    }
}
