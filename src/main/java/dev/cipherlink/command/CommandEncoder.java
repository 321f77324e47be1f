package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.command.CommandParser.Arguments.ChatRule;
import dev.cipherlink.command.CommandParser.Arguments.KeyRule;
import dev.cipherlink.command.CommandParser.CommandException;

/// Writes a [Command] as the payload that [CommandParser] reads back as the same command: `docs/protocol.md` section 7.
///
/// Keys, rooms, names and texts are held to their rules, so that no argument can become two: `user name` is no key.
final class CommandEncoder {
    private static final byte[] NOTHING = {};

    private CommandEncoder() {
    }

    /// @throws IllegalArgumentException if an argument breaks its rule; the message says which
    static byte[] encode(Command command) {
        try {
            return payload(command);
        } catch (CommandException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static byte[] payload(Command command) throws CommandException {
        return switch (command) {
            case Command.Set(byte[] key, byte[] value) -> join(Verb.SET, key(key), value);
            case Command.Get(byte[] key) -> join(Verb.GET, key(key));
            case Command.Delete(byte[] key) -> join(Verb.DELETE, key(key));
            case Command.Exists(byte[] key) -> join(Verb.EXISTS, key(key));
            case Command.Keys(byte[] prefix, int limit, byte[] after) -> after.length == 0
                    ? join(Verb.KEYS, prefix(prefix), number(limit)) : join(Verb.KEYS, prefix(prefix), number(limit), key(after));
            case Command.Count(byte[] prefix) -> join(Verb.COUNT, prefix(prefix));
            case Command.Incr(byte[] key, long by) -> join(Verb.INCR, key(key), number(by));
            case Command.Cas(byte[] key, long version, byte[] value) -> join(Verb.CAS, key(key), number(version), value);
            case Command.Peek(byte[] key) -> join(Verb.PEEK, key(key));
            case Command.Append(byte[] key, byte[] value) -> join(Verb.APPEND, key(key), value);
            case Command.Persist(byte[] key) -> join(Verb.PERSIST, key(key));
            case Command.Expire(byte[] key, long seconds) -> join(Verb.EXPIRE, key(key), number(seconds));
            case Command.Ttl(byte[] key) -> join(Verb.TTL, key(key));
            case Command.Echo(byte[] text) -> join(Verb.ECHO, text);
            case Command.Time _ -> join(Verb.TIME);
            case Command.Ping _ -> join(Verb.PING);
            case Command.WhoAmI _ -> join(Verb.WHOAMI);
            case Command.Sockets _ -> join(Verb.SOCKETS);
            case Command.EndSocket(long id) -> join(Verb.SOCKETS, CommandParser.END, number(id));
            case Command.Sessions _ -> join(Verb.SESSIONS);
            case Command.EndSessions(String name) -> join(Verb.SESSIONS, CommandParser.END, name(name));
            case Command.Info _ -> join(Verb.INFO);
            case Command.Join(String room) -> join(Verb.JOIN, room(room));
            case Command.Leave(String room) -> join(Verb.LEAVE, room(room));
            case Command.Say(String room, String text) -> join(Verb.SAY, room(room), text(text));
            case Command.Tell(String name, String text) -> join(Verb.TELL, name(name), text(text));
            case Command.Who(String room) -> room.isEmpty() ? join(Verb.WHO) : join(Verb.WHO, room(room));
            case Command.Rooms _ -> join(Verb.ROOMS);
            case Command.History(String room, int count, long after) -> after == Command.History.NEWEST
                    ? join(Verb.HISTORY, room(room), number(count)) : join(Verb.HISTORY, room(room), number(count), number(after));
            case Command.Away _ -> join(Verb.AWAY);
            case Command.Back _ -> join(Verb.BACK);
            case Command.Kick(String room, String name) -> join(Verb.KICK, room(room), name(name));
            case Command.Mute(String name, long seconds) -> join(Verb.MUTE, name(name), number(seconds));
            case Command.Unmute(String name) -> join(Verb.UNMUTE, name(name));
            case Command.Watch(byte[] prefix) -> join(Verb.WATCH, prefix(prefix));
            case Command.Unwatch(byte[] prefix) -> join(Verb.UNWATCH, prefix(prefix));
        };
    }

    /// The verb and its arguments, each behind a space. The parser takes one line feed off the end, so a last argument that
    /// ends with one gets another.
    private static byte[] join(Verb verb, byte[]... arguments) {
        byte[] letters = verb.letters();
        byte[] last = arguments.length == 0 ? NOTHING : arguments[arguments.length - 1];
        boolean endsLine = last.length > 0 && last[last.length - 1] == '\n';
        int length = letters.length + (endsLine ? 1 : 0);
        for (byte[] argument : arguments) {
            length += 1 + argument.length;
        }
        byte[] payload = new byte[length];
        System.arraycopy(letters, 0, payload, 0, letters.length);
        int at = letters.length;
        for (byte[] argument : arguments) {
            payload[at++] = ' ';
            System.arraycopy(argument, 0, payload, at, argument.length);
            at += argument.length;
        }
        if (endsLine) {
            payload[at] = '\n';
        }
        return payload;
    }

    private static byte[] key(byte[] key) throws CommandException {
        return whole(key, KeyRule.keyEnd(key, 0, key.length));
    }

    private static byte[] prefix(byte[] prefix) throws CommandException {
        return whole(prefix, KeyRule.prefixEnd(prefix, 0, prefix.length));
    }

    private static byte[] whole(byte[] word, int end) throws CommandException {
        if (end != word.length) {
            throw KeyRule.blankOrControl();
        }
        return word;
    }

    private static byte[] room(String room) throws CommandException {
        byte[] bytes = room.getBytes(UTF_8);
        ChatRule.room(bytes, 0, bytes.length);
        return bytes;
    }

    private static byte[] name(String name) throws CommandException {
        byte[] bytes = name.getBytes(UTF_8);
        ChatRule.name(bytes, 0, bytes.length);
        return bytes;
    }

    private static byte[] text(String text) throws CommandException {
        byte[] bytes = text.getBytes(UTF_8);
        if (!ChatRule.text(bytes, 0, bytes.length).equals(text)) {
            throw new CommandException("text must be valid UTF-8"); // half of a surrogate pair became a question mark
        }
        return bytes;
    }

    private static byte[] number(long number) {
        return Long.toString(number).getBytes(US_ASCII);
    }
}
