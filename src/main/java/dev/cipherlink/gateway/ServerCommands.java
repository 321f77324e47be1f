package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.command.Verb;
import dev.cipherlink.gateway.Gateway.Totals;
import dev.cipherlink.gateway.RedisCommand.Subcommand;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/// The commands about the server, which are mostly about the gateway here: INFO, CONFIG, COMMAND, TIME.
final class ServerCommands {

    /// The version whose behaviour this is; clients decide by it what they may use.
    static final String REDIS_VERSION = "7.0.15";

    static final Map<String, Subcommand> CONFIG_SUBCOMMANDS = Map.of(
            "GET", new Subcommand(-3, ServerCommands::getConfig),
            "SET", new Subcommand(-4, ServerCommands::setConfig),
            "RESETSTAT", new Subcommand(2, call -> call.reply(RespWriter::ok)));

    static final Map<String, Subcommand> COMMAND_SUBCOMMANDS = Map.of(
            "COUNT", new Subcommand(2, call -> call.reply(out -> out.number(RedisCommand.values().length))),
            "INFO", new Subcommand(-2, ServerCommands::commandInfo),
            "DOCS", new Subcommand(-2, ServerCommands::commandDocs),
            "LIST", new Subcommand(2, ServerCommands::commandList),
            "GETKEYS", new Subcommand(-4, ServerCommands::commandKeys));

    private static final String EVENTS = "notify-keyspace-events";
    private static final Set<String> DEFAULT_SECTIONS = Set.of("server", "clients", "memory", "persistence", "stats", "replication",
            "cpu", "modules", "errorstats", "cluster", "keyspace");
    /// A reply is written before it is counted.
    private static final int MAX_NAMES = 1_000;
    private static final int MICROS_PER_SECOND = 1_000_000;

    private ServerCommands() {
    }

    /// The server's clock.
    static void time(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.TIME), (result, out) -> {
            try {
                Instant now = OffsetDateTime.parse(result.text()).toInstant();
                out.array(2).bulk(Long.toString(now.getEpochSecond()))
                        .bulk(Integer.toString(now.getNano() / (1_000_000_000 / MICROS_PER_SECOND)));
            } catch (DateTimeException e) {
                result.writeError(out);
            }
        });
    }

    // CONFIG

    /// What tools ask for. None of it can be changed but [#EVENTS], of which any value means what is done anyway.
    private static Map<String, String> config(Gateway gateway) {
        Map<String, String> values = new TreeMap<>();
        values.put("appendonly", "yes");
        values.put("databases", "1");
        values.put("maxclients", Integer.toString(gateway.config().maxClients()));
        values.put("maxmemory", "0");
        values.put("maxmemory-policy", "noeviction");
        values.put(EVENTS, "");
        values.put("proto-max-bulk-len", Integer.toString(RespReader.MAX_BULK_BYTES));
        values.put("save", "");
        values.put("timeout", "0");
        return values;
    }

    private static void getConfig(Call call) throws RespException {
        Map<String, String> found = new LinkedHashMap<>();
        Map<String, String> all = config(call.connection().gateway());
        for (int i = 2; i < call.size(); i++) {
            GlobPattern pattern = call.patternInSmall(i);
            all.forEach((name, value) -> {
                if (pattern.matches(Ascii.of(name))) {
                    found.put(name, value);
                }
            });
        }
        call.reply(out -> {
            out.map(found.size());
            found.forEach((name, value) -> out.bulk(name).bulk(value));
        });
    }

    private static void setConfig(Call call) throws RespException {
        if (call.size() % 2 != 0) {
            throw RespException.arity("config|set");
        }
        for (int i = 2; i < call.size(); i += 2) {
            String name = call.text(i);
            if (!name.equalsIgnoreCase(EVENTS)) {
                throw new RespException(config(call.connection().gateway()).containsKey(name.toLowerCase(Locale.ROOT))
                        ? "ERR CONFIG SET failed (possibly related to argument '" + name + "') - can't set immutable config"
                        : "ERR Unknown option or number of arguments for CONFIG SET - '" + name + "'");
            }
        }
        call.reply(RespWriter::ok);
    }

    // COMMAND

    static void commands(Call call) {
        call.reply(out -> {
            out.array(RedisCommand.values().length);
            for (RedisCommand command : RedisCommand.values()) {
                write(command, out);
            }
        });
    }

    private static void commandInfo(Call call) throws RespException {
        if (call.size() == 2) {
            commands(call);
            return;
        }
        requireFewNames(call);
        call.reply(out -> {
            out.array(call.size() - 2);
            for (int i = 2; i < call.size(); i++) {
                RedisCommand command = RedisCommand.named(call.word(i));
                if (command == null) {
                    out.noArray();
                } else {
                    write(command, out);
                }
            }
        });
    }

    private static void write(RedisCommand command, RespWriter out) {
        out.array(10).bulk(command.redisName()).number(command.arity()).set(command.flags().size());
        command.flags().forEach(out::status);
        out.number(command.firstKey).number(command.lastKey).number(command.keyStep);
        out.set(0).array(0).array(0).array(0);
    }

    private static void requireFewNames(Call call) throws RespException {
        if (call.size() - 2 > MAX_NAMES) {
            throw new RespException("ERR at most " + MAX_NAMES + " names of commands at once");
        }
    }

    private static void commandDocs(Call call) throws RespException {
        requireFewNames(call);
        List<RedisCommand> asked = call.size() == 2 ? Arrays.asList(RedisCommand.values())
                : call.words().subList(2, call.size()).stream()
                        .map(RedisCommand::named)
                        .filter(command -> command != null).toList();
        call.reply(out -> {
            out.map(asked.size());
            for (RedisCommand command : asked) {
                out.bulk(command.redisName()).map(1).bulk("summary")
                        .bulk("As Redis " + REDIS_VERSION + " has it; differences are in Cipherlink's docs/redis.md");
            }
        });
    }

    private static void commandList(Call call) {
        call.reply(out -> {
            out.array(RedisCommand.values().length);
            for (RedisCommand command : RedisCommand.values()) {
                out.bulk(command.redisName());
            }
        });
    }

    private static void commandKeys(Call call) throws RespException {
        List<byte[]> words = call.words().subList(2, call.size());
        RedisCommand command = RedisCommand.named(call.word(2));
        if (command == null) {
            throw new RespException("ERR Invalid command specified");
        }
        if (command.firstKey == 0) {
            throw new RespException("ERR The command has no key arguments");
        }
        if (command.arity() > 0 ? words.size() != command.arity() : words.size() < -command.arity()) {
            throw new RespException("ERR Invalid number of arguments specified for command");
        }
        List<byte[]> keys = command.keys(words);
        call.reply(out -> {
            out.array(keys.size());
            keys.forEach(out::bulk);
        });
    }

    // INFO

    /// `INFO [section...]`, of what tools read. The number of keys is the server's, all else is the gateway's.
    static void info(Call call) throws RespException, IOException, InterruptedException {
        Set<String> sections = new TreeSet<>();
        for (int i = 1; i < call.size(); i++) {
            String section = call.text(i).toLowerCase(Locale.ROOT);
            if (Set.of("all", "default", "everything").contains(section)) {
                sections.addAll(DEFAULT_SECTIONS);
            } else {
                sections.add(section);
            }
        }
        if (call.size() == 1) {
            sections.addAll(DEFAULT_SECTIONS);
        }
        Result keys = sections.contains("keyspace") ? call.ask(CommandEncoder.join(Verb.COUNT)) : null;
        if (keys != null && keys.isError()) {
            call.reply(keys::writeError);
            return;
        }
        Gateway gateway = call.connection().gateway();
        var text = new StringBuilder();
        Consumer<Map<String, Object>> none = _ -> { };
        section(text, sections, "Server", lines -> server(lines, gateway.totals()));
        section(text, sections, "Clients", lines -> clients(lines, gateway));
        section(text, sections, "Memory", lines -> memory(lines, gateway.totals()));
        section(text, sections, "Persistence", lines -> persistence(lines));
        section(text, sections, "Stats", lines -> statistics(lines, gateway));
        section(text, sections, "Replication", lines -> lines.putAll(Map.of("role", "master", "connected_slaves", 0)));
        section(text, sections, "CPU", none);
        section(text, sections, "Modules", none);
        section(text, sections, "Errorstats", none);
        section(text, sections, "Cluster", lines -> lines.put("cluster_enabled", 0));
        section(text, sections, "Keyspace", lines -> {
            if (keys.number() > 0) {
                lines.put("db0", "keys=" + keys.number() + ",expires=0,avg_ttl=0");
            }
        });
        call.reply(out -> out.verbatim(text.toString()));
    }

    private static void section(StringBuilder text, Set<String> wanted, String name, Consumer<Map<String, Object>> filling) {
        if (!wanted.contains(name.toLowerCase(Locale.ROOT))) {
            return;
        }
        Map<String, Object> lines = new LinkedHashMap<>();
        filling.accept(lines);
        text.append(text.isEmpty() ? "" : "\r\n").append("# ").append(name).append("\r\n");
        lines.forEach((key, value) -> text.append(key).append(':').append(value).append("\r\n"));
    }

    private static void server(Map<String, Object> lines, Totals totals) {
        lines.put("redis_version", REDIS_VERSION);
        lines.put("redis_mode", "standalone");
        lines.put("server_name", "cipherlink");
        lines.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        lines.put("process_id", ProcessHandle.current().pid());
        lines.put("uptime_in_seconds", totals.uptime().toSeconds());
        lines.put("uptime_in_days", totals.uptime().toDays());
    }

    private static void clients(Map<String, Object> lines, Gateway gateway) {
        lines.put("connected_clients", gateway.totals().live());
        lines.put("maxclients", gateway.config().maxClients());
        lines.put("blocked_clients", 0);
        lines.put("tracking_clients", 0);
    }

    private static void memory(Map<String, Object> lines, Totals totals) {
        Runtime runtime = Runtime.getRuntime();
        long used = runtime.totalMemory() - runtime.freeMemory();
        lines.put("used_memory", used);
        lines.put("used_memory_human", String.format(Locale.ROOT, "%.2fM", used / (double) (1 << 20)));
        lines.put("used_memory_rss", runtime.totalMemory());
        lines.put("maxmemory", 0);
        lines.put("maxmemory_policy", "noeviction");
        lines.put("mem_clients_normal", totals.memoryInUse());
    }

    private static void persistence(Map<String, Object> lines) {
        lines.put("loading", 0);
        lines.put("rdb_changes_since_last_save", 0);
        lines.put("rdb_bgsave_in_progress", 0);
        lines.put("aof_enabled", 1);
        lines.put("aof_rewrite_in_progress", 0);
    }

    private static void statistics(Map<String, Object> lines, Gateway gateway) {
        Totals totals = gateway.totals();
        lines.put("total_connections_received", totals.accepted());
        lines.put("total_commands_processed", totals.commands());
        lines.put("rejected_connections", totals.refused());
        lines.put("pubsub_channels", gateway.pubSub().channelCount());
        lines.put("pubsub_patterns", gateway.pubSub().patternCount());
    }
}
