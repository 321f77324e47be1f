package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.server.Restart;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A server in this process that reads a file of keys, and ann, whose terminal is set to use it. She has no key yet.
public abstract class IdentityRig {
    @TempDir
    protected Path folder;
    protected Identity host;
    protected Server server;
    protected Terminal ann;
    private MemoryStore store;

    @BeforeEach
    void startServer() throws IOException {
        host = Identity.generate();
        store = new MemoryStore(StoreLimits.ofHeap());
        server = start(host, 0);
        ann = new Terminal(folder);
        ann.environment.put("HOME", folder.resolve("home").toString());
        ann.environment.put("USER", "ann");
        ann.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + server.address().getPort());
        ann.environment.put("CIPHERLINK_CLIENT_HOST_KEY", host.publicKey().fingerprint().toString());
        ann.environment.put("CIPHERLINK_SERVER_AUTHORIZED_KEYS", folder.resolve("authorized").toString());
    }

    @AfterEach
    void stopServer() {
        server.close();
        store.close();
        host.close();
    }

    /// Another server on the same store and keys.
    protected final Server start(Identity identity, int port) throws IOException {
        return Restart.of(ServerConfig.loopback(ServerKeys.personal(identity, AuthorizedKeys.load(folder.resolve("authorized")))).with(to -> {
            to.port = port;
            to.gracePeriod = Duration.ofMillis(500);
        }), store);
    }

    /// Makes a key for ann, and authorizes it with these options.
    ///
    /// @return the line of the key
    protected String authorizeAnn(String... options) throws IOException {
        assertEquals(0, ann.run("keygen", "identity"), ann.err());
        String line = ann.out().strip();
        assertEquals(0, ann.run(Stream.concat(Stream.of("authorize", line), Stream.of(options)).toArray(String[]::new)), ann.err());
        return line;
    }

    /// The program in a process of its own, as it is installed. Its stderr is in a file.
    protected final Process process(String... args) throws IOException {
        return process(List.of(), args);
    }

    protected final Process process(List<String> jvmOptions, String... args) throws IOException {
        var builder = new ProcessBuilder(JavaProgram.command(folder, jvmOptions, Main.class, args)).directory(folder.toFile())
                .redirectError(folder.resolve("stderr").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_") || name.startsWith("XDG_"));
        builder.environment().putAll(ann.environment);
        return builder.start();
    }

    /// @param name such as `USR1`
    protected static void signal(Process process, String name) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor());
    }

    /// What the last process wrote there.
    protected final String stderr() throws IOException {
        return Files.readString(folder.resolve("stderr"));
    }

    /// The port of a line `ready 127.0.0.1:PORT`.
    protected final int portOf(String readyLine) throws IOException {
        assertTrue(readyLine != null && readyLine.startsWith("ready 127.0.0.1:"), readyLine + stderr());
        return Integer.parseInt(readyLine.split("[: ]")[2]);
    }
}
