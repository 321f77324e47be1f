package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Arguments.ChatRule;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.fuzz.FuzzTarget;
import java.util.Arrays;

/// A request of a client: a command that keeps its promises, or a refusal of one line.
public final class CommandFuzz implements FuzzTarget {
    private static final int MAX_VALUE_BYTES = 40;

    private final CommandParser parser = new CommandParser(MAX_VALUE_BYTES);

    @Override
    public byte[][] seeds() {
        return FuzzTarget.utf8(
                "SET key value", "GET key", "DELETE caf\u00e9", "EXISTS k", "KEYS user: 100 user:7", "KEYS  9", "COUNT p",
                "INCR k -9223372036854775808", "INCR k", "CAS k 12 value", "PEEK k", "APPEND k \n\n", "PERSIST k",
                "EXPIRE \ud83d\ude00 3600", "TTL k", "ECHO some text\n", "TIME", "PING\n", "WHOAMI", "SOCKETS", "SOCKETS END 7", "SESSIONS", "SESSIONS END ann", "INFO",
                "JOIN #dev", "LEAVE #a", "SAY #dev hello", "TELL ann hi", "WHO #dev", "ROOMS", "HISTORY #dev 9 9", "AWAY",
                "BACK", "KICK #a bob", "MUTE bob 9", "UNMUTE bob", "WATCH user:", "UNWATCH",
                "PUT NX,EX=9,GET k v", "PUT - k v", "MGET a b c", "GETDEL k", "GETEX PXAT=99 k", "GETRANGE k 0 -1", "SETRANGE k 5 v",
                "STRLEN k", "VERSION k", "RENAME a b NX", "COPY a b", "RANDOMKEY", "INCRBYFLOAT k 1e3", "PEXPIRE k 9 GT",
                "PEXPIREAT k 99 XX", "PTTL k", "PEXPIRETIME k", "TXN\n8 IF k 0\n\n8 SET k v\n", "TXN EACH\n5 GET k13 PUBLISH a b\n\n\n",
                "PUBLISH c x\ny", "SUBSCRIBE c", "UNSUBSCRIBE c", "PSUBSCRIBE", "PUNSUBSCRIBE c");
    }

    @Override
    public int rounds() {
        return 30_000;
    }

    @Override
    public boolean accepts(byte[] input) {
        try {
            Command command = parser.parse(input, 0, input.length);
            checkPromises(command);
            byte[] again = command.encode();
            assertArrayEquals(again, parser.parse(again, 0, again.length).encode());
            return true;
        } catch (CommandException e) {
            FuzzTarget.assertLine(e.getMessage());
            return false;
        }
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
            case Command.MGet c -> c.keys().forEach(CommandFuzz::checkKey);
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
            case Command.KeyOf(String name) -> assertTrue(ChatRule.isName(name));
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
