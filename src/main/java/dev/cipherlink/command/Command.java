package dev.cipherlink.command;

import java.util.List;

/// One request, parsed: `docs/protocol.md` section 7.
///
/// Keys, values and texts are exact copies of the payload's parts. Keys keep the key rule (1 to 512 bytes of UTF-8
/// without white space or control characters). The arrays belong to the executor of the command: a store may keep them.
public sealed interface Command {
    /// The most bytes of a key.
    int MAX_KEY_BYTES = 512;

    /// Whether running it leaves everything as it was, so that a lost answer may be computed again.
    boolean isReadOnly();

    /// The payload that is parsed as this command. The value or text at its end may be of any bytes.
    ///
    /// @throws IllegalArgumentException if a key, room, name or text breaks its rule; the message says which
    default byte[] encode() {
        return CommandEncoder.encode(this);
    }

    /// Names every key and channel that it uses, also those of a transaction's commands, and how: all that permissions need.
    default void forEachKey(KeyUser user) { }

    /// Takes the keys of a command, one by one; a key may come more than once.
    interface KeyUser {
        /// @param key a key, or with [Access#LIST] the beginning of many
        void uses(byte[] key, Access access);
    }

    /// A command that changes nothing.
    sealed interface Read extends Command {
        @Override
        default boolean isReadOnly() {
            return true;
        }
    }

    /// A command that changes something; it must run exactly once.
    sealed interface Write extends Command {
        @Override
        default boolean isReadOnly() {
            return false;
        }
    }

    /// A command on keys that it names: one that may be part of a transaction.
    sealed interface OnKeys extends Command {
    }

    /// A command on one key.
    sealed interface OfKey extends OnKeys {

        byte[] key();

        private Access access() {
            return switch (this) {
                case Exists _, StrLen _, Version _, Ttl _ -> Access.INSPECT;
                case Get _, GetRange _, Peek _ -> Access.READ;
                case Set _, Delete _, Cas _, Persist _, Expire _ -> Access.WRITE;
                case Put put -> put.answersOld ? Access.UPDATE : Access.WRITE;
                case GetDel _, GetEx _, SetRange _, Append _, Incr _, IncrByFloat _ -> Access.UPDATE;
            };
        }

        @Override
        default void forEachKey(KeyUser user) {
            user.uses(key(), access());
        }
    }

    /// A command on all keys that begin with a prefix.
    sealed interface OfPrefix extends Command {

        byte[] prefix();

        @Override
        default void forEachKey(KeyUser user) {
            user.uses(prefix(), Access.LIST);
        }
    }

    /// A command of the chat.
    sealed interface Chat extends Command {
    }

    /// `SET key value`
    record Set(byte[] key, byte[] value) implements Write, OfKey {
    }

    /// `GET key`
    record Get(byte[] key) implements Read, OfKey {
    }

    /// `DELETE key`
    record Delete(byte[] key) implements Write, OfKey {
    }

    /// `EXISTS key`
    record Exists(byte[] key) implements Read, OfKey {
    }

    /// `KEYS [prefix [limit [after]]]`; `KEYS  100 x` has an empty prefix, between its two spaces.
    ///
    /// @param prefix empty for all keys
    /// @param limit the most keys to list, 1 to 10,000
    /// @param after only keys larger than this one; empty to start with the first
    record Keys(byte[] prefix, int limit, byte[] after) implements Read, OfPrefix {
    }

    /// `COUNT [prefix]`; an empty prefix counts all keys.
    record Count(byte[] prefix) implements Read, OfPrefix {
    }

    /// `INCR key [by]`; `by` is 1 where it is not given.
    record Incr(byte[] key, long by) implements Write, OfKey {
    }

    /// `CAS key version value`
    ///
    /// @param version the version that the key must have; 0: the key must not exist
    record Cas(byte[] key, long version, byte[] value) implements Write, OfKey {
    }

    /// `PEEK key`
    record Peek(byte[] key) implements Read, OfKey {
    }

    /// `APPEND key value`
    record Append(byte[] key, byte[] value) implements Write, OfKey {
    }

    /// `PERSIST key`
    record Persist(byte[] key) implements Write, OfKey {
    }

    /// `EXPIRE key seconds`, `PEXPIRE key milliseconds [condition]`, `PEXPIREAT key time [condition]`
    record Expire(byte[] key, Expiry expiry, Expiry.Condition condition) implements Write, OfKey {
    }

    /// `TTL key`, `PTTL key`, `PEXPIRETIME key`
    record Ttl(byte[] key, Unit unit) implements Read, OfKey {
        /// What the answer counts.
        public enum Unit {
            SECONDS,
            MILLISECONDS,
            /// Milliseconds since 1970.
            TIME
        }
    }

    /// Whether a key has to exist.
    enum Presence {
        ANY,
        ABSENT,
        PRESENT
    }

    /// `PUT options key value`
    ///
    /// @param answersOld whether the answer has the value before
    record Put(byte[] key, byte[] value, Presence presence, Expiry expiry, boolean answersOld) implements Write, OfKey {
    }

    /// `MGET key...`
    record MGet(List<byte[]> keys) implements Read, OnKeys {
        @Override
        public void forEachKey(KeyUser user) {
            keys.forEach(key -> user.uses(key, Access.READ));
        }
    }

    /// `GETDEL key`
    record GetDel(byte[] key) implements Write, OfKey {
    }

    /// `GETEX options key`
    record GetEx(byte[] key, Expiry expiry) implements Write, OfKey {
    }

    /// `GETRANGE key from to`
    ///
    /// @param from the first index; a negative one counts from the end
    /// @param to the last index, likewise
    record GetRange(byte[] key, long from, long to) implements Read, OfKey {
    }

    /// `SETRANGE key offset value`
    record SetRange(byte[] key, int offset, byte[] value) implements Write, OfKey {
    }

    /// `STRLEN key`
    record StrLen(byte[] key) implements Read, OfKey {
    }

    /// `VERSION key`
    record Version(byte[] key) implements Read, OfKey {
    }

    /// `INCRBYFLOAT key by`
    ///
    /// @param by a decimal number, of which only the letters are checked
    record IncrByFloat(byte[] key, byte[] by) implements Write, OfKey {
    }

    /// `RENAME key to [NX]`
    record Rename(byte[] key, byte[] to, boolean isOnlyNew) implements Write, OnKeys {
        @Override
        public void forEachKey(KeyUser user) {
            user.uses(key, Access.UPDATE);
            user.uses(to, Access.WRITE);
        }
    }

    /// `COPY key to [NX]`
    record Copy(byte[] key, byte[] to, boolean isOnlyNew) implements Write, OnKeys {
        @Override
        public void forEachKey(KeyUser user) {
            user.uses(key, Access.READ);
            user.uses(to, Access.WRITE);
        }
    }

    /// `RANDOMKEY`
    record RandomKey() implements Read {
        @Override
        public void forEachKey(KeyUser user) {
            user.uses(new byte[0], Access.LIST);
        }
    }

    /// `TXN`: commands that run as one.
    ///
    /// @param keepsGoing whether a command that fails leaves the others as they are (`EACH`), rather than to undo them
    /// @param conditions without which nothing is done
    /// @param commands   each an [OnKeys] or a [Publish]
    record Transaction(boolean keepsGoing, List<If> conditions, List<Command> commands) implements Command {
        /// Each `IF` included.
        public static final int MAX_COMMANDS = 10_000;

        /// `IF key version`
        ///
        /// @param version that the key must have; 0: it must not exist
        public record If(byte[] key, long version) {
        }

        @Override
        public boolean isReadOnly() {
            return commands.stream().allMatch(Command::isReadOnly);
        }

        @Override
        public void forEachKey(KeyUser user) {
            conditions.forEach(condition -> user.uses(condition.key, Access.INSPECT));
            commands.forEach(command -> command.forEachKey(user));
        }
    }

    /// `PUBLISH channel payload`
    record Publish(byte[] channel, byte[] payload) implements Write {
        @Override
        public void forEachKey(KeyUser user) {
            user.uses(channel, Access.PUBLISH);
        }
    }

    /// `SUBSCRIBE channel`, `PSUBSCRIBE [prefix]`
    ///
    /// @param isPrefix whether all channels that begin so are meant
    record Subscribe(byte[] channel, boolean isPrefix) implements Write {
        @Override
        public void forEachKey(KeyUser user) {
            user.uses(channel, isPrefix ? Access.LIST : Access.INSPECT);
        }
    }

    /// `UNSUBSCRIBE channel`, `PUNSUBSCRIBE [prefix]`
    ///
    /// @param isPrefix whether it was a prefix
    record Unsubscribe(byte[] channel, boolean isPrefix) implements Write {
        @Override
        public void forEachKey(KeyUser user) {
            user.uses(channel, isPrefix ? Access.LIST : Access.INSPECT);
        }
    }

    /// `ECHO text`
    record Echo(byte[] text) implements Read {
    }

    /// `TIME`
    record Time() implements Read {
    }

    /// `PING`
    record Ping() implements Read {
    }

    /// `WHOAMI`
    record WhoAmI() implements Read {
    }

    /// `SOCKETS`
    record Sockets() implements Read {
    }

    /// `SOCKETS END id`
    ///
    /// @param id of a connection, from the answer to SOCKETS
    record EndSocket(long id) implements Write {
    }

    /// `SESSIONS`
    record Sessions() implements Read {
    }

    /// `SESSIONS END name`
    record EndSessions(String name) implements Write {
    }

    /// `INFO`
    record Info() implements Read {
    }

    /// `JOIN room`
    record Join(String room) implements Write, Chat {
    }

    /// `LEAVE room`
    record Leave(String room) implements Write, Chat {
    }

    /// `SAY room text`
    ///
    /// @param text 1 to 4,096 bytes of UTF-8 without line feed
    record Say(String room, String text) implements Write, Chat {
    }

    /// `TELL name text`
    ///
    /// @param text 1 to 4,096 bytes of UTF-8 without line feed
    record Tell(String name, String text) implements Write, Chat {
    }

    /// `KEY name`
    record KeyOf(String name) implements Read, Chat {
    }

    /// `WHO [room]`
    ///
    /// @param room empty for everybody
    record Who(String room) implements Read, Chat {
    }

    /// `ROOMS`
    record Rooms() implements Read, Chat {
    }

    /// `HISTORY room [count [after]]`
    ///
    /// @param count the most messages, 1 to 1,000
    /// @param after the messages that follow the one with this id; [#NEWEST] for the last ones
    record History(String room, int count, long after) implements Read, Chat {
        /// No `after` was given.
        public static final long NEWEST = -1;
    }

    /// `AWAY`
    record Away() implements Write, Chat {
    }

    /// `BACK`
    record Back() implements Write, Chat {
    }

    /// `KICK room name`
    record Kick(String room, String name) implements Write, Chat {
    }

    /// `MUTE name seconds`
    ///
    /// @param seconds 1 to [CommandParser#MAX_EXPIRE_SECONDS]
    record Mute(String name, long seconds) implements Write, Chat {
    }

    /// `UNMUTE name`
    record Unmute(String name) implements Write, Chat {
    }

    /// `WATCH [prefix]`; an empty prefix is for all keys.
    record Watch(byte[] prefix) implements Write, OfPrefix {
    }

    /// `UNWATCH [prefix]`, as it was given to WATCH.
    record Unwatch(byte[] prefix) implements Write, OfPrefix {
    }
}
