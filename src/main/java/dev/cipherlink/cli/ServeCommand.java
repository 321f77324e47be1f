package dev.cipherlink.cli;

import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.server.HandshakeLimits;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `serve`: runs a server until a signal stops it.
@Command(name = "serve", description = {"Run a server.",
    "When it is ready it prints one line: listening on ADDRESS key FINGERPRINT. SIGTERM and Ctrl-C let requests under way "
            + "end and exit 0; a second one exits at once."},
        footer = {
            "  cipherlink serve --shared-key keys/shared_key.key",
            "  cipherlink serve --host 0.0.0.0 --port 8888 --config server.yaml",
            "  cipherlink serve --check"
        })
final class ServeCommand extends ProgramCommand {

    @Option(names = "--host", paramLabel = "HOST", description = "Address to listen on. Default: 127.0.0.1.")
    String host;

    @Option(names = "--port", paramLabel = "PORT", description = "Port to listen on; 0 takes a free one. Default: 8888.")
    String port;

    @Option(names = "--max-size", paramLabel = "BYTES", description = "Largest value, such as 64KiB. Default: 16MiB.")
    String maxSize;

    @Option(names = "--shared-key", paramLabel = "FILE", description = "Key file of the shared-key clients.")
    String sharedKey;

    @Option(names = "--check", description = "Read everything, report every problem, and exit.")
    boolean check;

    @Override
    void refuseForeignOptions() {
        // --shared-key in front of the name is the server's own here; all others are a client's
        if (root().client.sharedKey != null && sharedKey == null) {
            sharedKey = root().client.sharedKey;
            root().client.sharedKey = null;
        }
        super.refuseForeignOptions();
    }

    @Override
    LogLevel logLevel(int verbosity) {
        return LogLevel.forServer(verbosity);
    }

    @Override
    ExitStatus run() throws InterruptedException {
        Settings settings = readSettings().with(new OptionLayer()
                .put(Setting.SERVER_HOST, "--host", host)
                .put(Setting.SERVER_PORT, "--port", port)
                .put(Setting.STORE_MAX_VALUE_SIZE, "--max-size", maxSize)
                .put(Setting.SERVER_SHARED_KEY, "--shared-key", sharedKey)
                .layer(surroundings().folder()));
        if (check) {
            return check(settings);
        }
        settings.requireValid();
        try (SharedKey key = loadKey(settings);
             KeyValueStore store = new MemoryStore(limits(settings));
             Server server = start(config(settings, key), store)) {
            Signals.onTermination(server::stop);
            announce(server, key);
            server.awaitTermination();
            return ExitStatus.DONE;
        }
    }

    private static SharedKey loadKey(Settings settings) {
        Path file = settings.file(Setting.SERVER_SHARED_KEY).orElseThrow(() ->
                CliException.usage("no key: give --shared-key FILE, or set server.shared-key")
                        .withHint("cipherlink keygen shared && cipherlink serve --shared-key keys/shared_key.key"));
        return Connection.loadKey(file);
    }

    private static StoreLimits limits(Settings settings) {
        return new StoreLimits((int) settings.size(Setting.STORE_MAX_VALUE_SIZE), StoreLimits.ofHeap().maxBytes());
    }

    private static ServerConfig config(Settings settings, SharedKey key) {
        return ServerConfig.loopback(key)
                .withListenAddress(settings.word(Setting.SERVER_HOST), settings.whole(Setting.SERVER_PORT))
                .withConnectionLimits(settings.whole(Setting.SERVER_MAX_CONNECTIONS),
                        HandshakeLimits.DEFAULT.withMaxPerAddress(settings.whole(Setting.SERVER_MAX_HANDSHAKES_PER_ADDRESS)))
                .withSessionLimits(settings.whole(Setting.SERVER_MAX_WINDOW),
                        (int) settings.size(Setting.STORE_MAX_VALUE_SIZE))
                .withTimes(settings.duration(Setting.SERVER_HANDSHAKE_TIMEOUT),
                        settings.duration(Setting.KEEPALIVE_INTERVAL), settings.duration(Setting.SERVER_GRACE_PERIOD));
    }

    private static Server start(ServerConfig config, KeyValueStore store) {
        try {
            return Server.start(config, store);
        } catch (IOException | IllegalArgumentException e) {
            throw CliException.usage("cannot listen on " + new ServerAddress(config.host(), config.port()) + ": "
                    + FailureText.of(e)).withCause(e).withHint("another --host or --port; --port 0 takes a free one");
        }
    }

    private void announce(Server server, SharedKey key) {
        InetSocketAddress address = server.address();
        String shown = new ServerAddress(address.getAddress().getHostAddress(), address.getPort()).toString();
        if (!address.getAddress().isLoopbackAddress()) {
            output().notice("cipherlink: " + shown + " can be reached from other machines");
        }
        if (output().isJson()) {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("ok", true);
            members.put("listening", shown);
            members.put("key", key.fingerprint());
            output().line(Json.object(members));
        } else {
            output().line("listening on " + shown + " key " + key.fingerprint());
        }
        output().flush();
    }

    /// Everything that would make a start fail, but for a port that is in use: the server itself may be using it.
    private ExitStatus check(Settings settings) {
        List<String> problems = new ArrayList<>(settings.problems());
        try {
            loadKey(settings).close();
        } catch (CliException e) {
            problems.add(e.getMessage());
        }
        settings.text(Setting.SERVER_HOST).ifPresent(name -> {
            try {
                InetAddress.getByName(name);
            } catch (UnknownHostException _) {
                problems.add("server.host: " + settings.origin(Setting.SERVER_HOST).orElseThrow() + " says '" + name
                        + "': no such host");
            }
        });
        problems.forEach(problem -> output().errorLine(output().isJson()
                ? Json.error(CliException.usage(problem), Optional.empty()) : "cipherlink: " + problem));
        if (problems.isEmpty()) {
            output().line(output().isJson() ? Json.object(Map.of("ok", true)) : "configuration is good");
        }
        return problems.isEmpty() ? ExitStatus.DONE : ExitStatus.USAGE;
    }
}
