package dev.cipherlink.command;

/// One request, parsed: `docs/protocol.md` section 7.
///
/// Keys, values and texts are exact copies of the payload's parts. Keys keep the key rule (1 to 512 bytes of UTF-8
/// without white space or control characters). The arrays belong to the executor of the command: a store may keep them.
public sealed interface Command {

    /// Whether running it leaves everything as it was, so that a lost answer may be computed again.
    boolean isReadOnly();

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

    /// A command of the chat.
    sealed interface Chat extends Command {
    }

    /// `SET key value`
    record Set(byte[] key, byte[] value) implements Write {
    }

    /// `GET key`
    record Get(byte[] key) implements Read {
    }

    /// `DELETE key`
    record Delete(byte[] key) implements Write {
    }

    /// `EXISTS key`
    record Exists(byte[] key) implements Read {
    }

    /// `KEYS [prefix [limit [after]]]`; `KEYS  100 x` has an empty prefix, between its two spaces.
    ///
    /// @param prefix empty for all keys
    /// @param limit the most keys to list, 1 to 10,000
    /// @param after only keys larger than this one; empty to start with the first
    record Keys(byte[] prefix, int limit, byte[] after) implements Read {
    }

    /// `COUNT [prefix]`
    ///
    /// @param prefix empty for all keys
    record Count(byte[] prefix) implements Read {
    }

    /// `INCR key [by]`; `by` is 1 where it is not given.
    record Incr(byte[] key, long by) implements Write {
    }

    /// `CAS key version value`
    ///
    /// @param version the version that the key must have; 0: the key must not exist
    record Cas(byte[] key, long version, byte[] value) implements Write {
    }

    /// `PEEK key`
    record Peek(byte[] key) implements Read {
    }

    /// `APPEND key value`
    record Append(byte[] key, byte[] value) implements Write {
    }

    /// `PERSIST key`
    record Persist(byte[] key) implements Write {
    }

    /// `EXPIRE key seconds`
    ///
    /// @param seconds 1 to [CommandParser#MAX_EXPIRE_SECONDS]
    record Expire(byte[] key, long seconds) implements Write {
    }

    /// `TTL key`
    record Ttl(byte[] key) implements Read {
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
    record Watch(byte[] prefix) implements Write {
    }

    /// `UNWATCH [prefix]`
    ///
    /// @param prefix as it was given to WATCH
    record Unwatch(byte[] prefix) implements Write {
    }
}
