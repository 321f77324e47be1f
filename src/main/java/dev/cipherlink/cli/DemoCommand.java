package dev.cipherlink.cli;

import dev.cipherlink.client.Credentials;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;

/// `demo`: a server and a client in one process, which leave nothing behind.
@Command(name = "demo", description = {"Try it: a server on a free loopback port, with a new key in a temporary folder, and a prompt "
        + "connected to it.", "Everything is deleted at the end."},
        footer = {"  cipherlink demo", "  printf 'SET a 1\\nGET a\\n' | cipherlink demo"})
final class DemoCommand extends ProgramCommand {

    @Override
    ExitStatus run() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("cipherlink-demo");
        Path keyFile = folder.resolve("shared_key.key");
        // Also for Ctrl-C, which ends the process without unwinding this method.
        Thread cleaner = Thread.ofPlatform().unstarted(() -> delete(keyFile, folder));
        Runtime.getRuntime().addShutdownHook(cleaner);
        try (SharedKey key = SharedKey.generate()) {
            key.save(keyFile, false);
            return serve(key, keyFile);
        } finally {
            delete(keyFile, folder);
        }
    }

    private ExitStatus serve(SharedKey key, Path keyFile) throws IOException, InterruptedException {
        Settings settings = readSettings().requireValid();
        try (KeyValueStore store = new MemoryStore(StoreLimits.ofHeap());
             Server server = Server.start(ServerConfig.loopback(key), store)) {
            ServerAddress address = new ServerAddress("127.0.0.1", server.address().getPort());
            Settings here = settings.with(new OptionLayer()
                    .put(Setting.CLIENT_SERVER, "--server", address.toString())
                    .layer(surroundings().folder()));
            greet(address, keyFile);
            try (Connection connection = Connection.owning(ClientKeys.of(
                    new Credentials.Shared(SharedKey.load(keyFile)), surroundings(), output()), here)) {
                return new LineLoop(connection, surroundings(), output()).run();
            }
        }
    }

    private void greet(ServerAddress address, Path keyFile) {
        if (surroundings().terminals().stdin()) {
            output().notice("a server is running at " + address + "; from another terminal:");
            output().notice("  cipherlink kv -s " + address + " --shared-key " + keyFile + " GET greeting");
            output().notice("try: SET greeting hello world, GET greeting, /help, /quit");
        }
    }

    private static void delete(Path keyFile, Path folder) {
        try {
            Files.deleteIfExists(keyFile);
            Files.deleteIfExists(folder);
        } catch (IOException _) {
            // somebody put a file of their own there, or took the folder away
        }
    }
}
