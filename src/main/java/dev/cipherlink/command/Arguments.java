package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.command.CommandParser.CommandException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// Takes the arguments off a payload, from left to right. One instance per payload, one thread.
final class Arguments {
    /// The most keys of one command.
    static final int MAX_KEYS = 10_000;
    private static final Pattern DECIMAL = Pattern.compile("[0-9.eE+-]{1,256}");
    /// In the order of [Expiry.Condition], without its first.
    static final List<String> CONDITIONS = List.of("NX", "XX", "GT", "LT");

    private final String usage;
    private final byte[] payload;
    private final int end;
    /// At the space before the next argument, or at the end if there is none.
    private int position;

    /// @param usage    the sentence for a peer that got the arguments wrong
    /// @param position where the verb ends: at a space, or at `end`
    Arguments(String usage, byte[] payload, int position, int end) {
        this.usage = usage;
        this.payload = payload;
        this.position = position;
        this.end = end;
    }

    boolean hasMore() {
        return position < end;
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

    /// Whether the word [CommandParser#END] comes next, in capitals or not. No other may come.
    boolean hasEnd() throws CommandException {
        return hasMore() && requireOneOf(word(), List.of("END")) == 0;
    }

    /// Keys to the end, 1 to [#MAX_KEYS].
    List<byte[]> keys() throws CommandException {
        var keys = new ArrayList<byte[]>();
        do {
            keys.add(key());
            if (keys.size() > MAX_KEYS) {
                throw new CommandException("at most " + MAX_KEYS + " keys at once");
            }
        } while (hasMore());
        return keys;
    }

    /// Anything without a space.
    String word() throws CommandException {
        int start = begin();
        position = wordEnd(payload, start, end);
        return new String(payload, start, position - start, UTF_8);
    }

    /// A number with an optional sign, fraction and exponent, by its letters; its store knows whether it is one.
    byte[] decimal(String name) throws CommandException {
        String word = word();
        if (!DECIMAL.matcher(word).matches()) {
            throw new CommandException(name + " must be a decimal number");
        }
        return word.getBytes(UTF_8);
    }

    /// An optional `NX` at the end.
    boolean isOnlyNew() throws CommandException {
        return hasMore() && requireOneOf(word(), List.of("NX")) == 0;
    }

    /// An optional condition at the end.
    Expiry.Condition condition() throws CommandException {
        return hasMore() ? Expiry.Condition.values()[1 + requireOneOf(word(), CONDITIONS)] : Expiry.Condition.ANY;
    }

    private int requireOneOf(String word, List<String> known) throws CommandException {
        int index = known.indexOf(word.toUpperCase(Locale.ROOT));
        if (index < 0) {
            throw new CommandException(usage);
        }
        return index;
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
        return number(payload, start, position, name, min, max);
    }

    /// The number in these bytes.
    static long number(byte[] payload, int from, int to, String name, long min, long max) throws CommandException {
        boolean isNegative = from < to && payload[from] == '-';
        int first = isNegative ? from + 1 : from;
        boolean isNumber = first < to;
        // Counted downwards: only the negative side has room for Long.MIN_VALUE.
        long floor = isNegative ? Long.MIN_VALUE : -Long.MAX_VALUE;
        long result = 0;
        for (int i = first; i < to && isNumber; i++) {
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
    <C> C complete(C command) throws CommandException {
        if (hasMore()) {
            throw new CommandException(usage);
        }
        return command;
    }

    private int begin() throws CommandException {
        if (!hasMore()) {
            throw new CommandException(usage);
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

        private static final byte DELETE = 0x7F;

        private KeyRule() {
        }

        /// Where the key ends that begins at `from`: at the next space, or at `end`.
        ///
        /// @throws CommandException if the bytes up to there are not a key
        static int keyEnd(byte[] payload, int from, int end) throws CommandException {
            int keyEnd = prefixEnd(payload, from, end);
            if (keyEnd == from) {
                throw new CommandException("key must have 1 to " + Command.MAX_KEY_BYTES + " bytes, not 0");
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
            if (prefixEnd - from > Command.MAX_KEY_BYTES) {
                throw new CommandException("key must have 1 to " + Command.MAX_KEY_BYTES + " bytes, not " + (prefixEnd - from));
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
