package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Access;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Expiry;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyItems;
import dev.cipherlink.session.RequestHandler;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Need;
import dev.cipherlink.store.KeyValueStore.OwnRecord;
import dev.cipherlink.store.KeyVerbs;
import dev.cipherlink.store.KeyVerbs.ReadGate;
import dev.cipherlink.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// The commands on keys of one session, alone and in transactions. Used by its reading thread.
///
/// A command that reads a value and changes it, or that names several keys, runs as a transaction of its own.
final class KeyCommands {
    private static final byte[] NO_BYTES = {};
    private static final int MAX_TRIES = 3;

    private final CommandDispatcher batch;
    private final KeyValueStore store;
    private final int maxValueBytes;
    private final ReadGate gate;

    /// @param batch the requests that run together
    KeyCommands(CommandDispatcher batch, KeyValueStore store, int maxValueBytes) {
        this.batch = batch;
        this.store = store;
        this.maxValueBytes = maxValueBytes;
        gate = batch::takeMemory;
    }

    /// @throws StoreException if the store or the memory budget refuses the command
    Reply run(Command.OnKeys command) throws StoreException {
        return switch (command) {
            case Command.GetDel _, Command.GetEx _, Command.Rename _, Command.Copy _, Command.MGet _, Command.IncrByFloat _ ->
                    runAlone(command);
            case Command.Put put when put.answersOld() -> runAlone(command);
            default -> run(command, store, gate);
        };
    }

    private Reply runAlone(Command.OnKeys command) throws StoreException {
        return atomically(command, verbs -> run(command, verbs, ReadGate.OPEN));
    }

    /// @param channels told of what the transaction publishes, unless nothing was done
    /// @throws StoreException if nothing was done
    Reply run(Command.Transaction transaction, Channels channels) throws StoreException {
        var publications = new ArrayList<Command.Publish>();
        var receivers = new HashMap<Key, Integer>();
        for (Command command : transaction.commands()) {
            if (command instanceof Command.Publish publication) {
                publications.add(publication);
                receivers.computeIfAbsent(Key.of(publication.channel()), channels::receivers);
            }
        }
        Reply reply = atomically(transaction, verbs -> run(transaction, verbs, receivers));
        publications.forEach(channels::publish);
        return reply;
    }

    private Reply run(Command.Transaction transaction, KeyVerbs verbs, Map<Key, Integer> receivers) throws StoreException {
        int number = 0;
        for (Command.Transaction.If condition : transaction.conditions()) {
            number++;
            long version = verbs.version(Key.of(condition.key()));
            if (version != condition.version()) {
                throw StoreException.conflict(number, version);
            }
        }
        var replies = new ArrayList<Reply>(transaction.commands().size());
        long bytes = 0;
        for (Command command : transaction.commands()) {
            number++;
            Reply reply = outcome(command, verbs, receivers);
            if (reply.isError() && !transaction.keepsGoing()) {
                throw StoreException.refused("command " + number + ": " + reply.reason());
            }
            bytes += ReplyItems.bytes(reply);
            requireFits(bytes);
            replies.add(reply);
        }
        return ReplyItems.join(replies);
    }

    private Reply outcome(Command command, KeyVerbs verbs, Map<Key, Integer> receivers) throws StoreException {
        if (command instanceof Command.Publish(byte[] channel, _)) {
            return Reply.number(receivers.get(Key.of(channel)));
        }
        try {
            return run((Command.OnKeys) command, verbs, ReadGate.OPEN);
        } catch (StoreException e) {
            return switch (e.reason()) {
                case NOT_A_NUMBER, OVERFLOW, VALUE_TOO_LARGE -> Reply.error(e.getMessage(), Reply.Outcome.INVALID);
                case CONDITION, QUOTA, CONFLICT, CHANGED, FULL, FAILED -> throw e;
            };
        }
    }

    private void requireFits(long bytes) throws StoreException {
        if (bytes > maxValueBytes) {
            throw StoreException.refused("the answer would have more than " + maxValueBytes + " bytes");
        }
    }

    /// Takes memory for the values that are read, then runs the body with all keys held. An answer that is too long for the session
    /// to keep is put into the store with the changes.
    private Reply atomically(Command command, KeyValueStore.Atomic<Reply> body) throws StoreException {
        for (int i = 1;; i++) {
            try {
                return attempt(command, body);
            } catch (StoreException e) {
                // Values have grown beyond the memory that was taken for them.
                if (e.reason() != StoreException.Reason.CHANGED || i == MAX_TRIES) {
                    throw e;
                }
            }
        }
    }

    private Reply attempt(Command command, KeyValueStore.Atomic<Reply> body) throws StoreException {
        var keys = new HashMap<Key, Need>();
        command.forEachKey((key, access) -> {
            if (access != Access.PUBLISH) {
                keys.merge(Key.of(key), need(access), (a, b) -> a.compareTo(b) > 0 ? a : b);
            }
        });
        var sizes = new HashMap<Key, Long>();
        long bytes = 0;
        for (Map.Entry<Key, Need> key : keys.entrySet()) {
            if (key.getValue() == Need.VALUE) {
                long size = store.valueBytes(key.getKey());
                sizes.put(key.getKey(), size);
                bytes += size;
            }
        }
        if (bytes > 2L * maxValueBytes) {
            throw StoreException.refused("a transaction must read at most " + 2L * maxValueBytes + " bytes");
        }
        var made = new MadeBytes(sizes);
        made.add(command);
        long answered = Math.min(made.answered, maxValueBytes);
        long written = Math.min(made.written, 2L * maxValueBytes);
        batch.takeMemory((int) Math.min(Integer.MAX_VALUE, Math.max(bytes, answered + written)));
        // Less needs no memory from the budget: values may grow by it meanwhile.
        long maxReadBytes = bytes + RequestHandler.LARGE_ANSWER_BYTES;
        boolean isReadOnly = command.isReadOnly();
        Reply answer = store.atomically(keys, isReadOnly, new KeyValueStore.Atomic<>() {
            @Override
            public Reply run(KeyVerbs verbs) throws StoreException {
                return body.run(verbs);
            }

            @Override
            public OwnRecord record(Reply reply) {
                return isReadOnly ? null : batch.answerRecord(reply);
            }

            @Override
            public long maxReadBytes() {
                return maxReadBytes;
            }
        });
        if (!isReadOnly) {
            batch.answerWritten(answer);
        }
        return answer;
    }

    /// The bytes of values that a command puts into its answer, and that it makes longer: more than it reads if it names a key
    /// several times.
    private static final class MadeBytes {
        /// Of the values as the commands so far leave them, or larger.
        private final Map<Key, Long> sizes;
        private long answered;
        private long written;

        /// @param sizes of the values that are read
        MadeBytes(Map<Key, Long> sizes) {
            this.sizes = sizes;
        }

        void add(Command command) {
            switch (command) {
                case Command.Transaction transaction -> transaction.commands().forEach(this::add);
                case Command.Get(byte[] key) -> answered += size(key);
                case Command.Peek(byte[] key) -> answered += size(key);
                case Command.GetDel(byte[] key) -> answered += size(key);
                case Command.GetEx(byte[] key, _) -> answered += size(key);
                case Command.MGet(List<byte[]> keys) -> keys.forEach(key -> answered += size(key));
                case Command.GetRange(byte[] key, long from, long to) -> {
                    long size = size(key);
                    answered += from < 0 == to < 0 ? Math.clamp(to - from, -1, size - 1) + 1 : size;
                }
                case Command.Put put -> {
                    answered += put.answersOld() ? size(put.key()) : 0;
                    enlarge(put.key(), put.value().length);
                }
                case Command.Set(byte[] key, byte[] value) -> enlarge(key, value.length);
                case Command.Cas(byte[] key, _, byte[] value) -> enlarge(key, value.length);
                case Command.Rename rename -> enlarge(rename.to(), size(rename.key()));
                case Command.Copy copy -> enlarge(copy.to(), size(copy.key()));
                case Command.SetRange(byte[] key, int offset, byte[] value) ->
                        written += enlarge(key, value.length == 0 ? 0 : (long) offset + value.length);
                case Command.Append(byte[] key, byte[] value) -> written += enlarge(key, size(key) + value.length);
                default -> { }
            }
        }

        private long size(byte[] key) {
            return sizes.getOrDefault(Key.of(key), 0L);
        }

        /// @return the size of the key's value then
        private long enlarge(byte[] key, long size) {
            return sizes.merge(Key.of(key), size, Math::max);
        }
    }

    private static Need need(Access access) {
        return access == Access.READ || access == Access.UPDATE ? Need.VALUE : Need.ENTRY;
    }

    private Reply run(Command.OnKeys command, KeyVerbs verbs, ReadGate readGate) throws StoreException {
        return switch (command) {
            case Command.Set(byte[] key, byte[] value) -> {
                verbs.set(Key.of(key), value);
                yield Reply.OK;
            }
            case Command.Get(byte[] key) -> value(verbs.get(Key.of(key), readGate));
            case Command.Put put -> put(put, verbs);
            case Command.MGet(List<byte[]> keys) -> {
                var values = new ArrayList<Reply>(keys.size());
                long bytes = 0;
                for (byte[] key : keys) {
                    Reply value = value(verbs.get(Key.of(key)));
                    bytes += ReplyItems.bytes(value);
                    requireFits(bytes);
                    values.add(value);
                }
                yield ReplyItems.join(values);
            }
            case Command.GetDel(byte[] key) -> {
                byte[] value = verbs.get(Key.of(key));
                verbs.delete(Key.of(key));
                yield value(value);
            }
            case Command.GetEx(byte[] key, Expiry expiry) -> {
                byte[] value = verbs.get(Key.of(key));
                setExpiry(Key.of(key), expiry, verbs);
                yield value(value);
            }
            case Command.GetRange range -> getRange(range, verbs.get(Key.of(range.key()), readGate));
            case Command.SetRange(byte[] key, int offset, byte[] value) -> grown(verbs.setRange(Key.of(key), offset, value));
            case Command.StrLen(byte[] key) -> Reply.number(verbs.valueBytes(Key.of(key)));
            case Command.Version(byte[] key) -> Reply.number(verbs.version(Key.of(key)));
            case Command.Delete(byte[] key) -> okIfFound(verbs.delete(Key.of(key)));
            case Command.Exists(byte[] key) -> Reply.number(verbs.exists(Key.of(key)) ? 1 : 0);
            case Command.Rename rename -> rename(rename, verbs);
            case Command.Copy(byte[] key, byte[] to, boolean isOnlyNew) ->
                    isOnlyNew && verbs.exists(Key.of(to)) && verbs.exists(Key.of(key)) ? Reply.NOT_MET
                            : okIfFound(verbs.copy(Key.of(key), Key.of(to)));
            case Command.Incr(byte[] key, long by) -> Reply.number(verbs.increment(Key.of(key), by));
            case Command.IncrByFloat(byte[] key, byte[] by) -> Reply.value(verbs.incrementDecimal(Key.of(key), by));
            case Command.Cas(byte[] key, long version, byte[] value) ->
                    compareAndSet(verbs.compareAndSet(Key.of(key), version, value));
            case Command.Peek(byte[] key) -> peek(verbs.entry(Key.of(key), readGate));
            case Command.Append(byte[] key, byte[] value) -> grown(verbs.append(Key.of(key), value));
            case Command.Persist(byte[] key) -> okIfFound(verbs.persist(Key.of(key)));
            case Command.Expire(byte[] key, Expiry expiry, Expiry.Condition condition) ->
                    switch (verbs.expire(Key.of(key), deadline(expiry, verbs), condition(condition))) {
                        case DONE -> Reply.OK;
                        case NOT_FOUND -> Reply.NOT_FOUND;
                        case NOT_MET -> Reply.NOT_MET;
                    };
            case Command.Ttl(byte[] key, Command.Ttl.Unit unit) -> timeToLive(Key.of(key), unit, verbs);
        };
    }

    private static Reply okIfFound(boolean found) {
        return found ? Reply.OK : Reply.NOT_FOUND;
    }

    private static Reply value(byte[] value) {
        return value == null ? Reply.NOT_FOUND : Reply.value(value);
    }

    private Reply grown(int valueBytes) {
        batch.appended(valueBytes);
        return Reply.number(valueBytes);
    }

    private static Reply put(Command.Put put, KeyVerbs verbs) throws StoreException {
        Key key = Key.of(put.key());
        byte[] old = put.answersOld() ? verbs.get(key) : null;
        boolean isMet = verbs.put(key, put.value(), presence(put.presence()), deadline(put.expiry(), verbs));
        if (put.answersOld()) {
            return ReplyItems.join(List.of(value(old)));
        }
        return isMet ? Reply.OK : Reply.NOT_MET;
    }

    private static void setExpiry(Key key, Expiry expiry, KeyVerbs verbs) throws StoreException {
        switch (expiry.kind()) {
            case KEEP -> { }
            case NONE -> verbs.persist(key);
            case AFTER, AT -> verbs.expire(key, deadline(expiry, verbs), KeyVerbs.ExpiryCondition.NONE);
        }
    }

    private static long deadline(Expiry expiry, KeyVerbs verbs) {
        return switch (expiry.kind()) {
            case NONE -> KeyVerbs.NO_DEADLINE;
            case KEEP -> KeyVerbs.KEEP_DEADLINE;
            case AFTER -> verbs.deadlineIn(Duration.ofMillis(expiry.millis()));
            case AT -> verbs.deadlineAt(expiry.millis());
        };
    }

    private static KeyVerbs.Presence presence(Command.Presence presence) {
        return switch (presence) {
            case ANY -> KeyVerbs.Presence.ANY;
            case ABSENT -> KeyVerbs.Presence.ABSENT;
            case PRESENT -> KeyVerbs.Presence.PRESENT;
        };
    }

    private static KeyVerbs.ExpiryCondition condition(Expiry.Condition condition) {
        return switch (condition) {
            case ANY -> KeyVerbs.ExpiryCondition.NONE;
            case ABSENT -> KeyVerbs.ExpiryCondition.ABSENT;
            case PRESENT -> KeyVerbs.ExpiryCondition.PRESENT;
            case EARLIER -> KeyVerbs.ExpiryCondition.EARLIER;
            case LATER -> KeyVerbs.ExpiryCondition.LATER;
        };
    }

    private static Reply getRange(Command.GetRange range, byte[] value) {
        if (value == null) {
            return Reply.NOT_FOUND;
        }
        long from = Math.max(0, range.from() < 0 ? value.length + range.from() : range.from());
        long to = Math.min(value.length - 1L, range.to() < 0 ? value.length + range.to() : range.to());
        return Reply.value(from > to ? NO_BYTES : Arrays.copyOfRange(value, (int) from, (int) to + 1));
    }

    private static Reply rename(Command.Rename rename, KeyVerbs verbs) throws StoreException {
        Key key = Key.of(rename.key());
        Key to = Key.of(rename.to());
        if (!verbs.exists(key)) {
            return Reply.NOT_FOUND;
        }
        if (rename.isOnlyNew() && verbs.exists(to)) {
            return Reply.NOT_MET;
        }
        if (!key.equals(to)) {
            verbs.copy(key, to);
            verbs.delete(key);
        }
        return Reply.OK;
    }

    private static Reply compareAndSet(KeyVerbs.CasResult result) {
        return result.isSet() ? Reply.line("OK " + result.version())
                : Reply.error("conflict, version is " + result.version(), Reply.Outcome.CONFLICT);
    }

    private static Reply peek(KeyVerbs.Entry entry) {
        return entry == null ? Reply.NOT_FOUND : Reply.peek(entry.value(), entry.version(), entry.ttlSeconds());
    }

    private static Reply timeToLive(Key key, Command.Ttl.Unit unit, KeyVerbs verbs) throws StoreException {
        OptionalLong deadline = verbs.deadline(key);
        if (deadline.isEmpty()) {
            return Reply.NOT_FOUND;
        }
        long end = deadline.getAsLong();
        return Reply.number(end == KeyVerbs.NO_DEADLINE ? -1 : switch (unit) {
            case SECONDS -> Math.ceilDiv(verbs.millisUntil(end), 1_000L);
            case MILLISECONDS -> verbs.millisUntil(end);
            case TIME -> verbs.unixMillis(end);
        });
    }
}
