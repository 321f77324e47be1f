package dev.cipherlink.settings;

import dev.cipherlink.client.ProxyRoute;
import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.DurationText.SizeText;
import dev.cipherlink.text.ServerAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/// Every setting there is: the one table behind defaults, checks, environment variables, `config show` and help.
public enum Setting {
    SERVER_HOST("server.host", SettingType.HOST, "127.0.0.1", "address to listen on"),
    SERVER_PORT("server.port", SettingType.PORT, "8888", "port to listen on; 0 takes a free one"),
    SERVER_SHARED_KEY("server.shared-key", new SettingType.FileName(), null,
            "key file of the server's shared-key clients"),
    SERVER_IDENTITY("server.identity", new SettingType.FileName(), null, "private key file of the server"),
    SERVER_PASSPHRASE_FILE("server.passphrase-file", new SettingType.FileName(), null, "file with the passphrase of that key, on its first line"),
    SERVER_AUTHORIZED_KEYS("server.authorized-keys", new SettingType.FileName(), null, "file of the keys that are let in"),
    SERVER_CLIENTS("server.clients", new SettingType.Choice(List.of("authorized", "any")), "authorized",
            "whose keys are let in: those in the file, or any"),
    SERVER_SUITES("server.suites", new SettingType.Choice(List.of("hybrid,classic", "hybrid", "classic")), "hybrid,classic",
            "handshakes that are accepted of version 2: hybrid has ML-KEM-768 beside X25519, and holds against quantum computers"),
    SERVER_DATA("server.data", new SettingType.FileName(), null, "folder of the server's data"),
    SERVER_MAX_CONNECTIONS("server.max-connections", new SettingType.Whole(1, 1_000_000), "10000",
            "connections served at the same time"),
    SERVER_MAX_CONNECTIONS_PER_KEY("server.max-connections-per-key", new SettingType.Whole(1, 1_000_000), "1000",
            "of those, with one key; never more than half of them"),
    SERVER_HANDSHAKE_TIMEOUT("server.handshake-timeout", time("100ms", "10m"), "10s",
            "time from connecting to an established session"),
    SERVER_MAX_HANDSHAKES_PER_ADDRESS("server.max-handshakes-per-address", new SettingType.Whole(1, 1_000_000), "64",
            "connections from one address that have no session yet"),
    SERVER_HANDSHAKES_PER_SECOND("server.handshakes-per-second", new SettingType.Whole(1, 1_000_000), "200",
            "connections that one address may begin in a second; twice as many at once"),
    SERVER_NETBLOCK_IPV4("server.netblock-ipv4", new SettingType.Whole(8, 32), "24",
            "bits of an IPv4 address that name its netblock, whose strangers have limits together"),
    SERVER_NETBLOCK_IPV6("server.netblock-ipv6", new SettingType.Whole(16, 64), "48", "the same of an IPv6 address"),
    SERVER_HANDSHAKE_PENALTIES("server.handshake-penalties", trueOrFalse(), "true",
            "whether addresses whose handshakes fail have to wait; false behind a proxy, where all have its address"),
    SERVER_MAX_WINDOW("server.max-window", new SettingType.Whole(1, 32_767), "1024",
            "largest window granted to a client in burst mode"),
    SERVER_GRACE_PERIOD("server.grace-period", time("0ms", "1h"), "10s",
            "time for requests under way when the server stops"),
    FORWARD_ALLOW("forward.allow", SettingType.FORWARD_TARGETS, null,
            "what every client of the server may have connected to: HOST:PORTS,..."),
    FORWARD_CONNECT_TIMEOUT("forward.connect-timeout", time("100ms", "1m"), "5s",
            "time for the server to connect to a target; within the handshake timeout"),
    FORWARD_IDLE_TIMEOUT("forward.idle-timeout", time("0ms", "30d"), "0ms",
            "silence after which a forwarded connection is ended; 0ms: never"),
    FORWARD_HALF_CLOSE_TIMEOUT("forward.half-close-timeout", time("0ms", "30d"), "5m",
            "the same, once one of its directions has ended"),
    FORWARD_GRACE_PERIOD("forward.grace-period", time("0ms", "1h"), "2s",
            "time for forwarded connections when `forward` stops"),
    FORWARD_SOCKETS("forward.sockets", new SettingType.FileName(), null,
            "folder of the private sockets by which `forward --status` finds the forwards that run"),
    GATEWAY_MAX_CLIENTS("gateway.max-clients", new SettingType.Whole(1, 1_000_000), "10000",
            "clients of Redis that `gateway` serves at the same time"),
    GATEWAY_PASSWORD_FILE("gateway.password-file", new SettingType.FileName(), null,
            "file with the password that they have to give, on its first line"),
    GATEWAY_GRACE_PERIOD("gateway.grace-period", time("0ms", "1h"), "2s", "time for their last replies when `gateway` stops"),
    SESSION_RESUME_WINDOW("session.resume-window", time("0ms", "7d"), "10m",
            "time for which the server keeps a session whose connection broke"),
    STORE_ENGINE("store.engine", new SettingType.Choice(List.of("rocksdb", "memory")), "rocksdb",
            "where keys are kept: on disk in the data folder, or in memory until the server ends"),
    STORE_DURABILITY("store.durability", new SettingType.Choice(List.of("always", "everysec", "os")), "always",
            "when a write is answered: once it is on disk (always), or at once, and on disk a second later (everysec) or "
                    + "whenever the kernel writes it (os)"),
    STORE_MAX_VALUE_SIZE("store.max-value-size", new SettingType.Size(1, 1L << 30), "16MiB",
            "largest value that can be stored"),
    CHAT_HISTORY("chat.history", new SettingType.Whole(1, 100_000), "1000", "messages of a room that are kept"),
    CHAT_RATE("chat.rate", new SettingType.Whole(1, 1_000_000), "10",
            "chat messages of one person in a second; five times as many at once"),
    CHAT_IDLE_AFTER("chat.idle-after", time("1s", "1d"), "10m", "time without a request after which a person is away"),
    CHAT_WAITING("chat.waiting", new SettingType.Whole(1, 10_000), "100",
            "direct messages that are kept for a person who is not connected"),
    CHAT_WAITING_TIME("chat.waiting-time", time("1m", "365d"), "14d", "time for which those are kept"),
    METRICS_LISTEN("metrics.listen", SettingType.LISTEN_ADDRESS, null,
            "address of the metrics over HTTP, without a password: HOST:PORT, such as 127.0.0.1:9464"),
    LOG_FORMAT("log.format", new SettingType.Choice(List.of("text", "json")), "text",
            "lines of the server's log: text for people, or an object of JSON each"),
    LOG_FILE("log.file", new SettingType.FileName(), null, "file that the server's log is appended to, in place of stderr"),
    KEEPALIVE_INTERVAL("keepalive.interval", time("100ms", "1h"), "10s",
            "silence after which the peer is asked for a sign of life"),
    CLIENT_SERVER("client.server", SettingType.ADDRESS, "127.0.0.1:8888", "server to connect to"),
    CLIENT_VIA("client.via", SettingType.ADDRESSES, null, "servers that the connection goes through, in this order: HOST[:PORT],...; or none"),
    CLIENT_PROXY("client.proxy", new SettingType.ProxyUrl(), null, "proxy on the way: a URL, or none; not set: as the variables say that curl has"),
    CLIENT_OPERATION_MODE("client.operation-mode", new SettingType.Choice(List.of("step-by-step", "burst")),
            "burst", "one request at a time, or many in flight"),
    CLIENT_WINDOW("client.window", new SettingType.Whole(1, 32_767), "64", "requests in flight in burst mode"),
    CLIENT_TIMEOUT("client.timeout", time("1ms", "1d"), "30s", "time to wait for the connection, and for an answer"),
    CLIENT_RECONNECT_FOR("client.reconnect-for", time("0ms", "7d"), "10m",
            "time to try to connect again after the connection broke; 0ms: not at all"),
    CLIENT_SHARED_KEY("client.shared-key", new SettingType.FileName(), null,
            "key file shared with the server; chooses version 1"),
    CLIENT_IDENTITY("client.identity", new SettingType.FileName(), null, "private key file of the user"),
    CLIENT_PASSPHRASE_FILE("client.passphrase-file", new SettingType.FileName(), null, "file with the passphrase of that key, on its first line"),
    CLIENT_SUITES("client.suites", new SettingType.Choice(List.of("hybrid", "classic")), "hybrid",
            "handshake that is offered: hybrid, or classic to servers that are too old for it"),
    CLIENT_PADDING("client.padding", trueOrFalse(), "false",
            "fills small packets up to 256, 512, 1024, 2048 or 4096 bytes, so that their sizes say less"),
    CLIENT_HOST_KEY("client.host-key", SettingType.KEY_FINGERPRINT, null, "fingerprint that the server's key must have"),
    CLIENT_KNOWN_HOSTS("client.known-hosts", new SettingType.FileName(), null, "file of the servers met so far"),
    CLIENT_KNOWN_PEOPLE("client.known-people", new SettingType.FileName(), null, "file of the people met so far, with their keys"),
    CLIENT_REVOKED_HOSTS("client.revoked-hosts", new SettingType.FileName(), null,
            "file of the servers' keys that must not be believed any more"),
    CLIENT_AGENT("client.agent", new SettingType.Choice(List.of("auto", "off")), "auto",
            "whether an agent that runs is asked for a key with a passphrase"),
    AGENT_SOCKET("agent.socket", new SettingType.FileName(), null, "private socket of `agent`"),
    AGENT_TIMEOUT("agent.timeout", time("1s", "30d"), "8h", "time after which the agent forgets a key that was unlocked"),
    HISTORY_FILE("history.file", new SettingType.FileName(), null, "file of what was typed in chat"),
    HISTORY_SECRETS("history.secrets", trueOrFalse(), "false",
            "whether that file also keeps lines with values, such as SET, and mistyped ones");

    private final String key;
    private final SettingType type;
    private final String defaultText;
    private final String description;

    Setting(String key, SettingType type, String defaultText, String description) {
        this.key = key;
        this.type = type;
        this.defaultText = defaultText;
        this.description = description;
    }

    private static SettingType time(String least, String most) {
        return new SettingType.Time(DurationText.parse(least), DurationText.parse(most));
    }

    private static SettingType trueOrFalse() {
        return new SettingType.Choice(List.of("true", "false"));
    }

    /// Lower case, dots for levels, hyphens for words: `server.max-window`.
    public String key() {
        return key;
    }

    public SettingType type() {
        return type;
    }

    public Optional<String> defaultText() {
        return Optional.ofNullable(defaultText);
    }

    public String description() {
        return description;
    }

    /// `CIPHERLINK_SERVER_MAX_WINDOW` for `server.max-window`.
    public String variable() {
        return "CIPHERLINK_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /// Whether `./cipherlink.yaml` may set it. The author of an archive or a checkout fills the working folder, and must decide
    /// neither whom to trust, nor how connections are encrypted, nor which files are used.
    boolean isForWorkingFolder() {
        return switch (this) {
            case CLIENT_SERVER, CLIENT_VIA, CLIENT_PROXY, CLIENT_HOST_KEY, CLIENT_SUITES, SERVER_CLIENTS, SERVER_SUITES, FORWARD_ALLOW,
                METRICS_LISTEN, AGENT_TIMEOUT -> false;
            default -> !(type instanceof SettingType.FileName);
        };
    }

    static Optional<Setting> byKey(String key) {
        return Arrays.stream(values()).filter(setting -> setting.key.equals(key)).findFirst();
    }

    public static List<String> keys() {
        return Arrays.stream(values()).map(Setting::key).toList();
    }

    /// The values that a setting takes, and the words that describe them in an error.
    public sealed interface SettingType {

        /// @return the value: `Integer`, `Long`, `Duration`, `ServerAddress`, `Fingerprint`, `ForwardRules` or `String`, as the kind says
        /// @throws IllegalArgumentException if the text is no such value; [#allowed] says what would be
        Object parse(String text);

        /// The allowed values, to follow "must be".
        String allowed();

        /// A value for people, right or wrong, without its secrets.
        default String shown(String text) {
            return text;
        }

        /// Targets that forwards may reach, as `ForwardRules`.
        SettingType FORWARD_TARGETS = new Parsed(ForwardRules.ALLOWED, ForwardRules::parse);
        /// A port to listen on, 0 for any free one, as `Integer`.
        SettingType PORT = new Parsed("a port, 0 to 65535 (0: any free one)", text -> ServerAddress.parsePort(text, 0));
        /// A host name or address, as `String`; the brackets of an IPv6 address may be there.
        SettingType HOST = new Parsed("a host name or an IP address", text -> ServerAddress.requireHost(
                text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text));
        /// A server's address, as [ServerAddress].
        SettingType ADDRESS = new Parsed(ServerAddress.ALLOWED, ServerAddress::parse);
        /// Up to eight addresses of servers, joined by commas, as a list of [ServerAddress]; `none` for an empty one.
        SettingType ADDRESSES = new Parsed("up to 8 of " + ServerAddress.ALLOWED + ", joined by commas, or none", text -> {
            List<ServerAddress> addresses = text.equals(ProxyRoute.NONE) ? List.<ServerAddress>of()
                    : Arrays.stream(text.split(",", -1)).map(ServerAddress::parse).toList();
            if (addresses.size() > 8) {
                throw new IllegalArgumentException("up to 8 addresses");
            }
            return addresses;
        });
        /// An address to listen on, as [ServerAddress]; port 0 takes a free one.
        SettingType LISTEN_ADDRESS = new Parsed("HOST:PORT or [IPV6]:PORT; host * is every address, port 0 any free one", ServerAddress::parseListen);
        /// The fingerprint of a public key, as [Fingerprint].
        SettingType KEY_FINGERPRINT = new Parsed("a whole fingerprint, 8 groups of 4 characters joined by -", Fingerprint::parse);

        /// A whole number from `least` to `most`, as `Integer`.
        record Whole(int least, int most) implements SettingType {
            @Override
            public Object parse(String text) {
                // A pattern would be compiled for each setting when the program starts.
                if (!text.isEmpty() && text.length() <= 9 && text.chars().allMatch(digit -> digit >= '0' && digit <= '9')) {
                    int value = Integer.parseInt(text);
                    if (value >= least && value <= most) {
                        return value;
                    }
                }
                throw new IllegalArgumentException(allowed());
            }

            @Override
            public String allowed() {
                return "a whole number, " + least + " to " + most;
            }
        }

        /// A duration with a unit, from `least` to `most`, as `Duration`.
        record Time(Duration least, Duration most) implements SettingType {
            @Override
            public Object parse(String text) {
                Duration value = DurationText.parse(text);
                if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                    throw new IllegalArgumentException(allowed());
                }
                return value;
            }

            @Override
            public String allowed() {
                return DurationText.ALLOWED + " (" + DurationText.format(least) + " to " + DurationText.format(most) + ")";
            }
        }

        /// A size in bytes from `least` to `most`, as `Long`.
        record Size(long least, long most) implements SettingType {
            @Override
            public Object parse(String text) {
                long value = SizeText.parse(text);
                if (value < least || value > most) {
                    throw new IllegalArgumentException(allowed());
                }
                return value;
            }

            @Override
            public String allowed() {
                return SizeText.ALLOWED + " (" + SizeText.format(least) + " to " + SizeText.format(most) + ")";
            }
        }

        /// One of some words, as `String`.
        record Choice(List<String> words) implements SettingType {
            @Override
            public Object parse(String text) {
                if (!words.contains(text)) {
                    throw new IllegalArgumentException(allowed());
                }
                return text;
            }

            @Override
            public String allowed() {
                return String.join(" or ", words);
            }
        }

        /// The values that one parser takes.
        ///
        /// @param parser throws an IllegalArgumentException for other text
        record Parsed(String allowed, Function<String, Object> parser) implements SettingType {
            @Override
            public Object parse(String text) {
                return parser.apply(text);
            }
        }

        /// The URL of a proxy, or `none`, as `String`.
        record ProxyUrl() implements SettingType {
            @Override
            public Object parse(String text) {
                if (!text.equals(ProxyRoute.NONE)) {
                    ProxyRoute.parse(text);
                }
                return text;
            }

            @Override
            public String allowed() {
                return ProxyRoute.ALLOWED + ", or none";
            }

            @Override
            public String shown(String text) {
                int at = text.lastIndexOf('@');
                int begin = text.lastIndexOf("//", at) < 0 ? 0 : text.indexOf("//") + 2;
                return at < 0 ? text : text.substring(0, Math.min(begin, at)) + "***" + text.substring(at);
            }
        }

        /// The name of a file, as `String`. Whether it exists is for its reader to say.
        record FileName() implements SettingType {
            @Override
            public Object parse(String text) {
                boolean hasHidden = text.chars().anyMatch(character -> character < ' ' || character == '\uFEFF');
                if (text.isBlank() || hasHidden) {
                    throw new IllegalArgumentException(allowed());
                }
                return text;
            }

            @Override
            public String allowed() {
                return "the name of a file, without control characters";
            }
        }
    }
}
