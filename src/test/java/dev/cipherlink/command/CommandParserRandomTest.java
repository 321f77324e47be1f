package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Arguments.ChatRule;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.random.Damage;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whatever bytes come, the parser gives a command that keeps its promises, or a refusal of one line.
/// The seeds are fixed: a failure shows itself again.
@Tag("slow")
class CommandParserRandomTest {
    private static final int ROUNDS = Damage.rounds(1_000_000);
    private static final int MAX_VALUE_BYTES = 40;
    private static final List<byte[]> VALID = Stream.of(
            "SET key value", "GET key", "DELETE caf\u00e9", "EXISTS k", "KEYS user: 100 user:7", "KEYS  9", "COUNT p",
            "INCR k -9223372036854775808", "INCR k", "CAS k 12 value", "PEEK k", "APPEND k \n\n", "PERSIST k",
            "EXPIRE \ud83d\ude00 3600", "TTL k", "ECHO some text\n", "TIME", "PING\n", "WHOAMI", "SOCKETS", "SOCKETS END 7", "SESSIONS", "SESSIONS END ann", "INFO",
            "JOIN #dev", "LEAVE #a", "SAY #dev hello", "TELL ann hi", "WHO #dev", "ROOMS", "HISTORY #dev 9 9", "AWAY",
            "BACK", "KICK #a bob", "MUTE bob 9", "UNMUTE bob", "WATCH user:", "UNWATCH",
            "PUT NX,EX=9,GET k v", "PUT - k v", "MGET a b c", "GETDEL k", "GETEX PXAT=99 k", "GETRANGE k 0 -1", "SETRANGE k 5 v",
            "STRLEN k", "VERSION k", "RENAME a b NX", "COPY a b", "RANDOMKEY", "INCRBYFLOAT k 1e3", "PEXPIRE k 9 GT",
            "PEXPIREAT k 99 XX", "PTTL k", "PEXPIRETIME k", "TXN\n8 IF k 0\n\n8 SET k v\n", "TXN EACH\n5 GET k13 PUBLISH a b\n\n\n",
            "PUBLISH c x\ny", "SUBSCRIBE c", "UNSUBSCRIBE c", "PSUBSCRIBE", "PUNSUBSCRIBE c")
            .map(text -> text.getBytes(UTF_8)).toList();

    private final CommandParser parser = new CommandParser(MAX_VALUE_BYTES);
    private int accepted;
    private int refused;

    @Test
    void survivesRandomBytes() {
        var random = new Random(1);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] payload = new byte[random.nextInt(24)];
            random.nextBytes(payload);
            tryOne(payload);
        }
        assertTrue(refused > ROUNDS / 2);
    }

    @Test
    void survivesMutatedCommands() {
        var random = new Random(2);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] payload = VALID.get(random.nextInt(VALID.size())).clone();
            for (int mutations = random.nextInt(4); mutations > 0; mutations--) {
                payload = mutate(payload, random);
            }
            tryOne(payload);
        }
        assertTrue(accepted > ROUNDS / 4, "accepted " + accepted);
        assertTrue(refused > ROUNDS / 4, "refused " + refused);
    }

    @Test
    void survivesVerbsWithRandomArguments() {
        var random = new Random(3);
        byte[] alphabet = "  \n-019akK:\u00e9\u00a0\t\0".getBytes(UTF_8);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] verb = Verb.values()[random.nextInt(Verb.values().length)].name().getBytes(UTF_8);
            byte[] payload = Arrays.copyOf(verb, verb.length + random.nextInt(16));
            for (int i = verb.length; i < payload.length; i++) {
                payload[i] = i == verb.length ? (byte) ' ' : alphabet[random.nextInt(alphabet.length)];
            }
            tryOne(payload);
        }
        assertTrue(accepted > ROUNDS / 20, "accepted " + accepted);
        assertTrue(refused > ROUNDS / 20, "refused " + refused);
    }

    private static byte[] mutate(byte[] payload, Random random) {
        int at = random.nextInt(payload.length + 1);
        return switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(payload, at);
            case 1 -> splice(payload, at, at, (byte) random.nextInt(256));
            case 2 -> splice(payload, at, Math.min(at + 1, payload.length), (byte) " \n-90K".charAt(random.nextInt(6)));
            default -> splice(payload, at, at, payload.length == 0 ? 0 : payload[at / 2]);
        };
    }

    private static byte[] splice(byte[] payload, int from, int to, byte inserted) {
        byte[] spliced = new byte[payload.length - (to - from) + 1];
        System.arraycopy(payload, 0, spliced, 0, from);
        spliced[from] = inserted;
        System.arraycopy(payload, to, spliced, from + 1, payload.length - to);
        return spliced;
    }

    private void tryOne(byte[] payload) {
        byte[] before = payload.clone();
        try {
            Command command = parser.parse(payload, 0, payload.length);
            checkPromises(command);
            byte[] written = command.encode();
            assertEquals(CommandParserTest.shown(command), CommandParserTest.shown(parser.parse(written, 0, written.length)));
            accepted++;
        } catch (CommandException e) {
            assertFalse(e.getMessage().isEmpty());
            assertTrue(e.getMessage().chars().allMatch(c -> c >= ' ' && c < 0x7F), e.getMessage());
            refused++;
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("on payload " + Arrays.toString(payload), e);
        }
        assertArrayEquals(before, payload);
    }

    private static void checkPromises(Command command) {
        switch (command) {
            case Command.Set c -> checkKeyAndValue(c.key(), c.value());
            case Command.Append c -> checkKeyAndValue(c.key(), c.value());
            case Command.Cas c -> {
                checkKeyAndValue(c.key(), c.value());
                assertTrue(c.version() >= 0);
            }
            case Command.Expire c -> {
                checkKey(c.key());
                checkExpiry(c.expiry());
            }
            case Command.Put c -> {
                checkKeyAndValue(c.key(), c.value());
                checkExpiry(c.expiry());
            }
            case Command.GetEx c -> {
                checkKey(c.key());
                checkExpiry(c.expiry());
            }
            case Command.SetRange c -> {
                checkKeyAndValue(c.key(), c.value());
                assertTrue(c.offset() >= 0 && c.offset() <= MAX_VALUE_BYTES);
            }
            case Command.OfKey c -> checkKey(c.key());
            case Command.MGet c -> c.keys().forEach(CommandParserRandomTest::checkKey);
            case Command.Rename c -> {
                checkKey(c.key());
                checkKey(c.to());
            }
            case Command.Copy c -> {
                checkKey(c.key());
                checkKey(c.to());
                assertFalse(Arrays.equals(c.key(), c.to()));
            }
            case Command.Transaction c -> {
                assertFalse(c.commands().isEmpty() && c.conditions().isEmpty());
                c.conditions().forEach(condition -> checkKey(condition.key()));
                c.commands().forEach(each -> {
                    assertTrue(each instanceof Command.OnKeys || each instanceof Command.Publish);
                    checkPromises(each);
                });
            }
            case Command.Publish c -> checkKey(c.channel());
            case Command.Subscribe c -> checkPrefix(c.channel());
            case Command.Unsubscribe c -> checkPrefix(c.channel());
            case Command.Keys c -> {
                assertTrue(c.limit() > 0 && c.limit() <= CommandParser.MAX_KEYS_LIMIT);
                checkPrefix(c.prefix());
                checkPrefix(c.after());
            }
            case Command.Count c -> checkPrefix(c.prefix());
            case Command.Echo c -> assertTrue(c.text().length <= MAX_VALUE_BYTES);
            case Command.Chat c -> checkChat(c);
            case Command.Watch c -> checkPrefix(c.prefix());
            case Command.Unwatch c -> checkPrefix(c.prefix());
            case Command.EndSocket(long id) -> assertTrue(id > 0);
            case Command.EndSessions(String name) -> assertTrue(ChatRule.isName(name));
            case Command.Time(), Command.Ping(), Command.RandomKey(), Command.WhoAmI(), Command.Sockets(), Command.Sessions(), Command.Info() -> {
            }
        }
    }

    private static void checkExpiry(Expiry expiry) {
        switch (expiry.kind()) {
            case NONE, KEEP -> assertTrue(expiry.millis() == 0);
            case AFTER -> assertTrue(expiry.millis() > 0 && expiry.millis() <= 1_000 * CommandParser.MAX_EXPIRE_SECONDS);
            case AT -> assertTrue(expiry.millis() >= 0 && expiry.millis() <= CommandParser.MAX_UNIX_MILLIS);
        }
    }

    private static void checkChat(Command.Chat command) {
        switch (command) {
            case Command.Join(String room) -> assertTrue(ChatRule.isRoom(room));
            case Command.Leave(String room) -> assertTrue(ChatRule.isRoom(room));
            case Command.Say(String room, String text) -> {
                assertTrue(ChatRule.isRoom(room));
                checkText(text);
            }
            case Command.Tell(String name, String text) -> {
                assertTrue(ChatRule.isName(name));
                checkText(text);
            }
            case Command.Who(String room) -> assertTrue(room.isEmpty() || ChatRule.isRoom(room));
            case Command.History(String room, int count, long after) -> {
                assertTrue(ChatRule.isRoom(room));
                assertTrue(count >= 1 && count <= CommandParser.MAX_HISTORY_COUNT && after >= -1);
            }
            case Command.Kick(String room, String name) -> assertTrue(ChatRule.isRoom(room) && ChatRule.isName(name));
            case Command.Mute(String name, long seconds) -> assertTrue(ChatRule.isName(name) && seconds > 0);
            case Command.Unmute(String name) -> assertTrue(ChatRule.isName(name));
            case Command.Rooms(), Command.Away(), Command.Back() -> {
            }
        }
    }

    private static void checkText(String text) {
        assertTrue(!text.isEmpty() && text.getBytes(UTF_8).length <= 4_096 && text.indexOf('\n') < 0);
    }

    private static void checkKeyAndValue(byte[] key, byte[] value) {
        checkKey(key);
        assertTrue(value.length <= MAX_VALUE_BYTES);
    }

    private static void checkKey(byte[] key) {
        assertTrue(key.length > 0);
        checkPrefix(key);
    }

    /// The key rule once more, by way of String instead of bytes.
    private static void checkPrefix(byte[] key) {
        String text = new String(key, UTF_8);
        assertTrue(key.length <= 512);
        assertArrayEquals(key, text.getBytes(UTF_8));
        assertTrue(text.codePoints().noneMatch(c ->
                Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c)), text);
    }
}
