package dev.cipherlink.gateway;

import dev.cipherlink.gateway.RedisCommand.Subcommand;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// The commands about the client's own connection: PING, AUTH, HELLO, CLIENT. None needs the server.
final class ConnectionCommands {
    private static final int MAX_NAME_BYTES = 512;

    static final Map<String, Subcommand> CLIENT_SUBCOMMANDS = Map.ofEntries(
            Map.entry("ID", new Subcommand(2, call -> call.reply(number(call.connection().id())))),
            Map.entry("SETNAME", new Subcommand(3, ConnectionCommands::setName)),
            Map.entry("GETNAME", new Subcommand(2, ConnectionCommands::getName)),
            Map.entry("SETINFO", new Subcommand(4, ConnectionCommands::setInfo)),
            Map.entry("INFO", new Subcommand(2, call -> {
                String line = call.connection().describe() + "\n";
                call.reply(out -> out.verbatim(line));
            })),
            Map.entry("LIST", new Subcommand(-2, ConnectionCommands::list)),
            Map.entry("NO-EVICT", new Subcommand(3, ConnectionCommands::onOrOff)),
            Map.entry("NO-TOUCH", new Subcommand(3, ConnectionCommands::onOrOff)),
            Map.entry("REPLY", new Subcommand(3, ConnectionCommands::setReplies)),
            Map.entry("TRACKING", new Subcommand(-3, call -> {
                if (call.size() > 3 || !call.option(2).equals("OFF")) {
                    throw new RespException("ERR client-side caching is not supported: keyspace events tell of changes");
                }
                call.reply(RespWriter::ok);
            })),
            Map.entry("TRACKINGINFO", new Subcommand(2, call -> call.reply(out -> {
                out.map(3).bulk("flags").set(1).bulk("off").bulk("redirect").number(-1).bulk("prefixes").array(0);
            }))),
            Map.entry("GETREDIR", new Subcommand(2, call -> call.reply(number(-1)))));

    private static final int RESP2 = 2;
    private static final int RESP3 = 3;

    private ConnectionCommands() {
    }

    private static Consumer<RespWriter> number(long number) {
        return out -> out.number(number);
    }

    static void ping(Call call) throws RespException {
        if (call.size() > 2) {
            throw RespException.arity("ping");
        }
        boolean isSubscriber = call.connection().isSubscriber();
        call.reply(out -> {
            if (isSubscriber && !out.isResp3()) {
                out.array(2).bulk("pong").bulk(call.size() == 2 ? call.word(1) : new byte[0]);
            } else if (call.size() == 2) {
                out.bulk(call.word(1));
            } else {
                out.status("PONG");
            }
        });
    }

    static void echo(Call call) {
        call.reply(out -> out.bulk(call.word(1)));
    }

    static void select(Call call) throws RespException {
        requireDatabase(call.number(1));
        call.reply(RespWriter::ok);
    }

    /// There is one database.
    static void requireDatabase(long number) throws RespException {
        if (number != (int) number) {
            throw new RespException("ERR value is out of range, value must between -2147483648 and 2147483647");
        }
        if (number != 0) {
            throw new RespException("ERR DB index is out of range");
        }
    }

    static void quit(Call call) {
        call.reply(RespWriter::ok);
        call.connection().endInput();
    }

    static void reset(Call call) {
        call.connection().reset();
        call.reply(out -> out.status("RESET"));
    }

    /// `AUTH [user] password`
    static void authenticate(Call call) throws RespException {
        if (call.size() > 3) {
            throw RespException.syntax();
        }
        RespConnection connection = call.connection();
        if (call.size() == 2 && connection.gateway().config().password().isEmpty()) {
            throw new RespException("ERR AUTH <password> called without any password configured for the default user. "
                    + "Are you sure your configuration is correct?");
        }
        authenticate(connection, call.size() == 2 ? "default" : call.text(1), call.word(call.size() - 1));
        call.reply(RespWriter::ok);
    }

    private static void authenticate(RespConnection connection, String user, byte[] password) throws RespException {
        if (!user.equals("default") || !connection.gateway().config().admits(password)) {
            throw new RespException("WRONGPASS invalid username-password pair or user is disabled.");
        }
        connection.setAuthenticated(true);
    }

    /// `HELLO [version [AUTH user password] [SETNAME name]]`
    static void hello(Call call) throws RespException {
        RespConnection connection = call.connection();
        int version = connection.isResp3() ? RESP3 : RESP2;
        if (call.size() > 1) {
            long wanted = Numbers.parse(call.word(1), Long.MIN_VALUE);
            if (wanted == Long.MIN_VALUE) {
                throw new RespException("ERR Protocol version is not an integer or out of range");
            }
            if (wanted != RESP2 && wanted != RESP3) {
                throw new RespException("NOPROTO unsupported protocol version");
            }
            version = (int) wanted;
        }
        byte[] name = null;
        String user = null;
        byte[] password = null;
        for (int i = 2; i < call.size(); i++) {
            String option = call.option(i);
            if (option.equals("AUTH") && i + 2 < call.size()) {
                user = call.text(i + 1);
                password = call.word(i + 2);
                i += 2;
            } else if (option.equals("SETNAME") && i + 1 < call.size()) {
                name = checkName(call.word(++i), "Client names");
            } else {
                throw new RespException("ERR Syntax error in HELLO option '" + call.shown(i) + "'");
            }
        }
        if (user != null) {
            authenticate(connection, user, password);
        }
        if (!connection.isAuthenticated()) {
            throw new RespException("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
                    + "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol "
                    + "version at the same time");
        }
        if (name != null) {
            connection.setName(name);
        }
        connection.setResp3(version == RESP3);
        int agreed = version;
        call.reply(out -> out.map(7).bulk("server").bulk("redis").bulk("version").bulk(ServerCommands.REDIS_VERSION)
                .bulk("proto").number(agreed).bulk("id").number(connection.id()).bulk("mode").bulk("standalone")
                .bulk("role").bulk("master").bulk("modules").array(0));
    }

    private static void setName(Call call) throws RespException {
        call.connection().setName(checkName(call.word(2), "Client names"));
        call.reply(RespWriter::ok);
    }

    private static byte[] checkName(byte[] name, String what) throws RespException {
        if (name.length > MAX_NAME_BYTES) {
            throw new RespException("ERR " + what + " have at most " + MAX_NAME_BYTES + " bytes");
        }
        for (byte b : name) {
            if (b < '!' || b > '~') {
                throw new RespException("ERR " + what + " cannot contain spaces, newlines or special characters.");
            }
        }
        return name;
    }

    private static void getName(Call call) {
        byte[] name = call.connection().name();
        call.reply(out -> {
            if (name.length == 0) {
                out.nothing();
            } else {
                out.bulk(name);
            }
        });
    }

    private static void setInfo(Call call) throws RespException {
        String option = call.option(2);
        if (!option.equals("LIB-NAME") && !option.equals("LIB-VER")) {
            throw new RespException("ERR Unrecognized option '" + call.shown(2) + "'");
        }
        checkName(call.word(3), option.toLowerCase(Locale.ROOT));
        call.connection().setLibrary(option, call.text(3));
        call.reply(RespWriter::ok);
    }

    /// `CLIENT LIST [TYPE type] [ID id...]`: all of them are of the type `normal` or `pubsub`.
    private static void list(Call call) throws RespException {
        var gateway = call.connection().gateway();
        var lines = new StringBuilder();
        if (call.size() == 2) {
            gateway.connections().forEach(connection -> lines.append(connection.describe()).append('\n'));
        } else if (call.size() == 4 && call.option(2).equals("TYPE")) {
            String type = call.option(3);
            if (!List.of("NORMAL", "MASTER", "REPLICA", "SLAVE", "PUBSUB").contains(type)) {
                throw new RespException("ERR Unknown client type '" + call.shown(3) + "'");
            }
            gateway.connections().stream().filter(connection -> (connection.isSubscriber() ? "PUBSUB" : "NORMAL").equals(type))
                    .forEach(connection -> lines.append(connection.describe()).append('\n'));
        } else if (call.size() > 3 && call.option(2).equals("ID")) {
            // Each once: a million times the same id would make a reply that no budget has counted.
            Set<Long> ids = new HashSet<>();
            for (int i = 3; i < call.size(); i++) {
                long id = Numbers.parse(call.word(i), -1);
                if (id < 0) {
                    throw new RespException("ERR Invalid client ID");
                }
                ids.add(id);
            }
            gateway.connections().stream().filter(connection -> ids.contains(connection.id()))
                    .forEach(connection -> lines.append(connection.describe()).append('\n'));
        } else {
            throw RespException.syntax();
        }
        call.reply(out -> out.verbatim(lines.toString()));
    }

    private static void onOrOff(Call call) throws RespException {
        if (!call.option(2).equals("ON") && !call.option(2).equals("OFF")) {
            throw RespException.syntax();
        }
        call.reply(RespWriter::ok);
    }

    private static void setReplies(Call call) throws RespException {
        switch (call.option(2)) {
            case "ON" -> {
                call.connection().replyToAll();
                call.reply(RespWriter::ok);
            }
            case "OFF" -> call.connection().replyToNone();
            case "SKIP" -> call.connection().skipNextReply();
            default -> throw RespException.syntax();
        }
    }
}
