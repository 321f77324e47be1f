package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.CommandParser.CommandException;
import java.util.stream.Stream;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandParserTest {
    private final CommandParser parser = new CommandParser(100);

    static Stream<Arguments> commands() {
        return Stream.of(
                Arguments.of("SET k v", "SET <k> <v>"),
                Arguments.of("SET k v\n", "SET <k> <v>"),
                Arguments.of("SET k v\n\n", "SET <k> <v\n>"),
                Arguments.of("SET k \n", "SET <k> <>"),
                Arguments.of("SET k ", "SET <k> <>"),
                Arguments.of("SET k   two  words ", "SET <k> <  two  words >"),
                Arguments.of("SET k a\r\n", "SET <k> <a\r>"),
                Arguments.of("set Key \0\u00ff", "SET <Key> <\0\u00ff>"),
                Arguments.of("gEt k", "GET <k>"),
                Arguments.of("GET k\n", "GET <k>"),
                Arguments.of("DELETE k", "DELETE <k>"),
                Arguments.of("EXISTS k", "EXISTS <k>"),
                Arguments.of("KEYS", "KEYS <> 1000 <>"),
                Arguments.of("KEYS\n", "KEYS <> 1000 <>"),
                Arguments.of("KEYS ", "KEYS <> 1000 <>"),
                Arguments.of("KEYS user:", "KEYS <user:> 1000 <>"),
                Arguments.of("KEYS user: 1", "KEYS <user:> 1 <>"),
                Arguments.of("KEYS user: 10000 user:7", "KEYS <user:> 10000 <user:7>"),
                Arguments.of("KEYS  10 z", "KEYS <> 10 <z>"),
                Arguments.of("COUNT", "COUNT <>"),
                Arguments.of("COUNT ", "COUNT <>"),
                Arguments.of("COUNT a", "COUNT <a>"),
                Arguments.of("INCR k", "INCR <k> 1"),
                Arguments.of("INCR k 0", "INCR <k> 0"),
                Arguments.of("INCR k -0", "INCR <k> 0"),
                Arguments.of("INCR k 007", "INCR <k> 7"),
                Arguments.of("INCR k 9223372036854775807", "INCR <k> 9223372036854775807"),
                Arguments.of("INCR k -9223372036854775808", "INCR <k> -9223372036854775808"),
                Arguments.of("CAS k 0 ", "CAS <k> 0 <>"),
                Arguments.of("CAS k 9223372036854775807 a b", "CAS <k> 9223372036854775807 <a b>"),
                Arguments.of("PEEK k", "PEEK <k>"),
                Arguments.of("APPEND k  x", "APPEND <k> < x>"),
                Arguments.of("PERSIST k", "PERSIST <k>"),
                Arguments.of("EXPIRE k 1", "EXPIRE <k> 1"),
                Arguments.of("EXPIRE k 3153600000", "EXPIRE <k> 3153600000"),
                Arguments.of("TTL k", "TTL <k>"),
                Arguments.of("ECHO hello  world\n", "ECHO <hello  world>"),
                Arguments.of("ECHO ", "ECHO <>"),
                Arguments.of("TIME", "TIME"),
                Arguments.of("ping\n", "PING"),
                Arguments.of("WhoAmI", "WHOAMI"),
                Arguments.of("SOCKETS", "SOCKETS"),
                Arguments.of("sockets end 12", "SOCKETS END 12"),
                Arguments.of("SESSIONS", "SESSIONS"),
                Arguments.of("SESSIONS END bob", "SESSIONS END bob"),
                Arguments.of("INFO", "INFO"),
                Arguments.of("JOIN #dev", "JOIN #dev"),
                Arguments.of("JOIN #A.b-c_9\n", "JOIN #A.b-c_9"),
                Arguments.of("LEAVE #dev", "LEAVE #dev"),
                Arguments.of("SAY #dev hello  all ", "SAY #dev <hello  all >"),
                Arguments.of("SAY #dev \033[2J\r\0", "SAY #dev <\033[2J\r\0>"),
                Arguments.of("TELL ann psst\n", "TELL ann <psst>"),
                Arguments.of("WHO", "WHO <>"),
                Arguments.of("WHO #dev", "WHO <#dev>"),
                Arguments.of("ROOMS", "ROOMS"),
                Arguments.of("HISTORY #dev", "HISTORY #dev 50 -1"),
                Arguments.of("HISTORY #dev 1000", "HISTORY #dev 1000 -1"),
                Arguments.of("HISTORY #dev 7 0", "HISTORY #dev 7 0"),
                Arguments.of("AWAY", "AWAY"),
                Arguments.of("BACK", "BACK"),
                Arguments.of("KICK #dev bob", "KICK #dev bob"),
                Arguments.of("MUTE bob 60", "MUTE bob 60"),
                Arguments.of("UNMUTE bob", "UNMUTE bob"),
                Arguments.of("WATCH", "WATCH <>"),
                Arguments.of("WATCH user:", "WATCH <user:>"),
                Arguments.of("unwatch user:", "UNWATCH <user:>"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void parsesEveryCommand(String payload, String expected) throws CommandException {
        assertEquals(expected, shown(parse(payload)));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void readsBackWhatACommandIsWrittenAs(String payload, String expected) throws CommandException {
        byte[] written = parse(payload).encode();
        assertEquals(expected, shown(parser.parse(written, 0, written.length)));
    }

    static Stream<Arguments> unwritable() {
        return Stream.of(
                Arguments.of(new Command.Set("user name".getBytes(UTF_8), new byte[0]),
                        "key must not contain white space or control characters"),
                Arguments.of(new Command.Get("k\n".getBytes(UTF_8)), "key must not contain white space or control characters"),
                Arguments.of(new Command.Get(new byte[0]), "key must have 1 to 512 bytes, not 0"),
                Arguments.of(new Command.Watch("a b".getBytes(UTF_8)), "key must not contain white space or control characters"),
                Arguments.of(new Command.Join("#a b"), "room must be # and 1 to 64 letters, digits, '.', '_' or '-'"),
                Arguments.of(new Command.Say("#a", "two\nlines"), "text must not contain a line feed; send each line by itself"),
                Arguments.of(new Command.Tell("ann", "\ud800"), "text must be valid UTF-8"));
    }

    @ParameterizedTest
    @MethodSource("unwritable")
    void writesNoArgumentThatWouldBeReadAsAnother(Command command, String reason) {
        assertEquals(reason, assertThrows(IllegalArgumentException.class, command::encode).getMessage());
    }

    static Stream<Arguments> mistakes() {
        String key = "key must not contain white space or control characters";
        String by = "by must be a decimal number from -9223372036854775808 to 9223372036854775807";
        String seconds = "seconds must be a decimal number from 1 to 3153600000";
        String limit = "limit must be a decimal number from 1 to 10000";
        String version = "version must be a decimal number from 0 to 9223372036854775807";
        String room = "room must be # and 1 to 64 letters, digits, '.', '_' or '-'";
        String name = "name must be 1 to 32 letters, digits, '.', '_' or '-', the first a letter or digit";
        return Stream.of(
                Arguments.of("", "no command; send a verb first, such as GET key"),
                Arguments.of("\n", "no command; send a verb first, such as GET key"),
                Arguments.of(" GET k", "no command; send a verb first, such as GET key"),
                Arguments.of("SET", "usage: SET key value"),
                Arguments.of("SET k", "usage: SET key value"),
                Arguments.of("SET k\n", "usage: SET key value"),
                Arguments.of("SET  v", "key must have 1 to 512 bytes, not 0"),
                Arguments.of("SET k\t v", key),
                Arguments.of("SET k\u007f v", key),
                Arguments.of("GET", "usage: GET key"),
                Arguments.of("GET ", "key must have 1 to 512 bytes, not 0"),
                Arguments.of("GET a b", "usage: GET key"),
                Arguments.of("GET a ", "usage: GET key"),
                Arguments.of("GET a\r\n", key),
                Arguments.of("KEYS a 0", limit),
                Arguments.of("KEYS a 10001", limit),
                Arguments.of("KEYS a x", limit),
                Arguments.of("KEYS a 1 ", "key must have 1 to 512 bytes, not 0"),
                Arguments.of("KEYS a 1 b c", "usage: KEYS [prefix [limit [after]]]"),
                Arguments.of("COUNT a b", "usage: COUNT [prefix]"),
                Arguments.of("INCR k ", by),
                Arguments.of("INCR k -", by),
                Arguments.of("INCR k +1", by),
                Arguments.of("INCR k 1.5", by),
                Arguments.of("INCR k 1 2", "usage: INCR key [by]"),
                Arguments.of("INCR k 9223372036854775808", by),
                Arguments.of("INCR k -9223372036854775809", by),
                Arguments.of("INCR k 99999999999999999999999999", by),
                Arguments.of("INCR k 18446744073709551617", by),
                Arguments.of("CAS k 1", "usage: CAS key version value"),
                Arguments.of("CAS k -1 v", version),
                Arguments.of("CAS k  v", version),
                Arguments.of("EXPIRE k", "usage: EXPIRE key seconds"),
                Arguments.of("EXPIRE k 0", seconds),
                Arguments.of("EXPIRE k -5", seconds),
                Arguments.of("EXPIRE k 3153600001", seconds),
                Arguments.of("ECHO", "usage: ECHO text"),
                Arguments.of("PING x", "usage: PING (it takes no arguments)"),
                Arguments.of("PING ", "usage: PING (it takes no arguments)"),
                Arguments.of("JOIN", "usage: JOIN room"),
                Arguments.of("JOIN dev", room),
                Arguments.of("JOIN #", room),
                Arguments.of("JOIN #a#", room),
                Arguments.of("JOIN #\u00e4", room),
                Arguments.of("JOIN #" + "r".repeat(65), room),
                Arguments.of("JOIN #a #b", "usage: JOIN room"),
                Arguments.of("SAY #dev", "usage: SAY room text"),
                Arguments.of("SAY #dev ", "text must have 1 to 4096 bytes, not 0"),
                Arguments.of("SAY #dev " + "t".repeat(4097), "text must have 1 to 4096 bytes, not 4097"),
                Arguments.of("SAY #dev a\nb", "text must not contain a line feed; send each line by itself"),
                Arguments.of("SAY #dev a\n\n", "text must not contain a line feed; send each line by itself"),
                Arguments.of("TELL -ann x", name),
                Arguments.of("TELL \033[2J x", name),
                Arguments.of("TELL " + "n".repeat(33) + " x", name),
                Arguments.of("HISTORY #dev 0", "count must be a decimal number from 1 to 1000"),
                Arguments.of("HISTORY #dev 1001", "count must be a decimal number from 1 to 1000"),
                Arguments.of("HISTORY #dev 1 -1", "after must be a decimal number from 0 to 9223372036854775807"),
                Arguments.of("MUTE bob 0", seconds),
                Arguments.of("KICK #dev", "usage: KICK room name"),
                Arguments.of("WATCH a b", "usage: WATCH [prefix]"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void saysWhatToDoAboutAMistake(String payload, String reason) {
        assertEquals(reason, refusal(payload.getBytes(UTF_8)).getMessage());
    }

    @Test
    void namesTheCommandsWhenAVerbIsUnknown() {
        String reason = refusal("FLY \u00e4".getBytes(UTF_8)).getMessage();
        assertTrue(reason.startsWith("unknown command FLY; the commands are SET, GET, "), reason);
        assertTrue(reason.endsWith(", WATCH, UNWATCH"), reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GETX", "GE", "\0GET", "GET\0", "G\u00c5T", "SOCKETSX", "SESSIONX", "\0\001PING", "SESSIONSX", "SET\tk"})
    void refusesVerbsThatOnlyResembleOne(String payload) {
        assertTrue(refusal(payload.getBytes(ISO_8859_1)).getMessage().startsWith("unknown command "));
    }

    @Test
    void showsOnlyTheEscapedBeginningOfAnUnknownVerb() {
        byte[] verb = new byte[1000];
        verb[0] = 27;
        String reason = refusal(verb).getMessage();
        assertTrue(reason.startsWith("unknown command \\x1b\\x00"), reason);
        assertTrue(reason.length() < 700, reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u00a0", "\u2003", "\u3000", "\u2028", "\u2029", "\u0085", "\u009f", "\u1680", "\u202f"})
    void refusesWhiteSpaceAndControlCharactersOfUnicodeInKeys(String character) {
        assertEquals("key must not contain white space or control characters",
                refusal(("GET a" + character + "b").getBytes(UTF_8)).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"caf\u00e9", "\u65e5\u672c", "\ud83d\ude00", "\u0645\u06cc\u200c\u062e", "\u00ff!~"})
    void takesKeysInAnyScript(String key) throws CommandException {
        assertArrayEquals(key.getBytes(UTF_8), assertInstanceOf(Command.Get.class,
                parser.parse(("GET " + key).getBytes(UTF_8), 0, 4 + key.getBytes(UTF_8).length)).key());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0080", "a\u00c3", "\u00c0\u00af", "\u00ed\u00a0\u0080", "\u00f5\u0080\u0080\u0080",
        "\u00e2\u0082", "\u00f4\u0090\u0080\u0080", "\u00ffkey"})
    void refusesKeysThatAreNotUtf8(String key) {
        assertEquals("key must be valid UTF-8", refusal(("GET " + key).getBytes(ISO_8859_1)).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0080", "a\u00c3", "\u00ed\u00a0\u0080", "\u00c0\u00af"})
    void refusesTextsThatAreNotUtf8(String text) {
        assertEquals("text must be valid UTF-8", refusal(("SAY #dev " + text).getBytes(ISO_8859_1)).getMessage());
    }

    @Test
    void takesTextsInAnyScript() throws CommandException {
        String text = "Gr\u00fc\u00dfe \ud83d\ude00 \u202e\u0007";
        byte[] payload = ("TELL ann " + text).getBytes(UTF_8);
        assertEquals(new Command.Tell("ann", text), parser.parse(payload, 0, payload.length));
    }

    @Test
    void takesKeysOfUpTo512Bytes() throws CommandException {
        assertEquals(512, assertInstanceOf(Command.Get.class, parse("GET " + "k".repeat(512))).key().length);
        assertEquals("key must have 1 to 512 bytes, not 513", refusal(("GET " + "k".repeat(513)).getBytes(UTF_8))
                .getMessage());
        assertEquals("key must have 1 to 512 bytes, not 514", refusal(("KEYS " + "\u00e9".repeat(257)).getBytes(UTF_8))
                .getMessage());
    }

    @Test
    void refusesValuesBeyondTheLimit() throws CommandException {
        assertEquals(100, assertInstanceOf(Command.Set.class, parse("SET k " + "v".repeat(100) + "\n")).value().length);
        for (String verb : new String[] {"SET k ", "APPEND k ", "CAS k 1 ", "ECHO "}) {
            assertEquals("value must have at most 100 bytes, not 101",
                    refusal((verb + "v".repeat(101)).getBytes(UTF_8)).getMessage());
        }
    }

    @Test
    void readsOnlyItsRangeAndKeepsCopies() throws CommandException {
        byte[] buffer = "xxSET key value\n\nyy".getBytes(UTF_8);
        var set = assertInstanceOf(Command.Set.class, parser.parse(buffer, 2, buffer.length - 5));
        java.util.Arrays.fill(buffer, (byte) '!');
        assertEquals("SET <key> <value>", shown(set));
        assertThrows(IndexOutOfBoundsException.class, () -> parser.parse(buffer, 2, buffer.length - 1));
    }

    @Test
    void refusalsAreCheap() {
        assertEquals(0, refusal(new byte[0]).getStackTrace().length);
    }

    @Test
    void knowsWhichCommandsChangeNothing() throws CommandException {
        for (String read : new String[] {"GET k", "EXISTS k", "KEYS", "COUNT", "PEEK k", "TTL k", "ECHO x", "TIME",
            "PING", "WHOAMI", "SOCKETS", "INFO", "WHO", "ROOMS", "HISTORY #dev"}) {
            assertTrue(parse(read).isReadOnly(), read);
        }
        for (String write : new String[] {"SET k v", "DELETE k", "INCR k", "CAS k 0 v", "APPEND k v", "PERSIST k",
            "EXPIRE k 1", "JOIN #dev", "LEAVE #dev", "SAY #dev x", "TELL ann x", "AWAY", "BACK", "KICK #dev ann",
            "MUTE ann 1", "UNMUTE ann", "WATCH", "UNWATCH"}) {
            assertFalse(parse(write).isReadOnly(), write);
        }
    }

    private Command parse(String payload) throws CommandException {
        byte[] bytes = payload.getBytes(ISO_8859_1);
        return parser.parse(bytes, 0, bytes.length);
    }

    private CommandException refusal(byte[] payload) {
        return assertThrows(CommandException.class, () -> parser.parse(payload, 0, payload.length));
    }

    /// The command as text, byte by byte the same, with `<>` around its byte arguments.
    static String shown(Command command) {
        return switch (command) {
            case Command.Set c -> "SET " + shown(c.key()) + " " + shown(c.value());
            case Command.Get c -> "GET " + shown(c.key());
            case Command.Delete c -> "DELETE " + shown(c.key());
            case Command.Exists c -> "EXISTS " + shown(c.key());
            case Command.Keys c -> "KEYS " + shown(c.prefix()) + " " + c.limit() + " " + shown(c.after());
            case Command.Count c -> "COUNT " + shown(c.prefix());
            case Command.Incr c -> "INCR " + shown(c.key()) + " " + c.by();
            case Command.Cas c -> "CAS " + shown(c.key()) + " " + c.version() + " " + shown(c.value());
            case Command.Peek c -> "PEEK " + shown(c.key());
            case Command.Append c -> "APPEND " + shown(c.key()) + " " + shown(c.value());
            case Command.Persist c -> "PERSIST " + shown(c.key());
            case Command.Expire c when c.expiry().kind() == Expiry.Kind.AFTER && c.condition() == Expiry.Condition.ANY
                    && c.expiry().millis() % 1_000 == 0 -> "EXPIRE " + shown(c.key()) + " " + c.expiry().millis() / 1_000;
            case Command.Ttl c when c.unit() == Command.Ttl.Unit.SECONDS -> "TTL " + shown(c.key());
            case Command.Echo c -> "ECHO " + shown(c.text());
            case Command.Time() -> "TIME";
            case Command.Ping() -> "PING";
            case Command.WhoAmI() -> "WHOAMI";
            case Command.Sockets() -> "SOCKETS";
            case Command.EndSocket(long id) -> "SOCKETS END " + id;
            case Command.Sessions() -> "SESSIONS";
            case Command.EndSessions(String name) -> "SESSIONS END " + name;
            case Command.Info() -> "INFO";
            case Command.Chat c -> shown(c);
            case Command.Watch c -> "WATCH " + shown(c.prefix());
            case Command.Unwatch c -> "UNWATCH " + shown(c.prefix());
            case Command.OnKeys _, Command.RandomKey _, Command.Transaction _, Command.Publish _, Command.Subscribe _,
                    Command.Unsubscribe _ -> fields(command);
        };
    }

    /// A record as text, its arrays byte by byte.
    private static String fields(Object value) {
        return switch (value) {
            case byte[] bytes -> shown(bytes);
            case List<?> items -> items.stream().map(CommandParserTest::fields).toList().toString();
            case Record fields -> fields.getClass().getSimpleName() + Arrays.stream(fields.getClass().getRecordComponents())
                    .map(component -> {
                        try {
                            component.getAccessor().setAccessible(true);
                            return fields(component.getAccessor().invoke(fields));
                        } catch (ReflectiveOperationException e) {
                            throw new IllegalStateException(e);
                        }
                    }).toList();
            default -> value.toString();
        };
    }

    private static String shown(Command.Chat command) {
        return switch (command) {
            case Command.Join c -> "JOIN " + c.room();
            case Command.Leave c -> "LEAVE " + c.room();
            case Command.Say c -> "SAY " + c.room() + " <" + c.text() + ">";
            case Command.Tell c -> "TELL " + c.name() + " <" + c.text() + ">";
            case Command.KeyOf c -> "KEY <" + c.name() + ">";
            case Command.Who c -> "WHO <" + c.room() + ">";
            case Command.Rooms() -> "ROOMS";
            case Command.History c -> "HISTORY " + c.room() + " " + c.count() + " " + c.after();
            case Command.Away() -> "AWAY";
            case Command.Back() -> "BACK";
            case Command.Kick c -> "KICK " + c.room() + " " + c.name();
            case Command.Mute c -> "MUTE " + c.name() + " " + c.seconds();
            case Command.Unmute c -> "UNMUTE " + c.name();
        };
    }

    private static String shown(byte[] bytes) {
        return "<" + new String(bytes, ISO_8859_1) + ">";
    }
}
