package dev.cipherlink.cli;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.client.ProxyRoute;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.connect.SealedCommands.Wishes;
import dev.cipherlink.prompt.Chat;
import dev.cipherlink.prompt.Dialect;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKey;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.ServerAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/// `demo`: a server and a client in one process, which leave nothing behind.
final class DemoCommand extends ProgramCommand {
    @Override
    public void describe(Syntax syntax) {
        syntax.about("Try it: a server on a free loopback port, with new keys in a temporary folder, and a prompt "
                    + "connected to it (see chat).", "Everything is deleted at the end.");
        syntax.examples("  cipherlink demo", "  printf 'SET a 1\\nGET a\\n' | cipherlink demo");
    }

    private static final String ROOM = "#lobby";

    @Override
    public ExitStatus run() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("cipherlink-demo");
        // Also for Ctrl-C, which ends the process without unwinding this method.
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> delete(folder)));
        try (Identity host = Identity.generate()) {
            return serve(host, folder);
        } finally {
            delete(folder);
        }
    }

    private ExitStatus serve(Identity host, Path folder) throws IOException, InterruptedException {
        Settings settings = readSettings().requireValid();
        AuthorizedKeys authorized = AuthorizedKeys.load(folder.resolve("authorized_keys"));
        Path userFile = folder.resolve("identity");
        // The connection wipes its own copy; this one is for the keys' file only.
        try (Identity user = Identity.generate()) {
            user.save(userFile, null, false);
            authorized.add(new AuthorizedKey("demo", user.publicKey(), List.of("operator")));
        }
        try (KeyValueStore store = new MemoryStore(StoreLimits.ofHeap());
             Server server = Server.start(ServerConfig.loopback(ServerKeys.personal(host, authorized)), store)) {
            ServerAddress address = new ServerAddress("127.0.0.1", server.address().getPort());
            Settings here = settings.with(new OptionLayer()
                    .put(Setting.CLIENT_SERVER, "--server", address.toString())
                    .put(Setting.CLIENT_VIA, "demo", ProxyRoute.NONE)
                    .put(Setting.CLIENT_PROXY, "demo", ProxyRoute.NONE)
                    .put(Setting.HISTORY_FILE, "demo", folder.resolve("history").toString())
                    .layer(surroundings().folder()));
            Fingerprint fingerprint = host.publicKey().fingerprint();
            greet("-s " + address + " --identity " + userFile + " --host-key " + fingerprint);
            var credentials = new Credentials.Personal(Identity.load(userFile, PassphraseSource.none()),
                    new PinnedHostKey(fingerprint));
            return new Chat(surroundings(), output(), here, Dialect.CHAT, Wishes.NONE, wantsColour())
                    .run(ClientKeys.of(credentials, surroundings(), output()), new Chat.Begin(ROOM, OptionalLong.empty()));
        }
    }

    private void greet(String options) {
        if (surroundings().terminals().stdin()) {
            output().notice("a server is running; from another terminal:");
            output().notice("  cipherlink kv " + options + " GET greeting");
            output().notice("try: SET greeting hello world, GET greeting, /top, /help");
        }
    }

    private static void delete(Path folder) {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        } catch (IOException _) {
            // it is gone already, or somebody put a folder of their own there
        }
    }
}
