package dev.cipherlink.command;

import java.util.Arrays;
import java.util.Objects;

/// Turns a request's payload into a [Command]: `docs/protocol.md` section 7.
///
/// Arguments are separated by single spaces, so two spaces in a row have an empty argument between them. One trailing
/// `\n` is no part of the command. `SET k ` sets an empty value, `SET k` is a usage error. Without state: one parser
/// may serve all connections; it never blocks, and any bytes whatever give a command or a [CommandException].
public final class CommandParser {

    /// The default for the most bytes of a value: 16 MiB.
    public static final int DEFAULT_MAX_VALUE_BYTES = 16 * 1024 * 1024;
    /// The most seconds of an expiry: 100 years of 365 days, which is less than 2^63 nanoseconds.
    static final long MAX_EXPIRE_SECONDS = 36_500L * 86_400;
    /// The latest time of an expiry, in the year 2255.
    static final long MAX_UNIX_MILLIS = 9_000_000_000_000L;
    /// The most bytes that are published at once: an event has at most 1 MiB.
    static final int MAX_PUBLISHED_BYTES = 512 * 1024;
    /// The most keys of one listing.
    static final int MAX_KEYS_LIMIT = 10_000;
    /// The keys of one listing that gives no limit.
    public static final int DEFAULT_KEYS_LIMIT = 1_000;

    /// The most messages of one HISTORY.
    static final int MAX_HISTORY_COUNT = 1_000;
    /// The messages of one HISTORY that gives no count.
    static final int DEFAULT_HISTORY_COUNT = 50;

    private static final int MAX_SHOWN_VERB_BYTES = 32;
    private static final byte[] EMPTY = {};
    /// The word that makes an operator's list the command that ends something on it.
    static final byte[] END = {'E', 'N', 'D'};

    private final int maxValueBytes;

    /// A parser for values of up to [#DEFAULT_MAX_VALUE_BYTES].
    public CommandParser() {
        this(DEFAULT_MAX_VALUE_BYTES);
    }

    /// @param maxValueBytes the most bytes of a value or text; larger ones are refused
    public CommandParser(int maxValueBytes) {
        if (maxValueBytes < 0) {
            throw new IllegalArgumentException("maxValueBytes must not be negative: " + maxValueBytes);
        }
        this.maxValueBytes = maxValueBytes;
    }

    /// Parses `length` bytes from `offset` on. The command keeps copies; the payload may be reused afterwards.
    ///
    /// @throws CommandException if they are not a command; its message can be sent to the peer
    /// @throws IndexOutOfBoundsException if the range is not within the array
    public Command parse(byte[] payload, int offset, int length) throws CommandException {
        return parse(verb(payload, offset, length), payload, offset, length);
    }

    /// The verb of a payload; null if it has none.
    ///
    /// @throws IndexOutOfBoundsException if the range is not within the array
    public static Verb verb(byte[] payload, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, payload.length);
        return TransactionParser.isBegin(payload, offset, length) ? Verb.TXN
                : Verb.of(payload, offset, Arguments.wordEnd(payload, offset, end(payload, offset, length)));
    }

    /// The same as [#parse(byte[], int, int)].
    ///
    /// @param verb as [#verb] has found it
    public Command parse(Verb verb, byte[] payload, int offset, int length) throws CommandException {
        if (verb == Verb.TXN) {
            return new TransactionParser(this).parse(payload, offset, offset + length);
        }
        int end = end(payload, offset, length);
        if (verb == null) {
            throw unknownVerb(payload, offset, Arguments.wordEnd(payload, offset, end));
        }
        return parse(verb, new Arguments(verb.usage(), payload, offset + verb.name().length(), end));
    }

    private static int end(byte[] payload, int offset, int length) {
        int end = offset + length;
        return length > 0 && payload[end - 1] == '\n' ? end - 1 : end;
    }

    private Command parse(Verb verb, Arguments in) throws CommandException {
        return switch (verb) {
            case SET -> new Command.Set(in.key(), in.rest(maxValueBytes));
            case GET -> in.complete(new Command.Get(in.key()));
            case DELETE -> in.complete(new Command.Delete(in.key()));
            case EXISTS -> in.complete(new Command.Exists(in.key()));
            case KEYS -> in.complete(new Command.Keys(
                    in.hasMore() ? in.prefix() : EMPTY,
                    in.hasMore() ? (int) in.number("limit", 1, MAX_KEYS_LIMIT) : DEFAULT_KEYS_LIMIT,
                    in.hasMore() ? in.key() : EMPTY));
            case COUNT -> in.complete(new Command.Count(in.hasMore() ? in.prefix() : EMPTY));
            case INCR -> in.complete(new Command.Incr(
                    in.key(), in.hasMore() ? in.number("by", Long.MIN_VALUE, Long.MAX_VALUE) : 1));
            case CAS -> new Command.Cas(
                    in.key(), in.number("version", 0, Long.MAX_VALUE), in.rest(maxValueBytes));
            case PEEK -> in.complete(new Command.Peek(in.key()));
            case APPEND -> new Command.Append(in.key(), in.rest(maxValueBytes));
            case PERSIST -> in.complete(new Command.Persist(in.key()));
            case EXPIRE -> in.complete(new Command.Expire(in.key(), Expiry.after(1_000 * in.number("seconds", 1, MAX_EXPIRE_SECONDS)),
                    Expiry.Condition.ANY));
            case PEXPIRE -> in.complete(new Command.Expire(in.key(),
                    Expiry.after(in.number("milliseconds", 1, MAX_EXPIRE_SECONDS * 1_000)), in.condition()));
            case PEXPIREAT -> in.complete(new Command.Expire(in.key(), Expiry.at(in.number("time", 0, MAX_UNIX_MILLIS)),
                    in.condition()));
            case TTL -> in.complete(new Command.Ttl(in.key(), Command.Ttl.Unit.SECONDS));
            case PTTL -> in.complete(new Command.Ttl(in.key(), Command.Ttl.Unit.MILLISECONDS));
            case PEXPIRETIME -> in.complete(new Command.Ttl(in.key(), Command.Ttl.Unit.TIME));
            case PUT -> put(in);
            case MGET -> new Command.MGet(in.keys());
            case GETDEL -> in.complete(new Command.GetDel(in.key()));
            case GETEX -> getEx(in);
            case GETRANGE -> in.complete(new Command.GetRange(in.key(), in.number("from", Long.MIN_VALUE, Long.MAX_VALUE),
                    in.number("to", Long.MIN_VALUE, Long.MAX_VALUE)));
            case SETRANGE -> new Command.SetRange(in.key(), (int) in.number("offset", 0, maxValueBytes), in.rest(maxValueBytes));
            case STRLEN -> in.complete(new Command.StrLen(in.key()));
            case VERSION -> in.complete(new Command.Version(in.key()));
            case RENAME -> in.complete(new Command.Rename(in.key(), in.key(), in.isOnlyNew()));
            case COPY -> copy(in);
            case RANDOMKEY -> in.complete(new Command.RandomKey());
            case INCRBYFLOAT -> in.complete(new Command.IncrByFloat(in.key(), in.decimal("by")));
            case TXN -> throw new IllegalStateException("it has a parser of its own");
            case PUBLISH -> new Command.Publish(in.key(), in.rest(MAX_PUBLISHED_BYTES));
            case SUBSCRIBE -> in.complete(new Command.Subscribe(in.key(), false));
            case UNSUBSCRIBE -> in.complete(new Command.Unsubscribe(in.key(), false));
            case PSUBSCRIBE -> in.complete(new Command.Subscribe(in.hasMore() ? in.prefix() : EMPTY, true));
            case PUNSUBSCRIBE -> in.complete(new Command.Unsubscribe(in.hasMore() ? in.prefix() : EMPTY, true));
            case ECHO -> new Command.Echo(in.rest(maxValueBytes));
            case TIME -> in.complete(new Command.Time());
            case PING -> in.complete(new Command.Ping());
            case WHOAMI -> in.complete(new Command.WhoAmI());
            case SOCKETS -> in.complete(in.hasEnd() ? new Command.EndSocket(in.number("id", 1, Long.MAX_VALUE)) : new Command.Sockets());
            case SESSIONS -> in.complete(in.hasEnd() ? new Command.EndSessions(in.name()) : new Command.Sessions());
            case INFO -> in.complete(new Command.Info());
            case JOIN -> in.complete(new Command.Join(in.room()));
            case LEAVE -> in.complete(new Command.Leave(in.room()));
            case SAY -> new Command.Say(in.room(), in.text());
            case TELL -> new Command.Tell(in.name(), in.text());
            case KEY -> in.complete(new Command.KeyOf(in.name()));
            case WHO -> in.complete(new Command.Who(in.hasMore() ? in.room() : ""));
            case ROOMS -> in.complete(new Command.Rooms());
            case HISTORY -> in.complete(new Command.History(in.room(),
                    in.hasMore() ? (int) in.number("count", 1, MAX_HISTORY_COUNT) : DEFAULT_HISTORY_COUNT,
                    in.hasMore() ? in.number("after", 0, Long.MAX_VALUE) : Command.History.NEWEST));
            case AWAY -> in.complete(new Command.Away());
            case BACK -> in.complete(new Command.Back());
            case KICK -> in.complete(new Command.Kick(in.room(), in.name()));
            case MUTE -> in.complete(new Command.Mute(in.name(), in.number("seconds", 1, MAX_EXPIRE_SECONDS)));
            case UNMUTE -> in.complete(new Command.Unmute(in.name()));
            case WATCH -> in.complete(new Command.Watch(in.hasMore() ? in.prefix() : EMPTY));
            case UNWATCH -> in.complete(new Command.Unwatch(in.hasMore() ? in.prefix() : EMPTY));
        };
    }

    private Command put(Arguments in) throws CommandException {
        WriteOptions options = WriteOptions.parse(in.word(), Verb.PUT);
        return new Command.Put(in.key(), in.rest(maxValueBytes), options.presence(), options.expiry(), options.answersOld());
    }

    private static Command getEx(Arguments in) throws CommandException {
        WriteOptions options = WriteOptions.parse(in.word(), Verb.GETEX);
        return in.complete(new Command.GetEx(in.key(), options.expiry()));
    }

    private static Command copy(Arguments in) throws CommandException {
        Command.Copy copy = in.complete(new Command.Copy(in.key(), in.key(), in.isOnlyNew()));
        if (Arrays.equals(copy.key(), copy.to())) {
            throw new CommandException("a key cannot be copied to itself");
        }
        return copy;
    }

    private static CommandException unknownVerb(byte[] payload, int from, int to) {
        if (from == to) {
            return new CommandException("no command; send a verb first, such as GET key");
        }
        String shown = Escapes.bytes(payload, from, Math.min(to, from + MAX_SHOWN_VERB_BYTES));
        return new CommandException("unknown command " + shown + "; the commands are " + Verb.ALL);
    }

    /// A payload is not a command. The message is one sentence for the peer that says what to do.
    ///
    /// Cheap on purpose (no stack trace, no suppressed exceptions): a peer can cause as many as it likes.
    public static final class CommandException extends Exception {
        private static final long serialVersionUID = 1;

        public CommandException(String reason) {
            super(reason, null, false, false);
        }
    }
}
