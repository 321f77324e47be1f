package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The commands of Redis that there are, with what Redis 7.0 says of each: the number of its words, its flags, and which of them are
/// keys.
enum RedisCommand {
    GET(2, "readonly fast", 1, 1, 1, StringCommands::get),
    SET(-3, "write denyoom", 1, 1, 1, StringCommands::set),
    SETNX(3, "write denyoom fast", 1, 1, 1, StringCommands::setIfAbsent),
    SETEX(4, "write denyoom", 1, 1, 1, StringCommands::setWithSeconds),
    PSETEX(4, "write denyoom", 1, 1, 1, StringCommands::setWithMillis),
    GETSET(3, "write denyoom fast", 1, 1, 1, StringCommands::getAndSet),
    GETDEL(2, "write fast", 1, 1, 1, StringCommands::getAndDelete),
    GETEX(-2, "write fast", 1, 1, 1, StringCommands::getAndExpire),
    GETRANGE(4, "readonly", 1, 1, 1, StringCommands::range),
    SUBSTR(4, "readonly", 1, 1, 1, StringCommands::range),
    SETRANGE(4, "write denyoom", 1, 1, 1, StringCommands::setRange),
    STRLEN(2, "readonly fast", 1, 1, 1, StringCommands::length),
    APPEND(3, "write denyoom fast", 1, 1, 1, StringCommands::append),
    MGET(-2, "readonly fast", 1, -1, 1, StringCommands::getMany),
    MSET(-3, "write denyoom", 1, -1, 2, StringCommands::setMany),
    MSETNX(-3, "write denyoom", 1, -1, 2, StringCommands::setManyIfAbsent),
    INCR(2, "write denyoom fast", 1, 1, 1, StringCommands::increment),
    DECR(2, "write denyoom fast", 1, 1, 1, StringCommands::decrement),
    INCRBY(3, "write denyoom fast", 1, 1, 1, StringCommands::incrementBy),
    DECRBY(3, "write denyoom fast", 1, 1, 1, StringCommands::decrementBy),
    INCRBYFLOAT(3, "write denyoom fast", 1, 1, 1, StringCommands::incrementByFloat),

    DEL(-2, "write", 1, -1, 1, KeyCommands::delete),
    UNLINK(-2, "write fast", 1, -1, 1, KeyCommands::delete),
    EXISTS(-2, "readonly fast", 1, -1, 1, KeyCommands::exists),
    TOUCH(-2, "readonly fast", 1, -1, 1, KeyCommands::exists),
    TYPE(2, "readonly fast", 1, 1, 1, KeyCommands::type),
    EXPIRE(-3, "write fast", 1, 1, 1, KeyCommands::expire),
    PEXPIRE(-3, "write fast", 1, 1, 1, KeyCommands::expireMillis),
    EXPIREAT(-3, "write fast", 1, 1, 1, KeyCommands::expireAt),
    PEXPIREAT(-3, "write fast", 1, 1, 1, KeyCommands::expireAtMillis),
    TTL(2, "readonly fast", 1, 1, 1, KeyCommands::timeToLive),
    PTTL(2, "readonly fast", 1, 1, 1, KeyCommands::timeToLiveMillis),
    EXPIRETIME(2, "readonly fast", 1, 1, 1, KeyCommands::expireTime),
    PEXPIRETIME(2, "readonly fast", 1, 1, 1, KeyCommands::expireTimeMillis),
    PERSIST(2, "write fast", 1, 1, 1, KeyCommands::persist),
    RENAME(3, "write", 1, 2, 1, KeyCommands::rename),
    RENAMENX(3, "write fast", 1, 2, 1, KeyCommands::renameIfAbsent),
    COPY(-3, "write denyoom", 1, 2, 1, KeyCommands::copy),
    KEYS(2, "readonly no_multi", 0, 0, 0, call -> call.connection().gateway().listing().keys(call)),
    SCAN(-2, "readonly no_multi", 0, 0, 0, call -> call.connection().gateway().listing().scan(call)),
    DBSIZE(1, "readonly fast no_multi", 0, 0, 0, KeyCommands::count),
    RANDOMKEY(1, "readonly no_multi", 0, 0, 0, KeyCommands::random),

    MULTI(1, "noscript loading stale fast allow_busy", 0, 0, 0, call -> call.connection().transaction().begin()),
    EXEC(1, "noscript loading stale skip_slowlog", 0, 0, 0, call -> call.connection().transaction().execute(call)),
    DISCARD(1, "noscript loading stale fast allow_busy", 0, 0, 0, call -> call.connection().transaction().discard()),
    WATCH(-2, "noscript loading stale fast allow_busy", 1, -1, 1, call -> call.connection().transaction().watch(call)),
    UNWATCH(1, "noscript loading stale fast allow_busy", 0, 0, 0, call -> call.connection().transaction().unwatch(call)),

    PING(-1, "fast", 0, 0, 0, ConnectionCommands::ping),
    ECHO(2, "loading stale fast", 0, 0, 0, ConnectionCommands::echo),
    SELECT(2, "loading stale fast", 0, 0, 0, ConnectionCommands::select),
    AUTH(-2, "noscript loading stale fast no_auth allow_busy", 0, 0, 0, ConnectionCommands::authenticate),
    HELLO(-1, "noscript loading stale fast no_auth allow_busy", 0, 0, 0, ConnectionCommands::hello),
    RESET(1, "noscript loading stale fast no_auth allow_busy", 0, 0, 0, ConnectionCommands::reset),
    QUIT(-1, "noscript loading stale fast no_auth allow_busy", 0, 0, 0, ConnectionCommands::quit),
    CLIENT(-2, "", 0, 0, 0, null),
    COMMAND(-1, "loading stale", 0, 0, 0, ServerCommands::commands),
    CONFIG(-2, "", 0, 0, 0, null),
    INFO(-1, "loading stale no_multi", 0, 0, 0, ServerCommands::info),
    TIME(1, "loading stale fast no_multi", 0, 0, 0, ServerCommands::time),

    SUBSCRIBE(-2, "pubsub noscript loading stale no_multi", 0, 0, 0, call -> hub(call).subscribe(call, false)),
    PSUBSCRIBE(-2, "pubsub noscript loading stale no_multi", 0, 0, 0, call -> hub(call).subscribe(call, true)),
    UNSUBSCRIBE(-1, "pubsub noscript loading stale no_multi", 0, 0, 0, call -> hub(call).unsubscribe(call, false)),
    PUNSUBSCRIBE(-1, "pubsub noscript loading stale no_multi", 0, 0, 0, call -> hub(call).unsubscribe(call, true)),
    PUBLISH(3, "pubsub loading stale fast", 0, 0, 0, PubSub::publish),
    PUBSUB(-2, "", 0, 0, 0, null);

    /// Runs a command: sends its requests, and says what its reply is.
    @FunctionalInterface
    interface Handler {
        void run(Call call) throws RespException, IOException, InterruptedException;
    }

    /// A command that is named by a second word.
    ///
    /// @param arity words in all; negative: at least so many
    record Subcommand(int arity, Handler handler) {
    }

    /// A hash table of a power of two, with empty places: each command stands where [#slot] says, or behind.
    private static final RedisCommand[] BY_NAME = new RedisCommand[256];

    static {
        for (RedisCommand command : values()) {
            int slot = slot(command.letters);
            while (BY_NAME[slot] != null) {
                slot = next(slot);
            }
            BY_NAME[slot] = command;
        }
    }

    private static final int MAX_SHOWN_BYTES = 128;

    private final String redisName = name().toLowerCase(Locale.ROOT);
    private final byte[] letters = name().getBytes(ISO_8859_1);
    private final int arity;
    private final List<String> flags;
    final int firstKey;
    final int lastKey;
    final int keyStep;
    private final Handler handler;
    private final boolean isWrite;

    RedisCommand(int arity, String flags, int firstKey, int lastKey, int keyStep, Handler handler) {
        this.arity = arity;
        this.flags = flags.isEmpty() ? List.of() : List.of(flags.split(" "));
        this.firstKey = firstKey;
        this.lastKey = lastKey;
        this.keyStep = keyStep;
        this.handler = handler;
        isWrite = this.flags.contains("write") || name().equals("EXEC") || name().equals("PUBLISH");
    }

    private static PubSub hub(Call call) {
        return call.connection().gateway().pubSub();
    }

    /// The command of these words.
    ///
    /// @throws RespException if there is none, or it takes another number of words
    static RedisCommand of(List<byte[]> words) throws RespException {
        byte[] name = words.getFirst();
        RedisCommand command = named(name);
        if (command == null) {
            throw unknown(words);
        }
        if (!fits(command.arity, words.size())) {
            throw RespException.arity(command.redisName);
        }
        command.handler(words);
        return command;
    }

    /// The command of that name, in capitals or not; null if there is none.
    static RedisCommand named(byte[] name) {
        int slot = slot(name);
        while (BY_NAME[slot] != null && !BY_NAME[slot].isNamed(name)) {
            slot = next(slot);
        }
        return BY_NAME[slot];
    }

    private static int slot(byte[] name) {
        int hash = name.length;
        for (int i = 0; i < name.length && i < 8; i++) {
            hash = 31 * hash + capital(name[i]);
        }
        return hash & BY_NAME.length - 1;
    }

    private static int next(int slot) {
        return slot + 1 & BY_NAME.length - 1;
    }

    private boolean isNamed(byte[] name) {
        boolean isNamed = name.length == letters.length;
        for (int i = 0; isNamed && i < letters.length; i++) {
            isNamed = capital(name[i]) == letters[i];
        }
        return isNamed;
    }

    private static int capital(byte letter) {
        return letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter;
    }

    /// Whether a request of HTTP begins so, or its header. A web page can make a browser send one to this machine; as in Redis, the
    /// connection ends before the body is read, whose lines could be commands.
    static boolean isOfHttp(byte[] name) {
        return name.length == 4 && new String(name, ISO_8859_1).equalsIgnoreCase("POST")
                || name.length == 5 && new String(name, ISO_8859_1).equalsIgnoreCase("Host:");
    }

    private static boolean fits(int arity, int words) {
        return arity >= 0 ? words == arity : words >= -arity;
    }

    private static RespException unknown(List<byte[]> words) {
        StringBuilder arguments = new StringBuilder();
        for (int i = 1; i < words.size() && arguments.length() < MAX_SHOWN_BYTES; i++) {
            String argument = shown(words.get(i), MAX_SHOWN_BYTES - arguments.length());
            arguments.append('\'').append(argument).append("' ");
        }
        return new RespException("ERR unknown command '" + shown(words.getFirst(), MAX_SHOWN_BYTES)
                + "', with args beginning with: " + arguments);
    }

    /// As a string of C: it ends with a zero byte.
    static String shown(byte[] word, int max) {
        int end = 0;
        while (end < word.length && end < max && word[end] != 0) {
            end++;
        }
        return new String(word, 0, end, ISO_8859_1);
    }

    private Handler handler(List<byte[]> words) throws RespException {
        Map<String, Subcommand> subcommands = switch (this) {
            case CLIENT -> ConnectionCommands.CLIENT_SUBCOMMANDS;
            case CONFIG -> ServerCommands.CONFIG_SUBCOMMANDS;
            case COMMAND -> ServerCommands.COMMAND_SUBCOMMANDS;
            case PUBSUB -> PubSub.SUBCOMMANDS;
            default -> null;
        };
        if (subcommands == null || words.size() == 1) {
            return handler;
        }
        byte[] name = words.get(1);
        Subcommand subcommand = subcommands.get(new String(name, 0, Math.min(name.length, MAX_SHOWN_BYTES), ISO_8859_1)
                .toUpperCase(Locale.ROOT));
        if (subcommand == null) {
            throw new RespException("ERR unknown subcommand '" + shown(name, MAX_SHOWN_BYTES) + "'. Try " + name() + " HELP.");
        }
        if (!fits(subcommand.arity, words.size())) {
            throw RespException.arity(redisName + "|" + new String(name, ISO_8859_1).toLowerCase(Locale.ROOT));
        }
        return subcommand.handler;
    }

    /// Runs it. Blocks where the server's answer is needed to go on, and while too much is under way.
    void run(Call call) throws RespException, IOException, InterruptedException {
        handler(call.words()).run(call);
    }

    String redisName() {
        return redisName;
    }

    int arity() {
        return arity;
    }

    List<String> flags() {
        return flags;
    }

    /// Whether it leaves a trace, so that it matters whether it ran.
    boolean isWrite() {
        return isWrite;
    }

    boolean isAllowedToStrangers() {
        return flags.contains("no_auth");
    }

    boolean isAllowedInTransaction() {
        return !flags.contains("no_multi");
    }

    /// Whether it is run at once although a transaction is being put together.
    boolean endsQueue() {
        return switch (this) {
            case MULTI, EXEC, DISCARD, WATCH, QUIT, RESET -> true;
            default -> false;
        };
    }

    /// Whether a client of RESP2 that has subscribed may still say it.
    boolean isAllowedToSubscribers() {
        return switch (this) {
            case SUBSCRIBE, PSUBSCRIBE, UNSUBSCRIBE, PUNSUBSCRIBE, PING, QUIT, RESET -> true;
            default -> false;
        };
    }

    /// Which words are keys.
    List<byte[]> keys(List<byte[]> words) {
        int last = lastKey < 0 ? words.size() + lastKey : lastKey;
        byte[][] keys = new byte[Math.max(0, (last - firstKey) / Math.max(1, keyStep) + 1)][];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = words.get(firstKey + i * keyStep);
        }
        return firstKey == 0 ? List.of() : Arrays.asList(keys);
    }
}
