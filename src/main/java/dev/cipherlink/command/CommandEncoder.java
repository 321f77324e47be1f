package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.command.Arguments.ChatRule;
import dev.cipherlink.command.Arguments.KeyRule;
import dev.cipherlink.command.CommandParser.CommandException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Writes a [Command] as the payload that [CommandParser] reads back as the same command: `docs/protocol.md` section 7.
///
/// Keys, rooms, names and texts are held to their rules, so that no argument can become two: `user name` is no key.
public final class CommandEncoder {
    private static final byte[] NX = {'N', 'X'};
    private static final byte[] IF = {'I', 'F'};
    private static final byte[] HEAD = "TXN\n".getBytes(US_ASCII);
    private static final byte[] EACH_HEAD = "TXN EACH\n".getBytes(US_ASCII);

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
            case Command.Expire expire -> expire(expire);
            case Command.Ttl(byte[] key, Command.Ttl.Unit unit) -> join(switch (unit) {
                case SECONDS -> Verb.TTL;
                case MILLISECONDS -> Verb.PTTL;
                case TIME -> Verb.PEXPIRETIME;
            }, key(key));
            case Command.Put put -> join(Verb.PUT, WriteOptions.encode(put), key(put.key()), put.value());
            case Command.MGet(List<byte[]> keys) -> mGet(keys);
            case Command.GetDel(byte[] key) -> join(Verb.GETDEL, key(key));
            case Command.GetEx getEx -> join(Verb.GETEX, WriteOptions.encode(getEx), key(getEx.key()));
            case Command.GetRange(byte[] key, long from, long to) -> join(Verb.GETRANGE, key(key), number(from), number(to));
            case Command.SetRange(byte[] key, int offset, byte[] value) -> join(Verb.SETRANGE, key(key), number(offset), value);
            case Command.StrLen(byte[] key) -> join(Verb.STRLEN, key(key));
            case Command.Version(byte[] key) -> join(Verb.VERSION, key(key));
            case Command.Rename(byte[] key, byte[] to, boolean isOnlyNew) -> isOnlyNew ? join(Verb.RENAME, key(key), key(to), NX)
                    : join(Verb.RENAME, key(key), key(to));
            case Command.Copy(byte[] key, byte[] to, boolean isOnlyNew) -> isOnlyNew ? join(Verb.COPY, key(key), key(to), NX)
                    : join(Verb.COPY, key(key), key(to));
            case Command.RandomKey _ -> join(Verb.RANDOMKEY);
            case Command.IncrByFloat(byte[] key, byte[] by) -> join(Verb.INCRBYFLOAT, key(key), by);
            case Command.Transaction transaction -> transaction(transaction);
            case Command.Publish(byte[] channel, byte[] payload) -> join(Verb.PUBLISH, key(channel), payload);
            case Command.Subscribe(byte[] channel, boolean isPrefix) -> isPrefix ? join(Verb.PSUBSCRIBE, prefix(channel))
                    : join(Verb.SUBSCRIBE, key(channel));
            case Command.Unsubscribe(byte[] channel, boolean isPrefix) -> isPrefix ? join(Verb.PUNSUBSCRIBE, prefix(channel))
                    : join(Verb.UNSUBSCRIBE, key(channel));
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
            case Command.KeyOf(String name) -> join(Verb.KEY, name(name));
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

    private static byte[] expire(Command.Expire expire) throws CommandException {
        byte[] key = key(expire.key());
        byte[] millis = number(expire.expiry().millis());
        Verb verb = expire.expiry().kind() == Expiry.Kind.AT ? Verb.PEXPIREAT : Verb.PEXPIRE;
        return expire.condition() == Expiry.Condition.ANY ? join(verb, key, millis)
                : join(verb, key, millis, Arguments.CONDITIONS.get(expire.condition().ordinal() - 1).getBytes(US_ASCII));
    }

    private static byte[] mGet(List<byte[]> keys) throws CommandException {
        var arguments = new byte[keys.size()][];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = key(keys.get(i));
        }
        return join(Verb.MGET, arguments);
    }

    private static byte[] transaction(Command.Transaction transaction) throws CommandException {
        var commands = new ArrayList<byte[]>();
        for (Command.Transaction.If condition : transaction.conditions()) {
            commands.add(condition(key(condition.key()), condition.version()));
        }
        for (Command command : transaction.commands()) {
            commands.add(payload(command));
        }
        return transaction(transaction.keepsGoing(), commands);
    }

    /// The payload of a transaction of commands, and `IF`s before them, that are payloads already and are not checked. Each gets a
    /// line feed at its end, unless it has one there.
    ///
    /// @param keepsGoing as that of [Command.Transaction]
    public static byte[] transaction(boolean keepsGoing, List<byte[]> commands) {
        byte[] head = keepsGoing ? EACH_HEAD : HEAD;
        var sizes = new ArrayList<byte[]>(commands.size());
        int length = head.length;
        for (byte[] command : commands) {
            int bytes = endsLine(command) ? command.length : command.length + 1;
            byte[] size = number(bytes);
            sizes.add(size);
            length += size.length + 1 + bytes;
        }
        byte[] payload = Arrays.copyOf(head, length);
        int at = head.length;
        for (int i = 0; i < sizes.size(); i++) {
            at = append(sizes.get(i), payload, at);
            payload[at++] = ' ';
            byte[] command = commands.get(i);
            at = append(command, payload, at);
            if (!endsLine(command)) {
                payload[at++] = '\n';
            }
        }
        return payload;
    }

    /// `IF key version` of a transaction. The key is not checked.
    public static byte[] condition(byte[] key, long version) {
        return join(IF, key, number(version));
    }

    /// The verb and its arguments, each behind a space, which are not checked. The parser takes one line feed off the end, so a last
    /// argument that ends with one gets another.
    public static byte[] join(Verb verb, byte[]... arguments) {
        return join(verb.letters(), arguments);
    }

    private static byte[] join(byte[] letters, byte[]... arguments) {
        boolean endsLine = arguments.length > 0 && endsLine(arguments[arguments.length - 1]);
        int length = letters.length + (endsLine ? 1 : 0);
        for (byte[] argument : arguments) {
            length += 1 + argument.length;
        }
        byte[] payload = new byte[length];
        int at = append(letters, payload, 0);
        for (byte[] argument : arguments) {
            payload[at++] = ' ';
            at = append(argument, payload, at);
        }
        if (endsLine) {
            payload[at] = '\n';
        }
        return payload;
    }

    private static boolean endsLine(byte[] bytes) {
        return bytes.length > 0 && bytes[bytes.length - 1] == '\n';
    }

    private static int append(byte[] bytes, byte[] target, int at) {
        System.arraycopy(bytes, 0, target, at, bytes.length);
        return at + bytes.length;
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
