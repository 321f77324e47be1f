package dev.cipherlink.prompt;

import dev.cipherlink.cli.TmuxTerminal;
import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.server.Restart;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKey;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.store.KeyValueStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A server in this process, and the REPLs of ann and bob in real terminals.
public abstract class ReplRig {
    /// Held, so that its level stays: a test's own server need not report its connections.
    private static final Logger SERVER_LOG = Logger.getLogger(Server.class.getName());

    static {
        SERVER_LOG.setLevel(Level.WARNING);
    }

    @TempDir
    public Path folder;
    public Identity host;
    public Server server;
    private AuthorizedKeys authorized;
    private KeyValueStore store;

    public abstract KeyValueStore openStore() throws IOException;

    @BeforeEach
    void startServer() throws IOException {
        host = Identity.generate();
        store = openStore();
        authorized = AuthorizedKeys.load(folder.resolve("authorized_keys"));
        for (String name : List.of("ann", "bob")) {
            try (Identity identity = Identity.generate()) {
                identity.save(folder.resolve(name), null, false);
                authorized.add(new AuthorizedKey(name, identity.publicKey(), List.of("operator")));
            }
        }
        server = serve(0);
    }

    /// The server's operator gives a name to another key.
    void replaceKey(String name, PublicKey key) throws IOException {
        authorized.remove(name);
        authorized.add(new AuthorizedKey(name, key, List.of("operator")));
    }

    Server serve(int port) throws IOException {
        return Restart.of(ServerConfig.loopback(ServerKeys.personal(host, authorized)).with(to -> to.port = port),
                store);
    }

    @AfterEach
    void stopServer() {
        server.close();
        store.close();
        host.close();
    }

    /// The REPL of somebody, in the room.
    public TmuxTerminal chat(String name, int columns, int rows) throws IOException {
        return chat(name, columns, rows, server.address().getPort());
    }

    public TmuxTerminal chat(String name, int columns, int rows, int port) throws IOException {
        return chat(name, columns, rows, port, Map.of());
    }

    /// @param variables over those of the rig
    public TmuxTerminal chat(String name, int columns, int rows, int port, Map<String, String> variables) throws IOException {
        Path own = folderOf(name);
        Map<String, String> environment = environment(own);
        environment.putAll(variables);
        var terminal = new TmuxTerminal(own, columns, rows, environment, arguments(name, port, "chat", "#lobby"));
        try {
            terminal.awaitText("#lobby>");
        } catch (ConditionTimeoutException e) {
            terminal.close();
            throw e;
        }
        return terminal;
    }

    Path folderOf(String name) throws IOException {
        return Files.createDirectories(folder.resolve("of-" + name));
    }

    static Map<String, String> environment(Path own) {
        return new HashMap<>(Map.of("HOME", own.toString(), "LC_ALL", "C.UTF-8",
                "XDG_STATE_HOME", own.resolve("state").toString(), "NO_COLOR", "", "TERM", "screen-256color"));
    }

    /// A command of the program with what it needs to find the server.
    String[] arguments(String name, int port, String... command) {
        List<String> args = new ArrayList<>(List.of(command));
        args.addAll(List.of("-s", "127.0.0.1:" + port, "--identity", folder.resolve(name).toString(), "--host-key",
                host.publicKey().fingerprint().toString()));
        return args.toArray(String[]::new);
    }

    /// Somebody without a screen.
    public Client client(String name) throws IOException {
        return Client.connect(ClientConfig.to("127.0.0.1", server.address().getPort(), new Credentials.Personal(
                Identity.load(folder.resolve(name), PassphraseSource.none()), new PinnedHostKey(host.publicKey().fingerprint()))));
    }
}
