package dev.cipherlink.cli;

import dev.cipherlink.chat.ChatConfig;
import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.cli.store.StoreCommand.OpenStore;
import dev.cipherlink.connect.HostKeys;
import dev.cipherlink.console.ServiceNotifier;
import dev.cipherlink.console.Signals;
import dev.cipherlink.log.LogConfiguration;
import dev.cipherlink.log.LogConfiguration.LogLevel;
import dev.cipherlink.log.LogFormat;
import dev.cipherlink.log.LogOutput;
import dev.cipherlink.metrics.MetricsEndpoint;
import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.server.ServerConfig.ForwardPolicy;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.LastUses;
import dev.cipherlink.server.sessions.SessionRegistry;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.ServerAddress;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/// `serve`: runs a server until a signal stops it.
final class ServeCommand extends ProgramCommand {

    /// For the store, the sockets and the carriers of virtual threads on a machine with few processors.
    private static final int THREADS = 24;
    /// Of the JVM beside its heap: code, metadata, stacks and buffers, which the kernel cannot take away.
    private static final long JVM_BYTES = 48L << 20;

    /// What SIGHUP takes up; all other settings take a restart.
    static final Set<Setting> RELOADED = EnumSet.of(Setting.SERVER_HANDSHAKE_TIMEOUT, Setting.SERVER_MAX_WINDOW,
            Setting.SERVER_GRACE_PERIOD, Setting.KEEPALIVE_INTERVAL, Setting.FORWARD_ALLOW, Setting.FORWARD_IDLE_TIMEOUT,
            Setting.FORWARD_HALF_CLOSE_TIMEOUT, Setting.LOG_FORMAT, Setting.LOG_FILE);

    private String host;
    private String port;
    private String maxSize;
    private String sharedKey;
    private String identity;
    private String authorizedKeys;
    private String clients;
    private String data;
    private String engine;
    private String durability;
    private boolean check;

    @Override
    public void describe(Syntax syntax) {
        syntax.about("Run a server.",
                "When it is ready it prints one line: listening on ADDRESS key FINGERPRINT. SIGTERM and Ctrl-C let requests under way "
                    + "end and exit 0; a second one exits at once. SIGHUP reads keys and settings again, and opens the log anew.");
        syntax.examples("  cipherlink serve", "  cipherlink serve --shared-key keys/shared_key.key",
                "  cipherlink serve --host 0.0.0.0 --port 8888 --config server.yaml", "  cipherlink serve --check");
        syntax.option("--host", "HOST", given -> host = given, "Address to listen on; '*' for every one. Default: 127.0.0.1.");
        syntax.option("--port", "PORT", given -> port = given, "Port to listen on; 0 takes a free one. Default: 8888.");
        syntax.option("--max-size", "BYTES", given -> maxSize = given, "Largest value, such as 64KiB. Default: 16MiB.");
        syntax.option("--shared-key", "FILE", given -> sharedKey = given, "Key file of the shared-key clients.");
        syntax.option("--identity", "FILE", given -> identity = given,
                "Private key file of the server. Default: one made on first use.");
        syntax.option("--authorized-keys", "FILE", given -> authorizedKeys = given,
                "The keys that are let in; see `cipherlink authorize`. Taken up while the server runs.");
        syntax.choice("--clients", "POLICY", words(Setting.SERVER_CLIENTS), given -> clients = given,
                "authorized: only those keys. any: every key; a new one takes a free name and keeps it.");
        syntax.option("--data", "DIR", given -> data = given,
                "Folder of the server's data. Default: $XDG_DATA_HOME/cipherlink.");
        syntax.choice("--engine", "ENGINE", words(Setting.STORE_ENGINE), given -> engine = given,
                "rocksdb: keys are kept on disk, in the folder of --data. memory: until the server ends. Default: rocksdb.");
        syntax.choice("--durability", "WHEN", words(Setting.STORE_DURABILITY), given -> durability = given,
                "When a write is answered. always: once it is on disk. "
                    + "everysec: at once, and it is on disk a second later. os: at once, and the kernel decides when it is on disk. Default: always.");
        syntax.flag("--check", given -> check = given, "Read everything, report every problem, and exit.");
    }

    private static List<String> words(Setting setting) {
        return setting.type() instanceof SettingType.Choice(List<String> words) ? words : List.of();
    }

    @Override
    public void refuseForeignOptions() {
        // --shared-key and --identity in front of the name are the server's own here; all others are a client's
        if (root().client.sharedKey != null && sharedKey == null) {
            sharedKey = root().client.sharedKey;
            root().client.sharedKey = null;
        }
        if (root().client.identity != null && identity == null) {
            identity = root().client.identity;
            root().client.identity = null;
        }
        super.refuseForeignOptions();
    }

    @Override
    public LogLevel logLevel(int verbosity) {
        return LogLevel.forServer(verbosity);
    }

    @Override
    public ExitStatus run() throws InterruptedException {
        Settings settings = settings();
        if (check) {
            return check(settings);
        }
        settings.requireValid();
        writeLogTo(settings);
        var reload = new Reload(settings);
        ServiceNotifier service = ServiceNotifier.of(surroundings().environment());
        Signals.onHangUp(() -> service.reload(reload::run));
        Signals.ignoreUserSignal();
        tellIfMemoryIsShort(settings);
        requireDescriptors();
        requireThreads();
        try (HostKeys keys = HostKeys.load(settings, surroundings(), output());
             OpenStore opened = OpenStore.open(settings);
             Server server = start(config(settings, keys.keys()), opened.store());
             MetricsEndpoint metrics = startMetrics(settings, server)) {
            Signals.onTermination(() -> {
                service.stopping();
                server.stop();
            });
            reload.of(server, keys);
            opened.onKeys(file -> {
                keys.uses().ifPresent(LastUses::save);
                return server.takeUpKeys(file);
            });
            service.ready(announce(server, keys));
            LogConfiguration.load();
            if (metrics != null) {
                log(Level.INFO, "metrics at http://" + shown(metrics.address()) + "/metrics");
            }
            server.awaitTermination();
            return ExitStatus.DONE;
        }
    }

    private Settings settings() {
        return readSettings().with(new OptionLayer()
                .put(Setting.SERVER_HOST, "--host", host)
                .put(Setting.SERVER_PORT, "--port", port)
                .put(Setting.STORE_MAX_VALUE_SIZE, "--max-size", maxSize)
                .put(Setting.SERVER_SHARED_KEY, "--shared-key", sharedKey)
                .put(Setting.SERVER_IDENTITY, "--identity", identity)
                .put(Setting.SERVER_AUTHORIZED_KEYS, "--authorized-keys", authorizedKeys)
                .put(Setting.SERVER_CLIENTS, "--clients", clients)
                .put(Setting.SERVER_DATA, "--data", data)
                .put(Setting.STORE_ENGINE, "--engine", engine)
                .put(Setting.STORE_DURABILITY, "--durability", durability)
                .layer(surroundings().folder()));
    }

    /// The logger is made when the level has been chosen.
    private static void log(Level level, String message) {
        System.getLogger(Server.class.getName()).log(level, message);
    }

    private static void writeLogTo(Settings settings) {
        try {
            LogOutput.use(LogFormat.valueOf(settings.word(Setting.LOG_FORMAT).toUpperCase(Locale.ROOT)), settings.file(Setting.LOG_FILE));
        } catch (IOException e) {
            throw CliException.usage("cannot write the log: " + FailureText.withFile(e)).withCause(e);
        }
    }

    /// @return null if no address is set
    private MetricsEndpoint startMetrics(Settings settings, Server server) {
        if (!settings.isSet(Setting.METRICS_LISTEN)) {
            return null;
        }
        ServerAddress address = settings.address(Setting.METRICS_LISTEN);
        try {
            var bound = address.host().equals(ServerConfig.EVERYWHERE) ? new InetSocketAddress(address.port())
                    : new InetSocketAddress(InetAddress.getByName(address.host()), address.port());
            if (!bound.getAddress().isLoopbackAddress()) {
                output().notice("cipherlink: the metrics at " + address + " can be read from other machines");
            }
            return MetricsEndpoint.start(bound, server::addTo, server::unreadiness);
        } catch (IOException e) {
            throw CliException.usage("cannot listen on " + address + " (metrics.listen): " + FailureText.of(e)).withCause(e);
        }
    }

    private static void requireDescriptors() {
        try {
            ServerConfig.requireDescriptors();
        } catch (IOException e) {
            throw CliException.usage("cannot serve: " + e.getMessage()).withCause(e);
        }
    }

    /// RocksDB ends the process where it cannot start a thread, so it is tried before. Takes a few milliseconds.
    private static void requireThreads() {
        var tried = new CountDownLatch(1);
        try {
            for (int i = 0; i < THREADS; i++) {
                Thread.ofPlatform().daemon().stackSize(64 << 10).start(() -> awaitQuietly(tried));
            }
        } catch (OutOfMemoryError e) {
            throw CliException.usage("cannot serve: this process may have no more threads, and a server needs " + THREADS
                    + " at least: raise the limit (ulimit -u, or that of the container)").withCause(e);
        } finally {
            tried.countDown();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// SIGHUP comes from an operator, from logrotate, or from a terminal that goes away: what can change while the server runs
    /// is read again.
    private final class Reload {
        /// Of the start: those that take a restart are in force until then.
        private final Settings settings;
        /// Null until it serves.
        private Server server;
        private boolean isDue;
        private HostKeys keys;

        private Reload(Settings settings) {
            this.settings = settings;
        }

        private synchronized void of(Server started, HostKeys itsKeys) {
            server = started;
            keys = itsKeys;
            if (isDue) {
                run();
            }
        }

        private synchronized void run() {
            if (server == null) {
                isDue = true;
                return;
            }
            try {
                Settings changed = settings();
                changed.requireValid();
                ServerConfig config = config(changed, keys.keys());
                writeLogTo(changed);
                server.reload(config);
                List<String> later = Arrays.stream(Setting.values())
                        .filter(setting -> !RELOADED.contains(setting) && !settings.text(setting).equals(changed.text(setting)))
                        .map(Setting::key).filter(key -> !key.startsWith("client.") && !key.startsWith("history.")).toList();
                log(Level.INFO, "SIGHUP: keys, log and settings were read again"
                        + (later.isEmpty() ? "" : "; these take a restart: " + String.join(", ", later)));
            } catch (CliException e) {
                log(Level.WARNING, "SIGHUP: nothing was changed: " + e.getMessage());
            } catch (RuntimeException | Error e) {
                log(Level.ERROR, "SIGHUP: not everything was read again: " + e);
            }
        }
    }

    /// Warns of a server that the kernel may kill for its memory, as in a small container.
    private void tellIfMemoryIsShort(Settings settings) {
        long heap = Runtime.getRuntime().maxMemory();
        long beside = JVM_BYTES + (settings.word(Setting.STORE_ENGINE).equals("memory") ? 0 : RocksConfig.NATIVE_BYTES);
        long limit = MemoryLimit.ofProcess();
        if (limit < heap + beside) {
            output().notice("cipherlink: this process may have " + mebibytes(limit) + " of memory, and needs up to "
                    + mebibytes(heap + beside) + " (" + mebibytes(heap) + " of heap): the system may end it when it is busy; "
                    + "give it more, or a smaller heap with CIPHERLINK_JAVA_OPTS=-Xmx");
        }
    }

    private static String mebibytes(long bytes) {
        return Math.ceilDiv(bytes, 1L << 20) + " MiB";
    }

    private static ServerConfig config(Settings settings, ServerKeys keys) {
        return ServerConfig.loopback(keys).with(to -> {
            to.host = settings.word(Setting.SERVER_HOST);
            to.port = settings.whole(Setting.SERVER_PORT);
            to.maxConnections = settings.whole(Setting.SERVER_MAX_CONNECTIONS);
            to.maxPerKey = settings.whole(Setting.SERVER_MAX_CONNECTIONS_PER_KEY);
            to.handshakes = HandshakeLimits.of(settings.whole(Setting.SERVER_MAX_HANDSHAKES_PER_ADDRESS),
                    settings.whole(Setting.SERVER_HANDSHAKES_PER_SECOND), settings.whole(Setting.SERVER_NETBLOCK_IPV4),
                    settings.whole(Setting.SERVER_NETBLOCK_IPV6), settings.isOn(Setting.SERVER_HANDSHAKE_PENALTIES));
            to.handshakeTimeout = settings.duration(Setting.SERVER_HANDSHAKE_TIMEOUT);
            to.maxWindowSize = settings.whole(Setting.SERVER_MAX_WINDOW);
            to.maxValueBytes = (int) settings.size(Setting.STORE_MAX_VALUE_SIZE);
            to.keepaliveInterval = settings.duration(Setting.KEEPALIVE_INTERVAL);
            to.sessions = SessionRegistry.Limits.of(settings.duration(Setting.SESSION_RESUME_WINDOW));
            to.gracePeriod = settings.duration(Setting.SERVER_GRACE_PERIOD);
            to.chat = chat(settings);
            to.forwards = new ForwardPolicy(settings.forwardRules(Setting.FORWARD_ALLOW),
                    settings.duration(Setting.FORWARD_CONNECT_TIMEOUT), settings.forwardLimits());
        });
    }

    private static ChatConfig chat(Settings settings) {
        return new ChatConfig(settings.whole(Setting.CHAT_HISTORY), settings.whole(Setting.CHAT_RATE),
                settings.duration(Setting.CHAT_IDLE_AFTER), settings.whole(Setting.CHAT_WAITING),
                settings.duration(Setting.CHAT_WAITING_TIME));
    }

    private static Server start(ServerConfig config, KeyValueStore store) {
        try {
            return Server.start(config, store);
        } catch (IOException | IllegalArgumentException e) {
            throw CliException.usage("cannot listen on " + new ServerAddress(config.host(), config.port()) + ": "
                    + FailureText.of(e)).withCause(e).withHint("another --host or --port; --port 0 takes a free one");
        }
    }

    /// @return the line without its JSON form
    private String announce(Server server, HostKeys keys) {
        InetSocketAddress address = server.address();
        String shown = shown(address);
        if (!address.getAddress().isLoopbackAddress()) {
            output().notice("cipherlink: " + shown + " can be reached from other machines");
        }
        Map<String, Object> members = Json.members("listening", shown);
        members.putAll(keys.fingerprints());
        String line = "listening on " + shown + " key " + String.join(" ", keys.fingerprints().values());
        output().done(line, members);
        output().flush();
        return line;
    }

    private static String shown(InetSocketAddress address) {
        String bound = address.getAddress().getHostAddress();
        return new ServerAddress(bound.equals("0:0:0:0:0:0:0:0") ? "::" : bound, address.getPort()).toString();
    }

    /// Everything that would make a start fail, but for a port that is in use: the server itself may be using it.
    private ExitStatus check(Settings settings) {
        List<String> problems = new ArrayList<>(settings.problems());
        try {
            HostKeys.check(settings, surroundings(), output());
        } catch (CliException e) {
            problems.add(e.getMessage());
        }
        try {
            OpenStore.check(settings);
        } catch (CliException e) {
            problems.add(e.getMessage());
        }
        settings.text(Setting.SERVER_HOST).filter(name -> !name.equals(ServerConfig.EVERYWHERE)).ifPresent(name -> {
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
            output().done("configuration is good", Map.of());
        }
        return problems.isEmpty() ? ExitStatus.DONE : ExitStatus.USAGE;
    }
}
