package dev.cipherlink.server;

import dev.cipherlink.chat.ChatConfig;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;

/// A server on a store on disk: in this process, or in one of its own that can be killed.
final class ChatServerChild {

    static final byte[] KEY = HexFormat.of().parseHex("07".repeat(32));
    private static final ChatConfig CHAT =
            new ChatConfig(5_000, 1_000_000, Duration.ofMinutes(10), 5_000, Duration.ofDays(1));

    private ChatServerChild() {
    }

    static KeyValueStore store(Path folder) throws IOException {
        return RocksStore.open(folder, RocksConfig.of(StoreLimits.ofDisk(1 << 20), Durability.OS));
    }

    /// @param port 0 for a free one
    static Server serve(KeyValueStore store, int port) throws IOException {
        return Restart.of(ServerConfig.loopback(SharedKey.of(KEY.clone())).with(to -> {
            to.port = port;
            to.chat = CHAT;
            to.gracePeriod = Duration.ofSeconds(1);
        }), store);
    }

    /// Starts the process; it prints its port when clients can connect.
    static Process start(Path folder, int port) throws IOException {
        return new ProcessBuilder(JavaProgram.command(folder, List.of("-Xmx128m"), ChatServerChild.class, folder.toString(),
                Integer.toString(port))).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    public static void main(String[] arguments) throws Exception {
        Server server = serve(store(Path.of(arguments[0])), Integer.parseInt(arguments[1]));
        System.out.println(server.address().getPort());
        server.awaitTermination();
    }
}
