package dev.cipherlink.command;

/// One request, parsed: `docs/protocol.md` section 7.
///
/// Keys, values and texts are exact copies of the payload's parts. Keys keep the key rule (1 to 512 bytes of UTF-8
/// without white space or control characters). The arrays belong to the executor of the command: a store may keep them.
public sealed interface Command {

    /// Whether running it leaves everything as it was, so that a lost answer may be computed again.
    boolean isReadOnly();

    /// The payload that is parsed as this command. The value or text at its end may be of any bytes.
    ///
    /// @throws IllegalArgumentException if a key, room, name or text breaks its rule; the message says which
    default byte[] encode() {
        return CommandEncoder.encode(this);
    }

    /// Names every key that it uses, those of the commands of a transaction included, and how it uses it. Permissions need nothing
    /// else to know.
    default void forEachKey(KeyUser user) {
        // Most commands that are not about keys use none.
    }

    /// Takes the keys of a command, one by one; a key may come more than once.
    interface KeyUser {
        /// @param key a key, or with [Access#LIST] the beginning of many
        void uses(byte[] key, Access access);
    }

    /// What a command does with a key.
    enum Access {
        /// Reads whether it exists, its size, version or expiry.
        INSPECT,
        /// Reads its value.
        READ,
        /// Writes it; of what was there, the answer tells at most whether a condition was met.
        WRITE,
        /// Reads its value and writes it.
        UPDATE,
        /// Reads which keys begin so, and how they change.
        LIST;

        public boolean isRead() {
            return this != WRITE;
        }

        public boolean isWrite() {
            return this == WRITE || this == UPDATE;
        }
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

    /// A command on one key, or on the keys with one prefix.
    sealed interface OfKey extends Command {

        /// The key, or the prefix.
        byte[] key();

        Access access();

        @Override
        default void forEachKey(KeyUser user) {
            user.uses(key(), access());
        }
    }

    /// A command of the chat.
    sealed interface Chat extends Command {
    }

    /// `SET key value`
    record Set(byte[] key, byte[] value) implements Write, OfKey {
        @Override
        public Access access() {
            return Access.WRITE;
        }
    }

    /// `GET key`
    record Get(byte[] key) implements Read, OfKey {
        @Override
        public Access access() {
            return Access.READ;
        }
    }

    /// `DELETE key`
    record Delete(byte[] key) implements Write, OfKey {
        @Override
        public Access access() {
            return Access.WRITE;
        }
    }

    /// `EXISTS key`
    record Exists(byte[] key) implements Read, OfKey {
        @Override
        public Access access() {
            return Access.INSPECT;
        }
    }

    /// `KEYS [prefix [limit [after]]]`; `KEYS  100 x` has an empty prefix, between its two spaces.
    ///
    /// @param prefix empty for all keys
    /// @param limit the most keys to list, 1 to 10,000
    /// @param after only keys larger than this one; empty to start with the first
    record Keys(byte[] prefix, int limit, byte[] after) implements Read, OfKey {
        @Override
        public byte[] key() {
            return prefix;
        }

        @Override
        public Access access() {
            return Access.LIST;
        }
    }

    /// `COUNT [prefix]`
    ///
    /// @param prefix empty for all keys
    record Count(byte[] prefix) implements Read, OfKey {
        @Override
        public byte[] key() {
            return prefix;
        }

        @Override
        public Access access() {
            return Access.LIST;
        }
    }

    /// `INCR key [by]`; `by` is 1 where it is not given.
    record Incr(byte[] key, long by) implements Write, OfKey {
        @Override
        public Access access() {
            return Access.UPDATE;
        }
    }

    /// `CAS key version value`
    ///
    /// @param version the version that the key must have; 0: the key must not exist
    record Cas(byte[] key, long version, byte[] value) implements Write, OfKey {
        @Override
        public Access access() {
            return Access.WRITE;
        }
    }

    /// `PEEK key`
    record Peek(byte[] key) implements Read, OfKey {
        @Override
        public Access access() {
            return Access.READ;
        }
    }

    /// `APPEND key value`
    record Append(byte[] key, byte[] value) implements Write, OfKey {
        @Override
        public Access access() {
            return Access.UPDATE;
        }
    }

    /// `PERSIST key`
    record Persist(byte[] key) implements Write, OfKey {
        @Override
        public Access access() {
            return Access.WRITE;
        }
    }

    /// `EXPIRE key seconds`
    ///
    /// @param seconds 1 to [CommandParser#MAX_EXPIRE_SECONDS]
    record Expire(byte[] key, long seconds) implements Write, OfKey {
        @Override
        public Access access() {
            return Access.WRITE;
        }
    }

    /// `TTL key`
    record Ttl(byte[] key) implements Read, OfKey {
        @Override
        public Access access() {
            return Access.INSPECT;
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

    /// `WATCH [prefix]`
    ///
    /// @param prefix empty for all keys
    record Watch(byte[] prefix) implements Write, OfKey {
        @Override
        public byte[] key() {
            return prefix;
        }

        @Override
        public Access access() {
            return Access.LIST;
        }
    }

    /// `UNWATCH [prefix]`
    ///
    /// @param prefix as it was given to WATCH
    record Unwatch(byte[] prefix) implements Write, OfKey {
        @Override
        public byte[] key() {
            return prefix;
        }

        @Override
        public Access access() {
            return Access.LIST;
        }
    }
}
