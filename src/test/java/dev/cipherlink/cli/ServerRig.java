package dev.cipherlink.cli;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A server in this process, with a shared key, and a terminal that is set to use it.
abstract class ServerRig {
    @TempDir
    Path folder;
    Server server;
    Terminal terminal;
    private SharedKey key;
    private MemoryStore store;

    @BeforeEach
    void startServer() throws IOException {
        key = SharedKey.generate();
        key.save(folder.resolve("k"), false);
        store = new MemoryStore(StoreLimits.ofHeap());
        server = Server.start(ServerConfig.loopback(key), store);
        terminal = another();
    }

    @AfterEach
    void stopServer() {
        server.close();
        store.close();
        key.close();
    }

    /// One more terminal, for a command that runs at the same time.
    Terminal another() {
        Terminal made = new Terminal(folder);
        made.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + server.address().getPort());
        made.environment.put("CIPHERLINK_CLIENT_SHARED_KEY", folder.resolve("k").toString());
        return made;
    }

    /// The program as words for a shell.
    String program() {
        return JavaProgram.command(folder, List.of(), Main.class).stream().map(part -> "'" + part + "'").collect(Collectors.joining(" "));
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
