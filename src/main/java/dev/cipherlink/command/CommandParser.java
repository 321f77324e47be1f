package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.regex.Pattern;

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
        return Verb.of(payload, offset, Arguments.wordEnd(payload, offset, end(payload, offset, length)));
    }

    /// The same as [#parse(byte[], int, int)].
    ///
    /// @param verb as [#verb] has found it
    public Command parse(Verb verb, byte[] payload, int offset, int length) throws CommandException {
        int end = end(payload, offset, length);
        if (verb == null) {
            throw unknownVerb(payload, offset, Arguments.wordEnd(payload, offset, end));
        }
        return parse(verb, new Arguments(verb, payload, offset + verb.name().length(), end));
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
            case EXPIRE -> in.complete(new Command.Expire(in.key(), in.number("seconds", 1, MAX_EXPIRE_SECONDS)));
            case TTL -> in.complete(new Command.Ttl(in.key()));
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

    /// Takes the arguments off a payload, from left to right. One instance per payload, one thread.
    static final class Arguments {
        private final Verb verb;
        private final byte[] payload;
        private final int end;
        /// At the space before the next argument, or at the end if there is none.
        private int position;

        /// @param position where the verb ends: at a space, or at `end`
        Arguments(Verb verb, byte[] payload, int position, int end) {
            this.verb = verb;
            this.payload = payload;
            this.position = position;
            this.end = end;
        }

        boolean hasMore() {
            return position < end;
        }

        /// Whether the word [CommandParser#END] comes next, in capitals or not. No other may come.
        boolean hasEnd() throws CommandException {
            if (!hasMore()) {
                return false;
            }
            int start = begin();
            position = wordEnd(payload, start, end);
            boolean isEnd = position - start == END.length;
            for (int i = 0; i < END.length && isEnd; i++) {
                isEnd = (payload[start + i] & ~0x20) == END[i];
            }
            if (!isEnd) {
                throw new CommandException(verb.usage());
            }
            return true;
        }

        byte[] key() throws CommandException {
            int start = begin();
            position = KeyRule.keyEnd(payload, start, end);
            return Arrays.copyOfRange(payload, start, position);
        }

        byte[] prefix() throws CommandException {
            int start = begin();
            position = KeyRule.prefixEnd(payload, start, end);
            return Arrays.copyOfRange(payload, start, position);
        }

        /// The name of a room.
        String room() throws CommandException {
            int start = begin();
            position = wordEnd(payload, start, end);
            return ChatRule.room(payload, start, position);
        }

        /// The name of a person.
        String name() throws CommandException {
            int start = begin();
            position = wordEnd(payload, start, end);
            return ChatRule.name(payload, start, position);
        }

        /// All that is left, as something that can be said.
        String text() throws CommandException {
            int start = begin();
            position = end;
            return ChatRule.text(payload, start, end);
        }

        /// All that is left, spaces included; may be empty.
        byte[] rest(int maxBytes) throws CommandException {
            int start = begin();
            if (end - start > maxBytes) {
                throw new CommandException(
                        "value must have at most " + maxBytes + " bytes, not " + (end - start));
            }
            position = end;
            return Arrays.copyOfRange(payload, start, end);
        }

        /// A decimal number from `min` to `max`, with a `-` where it is negative.
        long number(String name, long min, long max) throws CommandException {
            int start = begin();
            position = wordEnd(payload, start, end);
            boolean isNegative = start < position && payload[start] == '-';
            int first = isNegative ? start + 1 : start;
            boolean isNumber = first < position;
            // Counted downwards: only the negative side has room for Long.MIN_VALUE.
            long floor = isNegative ? Long.MIN_VALUE : -Long.MAX_VALUE;
            long result = 0;
            for (int i = first; i < position && isNumber; i++) {
                int digit = payload[i] - '0';
                isNumber = digit >= 0 && digit <= 9 && result >= (floor + digit) / 10;
                result = result * 10 - digit;
            }
            long number = isNegative ? result : -result;
            if (!isNumber || number < min || number > max) {
                throw new CommandException(name + " must be a decimal number from " + min + " to " + max);
            }
            return number;
        }

        /// Returns the command if no argument is left.
        <C extends Command> C complete(C command) throws CommandException {
            if (hasMore()) {
                throw new CommandException(verb.usage());
            }
            return command;
        }

        private int begin() throws CommandException {
            if (!hasMore()) {
                throw new CommandException(verb.usage());
            }
            return position + 1;
        }

        /// The index of the next space from `from` on, or `end`.
        static int wordEnd(byte[] payload, int from, int end) {
            int i = from;
            while (i < end && payload[i] != ' ') {
                i++;
            }
            return i;
        }

        /// The rules for rooms, names and texts of the chat.
        ///
        /// Rooms and names are ASCII: those of other scripts can look like each other. A text is valid UTF-8 without line feed,
        /// since that ends an event; other control characters are kept as they are, and escaped where they are shown.
        static final class ChatRule {

            /// The most bytes of a text.
            static final int MAX_TEXT_BYTES = 4_096;

            private static final Pattern ROOM = Pattern.compile("#[A-Za-z0-9._-]{1,64}");
            private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,31}");

            private ChatRule() {
            }

            static boolean isRoom(String word) {
                return ROOM.matcher(word).matches();
            }

            static boolean isName(String word) {
                return NAME.matcher(word).matches();
            }

            /// @throws CommandException if the bytes are not a room's name
            static String room(byte[] payload, int from, int to) throws CommandException {
                String word = new String(payload, from, to - from, UTF_8);
                if (!isRoom(word)) {
                    throw new CommandException("room must be # and 1 to 64 letters, digits, '.', '_' or '-'");
                }
                return word;
            }

            /// @throws CommandException if nobody can have these bytes for a name
            static String name(byte[] payload, int from, int to) throws CommandException {
                String word = new String(payload, from, to - from, UTF_8);
                if (!isName(word)) {
                    throw new CommandException("name must be 1 to 32 letters, digits, '.', '_' or '-', "
                            + "the first a letter or digit");
                }
                return word;
            }

            /// @throws CommandException if the bytes cannot be said
            static String text(byte[] payload, int from, int to) throws CommandException {
                if (from == to || to - from > MAX_TEXT_BYTES) {
                    throw new CommandException("text must have 1 to " + MAX_TEXT_BYTES + " bytes, not " + (to - from));
                }
                for (int i = from; i < to; i++) {
                    if (payload[i] == '\n') {
                        throw new CommandException("text must not contain a line feed; send each line by itself");
                    }
                }
                try {
                    return UTF_8.newDecoder().decode(ByteBuffer.wrap(payload, from, to - from)).toString();
                } catch (CharacterCodingException e) {
                    throw new CommandException("text must be valid UTF-8");
                }
            }
        }

        /// The rule for keys: 1 to 512 bytes of valid UTF-8 without white space or control characters, those of Unicode
        /// included (categories Zs, Zl, Zp, Cc). Joiners and other format characters (Cf) are letters' business and allowed.
        static final class KeyRule {

            /// The most bytes of a key.
            static final int MAX_KEY_BYTES = 512;

            private static final byte DELETE = 0x7F;

            private KeyRule() {
            }

            /// Where the key ends that begins at `from`: at the next space, or at `end`.
            ///
            /// @throws CommandException if the bytes up to there are not a key
            static int keyEnd(byte[] payload, int from, int end) throws CommandException {
                int keyEnd = prefixEnd(payload, from, end);
                if (keyEnd == from) {
                    throw new CommandException("key must have 1 to " + MAX_KEY_BYTES + " bytes, not 0");
                }
                return keyEnd;
            }

            /// The same for the beginning of a key, which may be empty.
            ///
            /// @throws CommandException if no key can begin so
            static int prefixEnd(byte[] payload, int from, int end) throws CommandException {
                int plainEnd = from;
                while (plainEnd < end && payload[plainEnd] > ' ' && payload[plainEnd] != DELETE) {
                    plainEnd++;
                }
                int prefixEnd = Arguments.wordEnd(payload, plainEnd, end);
                if (prefixEnd - from > MAX_KEY_BYTES) {
                    throw new CommandException("key must have 1 to " + MAX_KEY_BYTES + " bytes, not " + (prefixEnd - from));
                }
                if (plainEnd < prefixEnd) {
                    checkText(payload, plainEnd, prefixEnd);
                }
                return prefixEnd;
            }

            private static void checkText(byte[] payload, int from, int to) throws CommandException {
                var text = CharBuffer.allocate(to - from);
                var result = StandardCharsets.UTF_8.newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .decode(ByteBuffer.wrap(payload, from, to - from), text, true);
                if (!result.isUnderflow()) {
                    throw new CommandException("key must be valid UTF-8");
                }
                // All white space and control characters are in the basic plane, so surrogates need no joining.
                text.flip();
                while (text.hasRemaining()) {
                    char c = text.get();
                    if (Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c)) {
                        throw blankOrControl();
                    }
                }
            }

            static CommandException blankOrControl() {
                return new CommandException("key must not contain white space or control characters");
            }
        }
    }
}
