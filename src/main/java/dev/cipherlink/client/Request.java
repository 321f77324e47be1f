package dev.cipherlink.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.client.RequestException.RefusedException;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Expiry;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyItems;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A command with the type of its result: what [Client#call], [Client#submit] and [Client#submitAll] take.
///
/// Keys are text of 1 to 512 bytes of UTF-8 without white space or control characters, and values are bytes. A method throws
/// `IllegalArgumentException` for an argument that breaks the rules of the wire (`docs/protocol.md` section 7).
///
/// Immutable; it may be sent any number of times. Arrays are not copied and must not be changed before the answer came.
///
/// @param <T> the result
public final class Request<T> {

    private static final Pattern CONFLICT = Pattern.compile("conflict, command (\\d+): version is (\\d+)");

    private final Command command;
    private final byte[] payload;
    private final Result<T> result;

    /// Makes a result of an answer. Anything unchecked that it throws says that the answer is not one of this request.
    @FunctionalInterface
    private interface Result<T> {
        T of(Reply reply) throws IOException;
    }

    private Request(Command command, Result<T> result) {
        this.command = command;
        this.payload = command.encode();
        this.result = result;
    }

    /// Any command. Its result is the answer, also if that is an error.
    public static Request<Reply> of(Command command) {
        return new Request<>(command, reply -> reply);
    }

    /// A command whose error answers are failures.
    private static <T> Request<T> of(Command command, Function<Reply, T> result) {
        return new Request<>(command, reply -> result.apply(good(reply)));
    }

    /// A command on a key that may be missing.
    private static <T> Request<Optional<T>> found(Command command, Function<Reply, T> result) {
        return new Request<>(command, reply -> isNotFound(reply) ? Optional.empty() : Optional.of(result.apply(good(reply))));
    }

    /// The value of a key; empty if it does not exist.
    public static Request<Optional<byte[]>> get(String key) {
        return found(new Command.Get(bytes(key)), Request::value);
    }

    /// Gives a key a value, and takes its expiry away.
    public static Request<Void> set(String key, byte[] value) {
        return of(new Command.Set(bytes(key), value), _ -> null);
    }

    /// Deletes a key: whether it existed.
    public static Request<Boolean> delete(String key) {
        return wasThere(new Command.Delete(bytes(key)));
    }

    /// Whether a key exists.
    public static Request<Boolean> exists(String key) {
        return of(new Command.Exists(bytes(key)), reply -> number(reply) == 1);
    }

    /// Adds bytes to the end of a value: its new size. A missing key counts as empty.
    public static Request<Long> append(String key, byte[] value) {
        return of(new Command.Append(bytes(key), value), Request::number);
    }

    /// Adds to a decimal number: the new one. A missing key counts as 0. Refused if the value is no number of 64 bits.
    public static Request<Long> increment(String key, long by) {
        return of(new Command.Incr(bytes(key), by), Request::number);
    }

    /// Sets a value if the key has a version.
    ///
    /// @param version from [#version] or an earlier [Swap]; 0: the key must not exist
    public static Request<Swap> compareAndSet(String key, long version, byte[] value) {
        return new Request<>(new Command.Cas(bytes(key), version, value), Swap::of);
    }

    /// What is known of a key without its value; empty if it does not exist.
    public static Request<Optional<Entry>> peek(String key) {
        return found(new Command.Peek(bytes(key)), Entry::of);
    }

    /// The version of a key, for [#compareAndSet] and [#transaction]; 0 if it does not exist.
    public static Request<Long> version(String key) {
        return of(new Command.Version(bytes(key)), Request::number);
    }

    /// The values of many keys, all of one moment, each empty if its key does not exist.
    ///
    /// @param keys at most 10,000
    public static Request<List<Optional<byte[]>>> getAll(List<String> keys) {
        return new Request<>(new Command.MGet(keys.stream().map(Request::bytes).toList()), reply -> {
            var values = new ArrayList<Optional<byte[]>>();
            for (Reply item : ReplyItems.split(good(reply).payload())) {
                values.add(isNotFound(item) ? Optional.empty() : Optional.of(value(good(item))));
            }
            return values;
        });
    }

    /// Runs several requests as one: all of their changes are made, or none. Refused if one of them fails, also with `not found`.
    ///
    /// @param versions that keys must have for anything to be done, 0 for a key that must not exist; empty for no condition
    /// @param requests on keys; at most 10,000
    public static Request<Transaction> transaction(Map<String, Long> versions, List<? extends Request<?>> requests) {
        var command = new Command.Transaction(false,
                versions.entrySet().stream().map(entry -> new Command.Transaction.If(bytes(entry.getKey()), entry.getValue())).toList(),
                requests.stream().map((Request<?> request) -> request.command).toList());
        return new Request<>(command, reply -> Transaction.of(command, List.copyOf(requests), reply));
    }

    /// Lets a key expire: whether it existed.
    ///
    /// @param after at least a second, in whole seconds; part of one counts as a whole one
    public static Request<Boolean> expire(String key, Duration after) {
        long seconds = after.plusSeconds(1).minusNanos(1).toSeconds();
        if (seconds < 1) {
            throw new IllegalArgumentException("an expiry is at least a second, not " + after);
        }
        return wasThere(new Command.Expire(bytes(key), Expiry.after(1_000 * seconds), Expiry.Condition.ANY));
    }

    /// Takes the expiry of a key away: whether the key existed.
    public static Request<Boolean> persist(String key) {
        return wasThere(new Command.Persist(bytes(key)));
    }

    /// The first keys that begin with a prefix, in the order of their bytes.
    ///
    /// @param prefix empty for all keys
    /// @param limit  1 to 10,000
    /// @param after  only keys larger than this one; empty to start with the first
    public static Request<List<String>> keys(String prefix, int limit, String after) {
        return of(new Command.Keys(bytes(prefix), limit, bytes(after)), reply -> reply.text().lines().toList());
    }

    /// How many keys begin with a prefix.
    public static Request<Long> count(String prefix) {
        return of(new Command.Count(bytes(prefix)), Request::number);
    }

    /// Enters a room.
    ///
    /// @param room `#` and 1 to 64 letters, digits, `.`, `_` or `-`
    public static Request<Void> join(String room) {
        return of(new Command.Join(room), _ -> null);
    }

    /// Leaves a room.
    public static Request<Void> leave(String room) {
        return of(new Command.Leave(room), _ -> null);
    }

    /// Says something in a room that was entered: the id of the message.
    ///
    /// @param text 1 to 4,096 bytes of UTF-8 without line feed
    public static Request<Long> say(String room, String text) {
        return of(new Command.Say(room, text), Request::messageId);
    }

    /// Writes to one person: the id of the message.
    ///
    /// @param text 1 to 4,096 bytes of UTF-8 without line feed
    public static Request<Long> tell(String name, String text) {
        return of(new Command.Tell(name, text), Request::messageId);
    }

    /// The messages of a room that follow one, oldest first.
    ///
    /// @param count 1 to 1,000
    /// @param after the id of that message; [Command.History#NEWEST] for the last messages
    public static Request<List<Event>> history(String room, int count, long after) {
        return new Request<>(new Command.History(room, count, after), reply -> Event.decodeAll(good(reply).payload()));
    }

    static Request<Void> watch(String prefix) {
        return of(new Command.Watch(bytes(prefix)), _ -> null);
    }

    static Request<Void> unwatch(String prefix) {
        return of(new Command.Unwatch(bytes(prefix)), _ -> null);
    }

    private static Request<Boolean> wasThere(Command command) {
        return new Request<>(command, reply -> !isNotFound(reply) && good(reply) != null);
    }

    byte[] payload() {
        return payload;
    }

    boolean isReadOnly() {
        return command.isReadOnly();
    }

    /// What an answer means.
    T result(Reply reply) throws RequestException {
        try {
            return result.of(reply);
        } catch (RequestException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new OutcomeUnknownException(reply.text());
        }
    }

    private static Reply good(Reply reply) throws RefusedException {
        if (reply.isError()) {
            throw new RefusedException(reply.reason());
        }
        return reply;
    }

    private static boolean isNotFound(Reply reply) {
        return reply.isError() && reply.reason().equals(Reply.NOT_FOUND.reason());
    }

    private static byte[] value(Reply reply) {
        return Arrays.copyOf(reply.payload(), reply.payload().length - 1);
    }

    private static long number(Reply reply) {
        return Long.parseLong(reply.text());
    }

    /// From `OK <id>`.
    private static long messageId(Reply reply) {
        return numberAfter(reply.text(), "OK ");
    }

    private static long numberAfter(String text, String start) {
        if (!text.startsWith(start)) {
            throw new IllegalArgumentException(text);
        }
        return Long.parseLong(text.substring(start.length()));
    }

    private static byte[] bytes(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        if (text.chars().anyMatch(c -> Character.isSurrogate((char) c)) && !new String(bytes, UTF_8).equals(text)) {
            throw new IllegalArgumentException("key must be valid UTF-8"); // half of a surrogate pair became a question mark
        }
        return bytes;
    }

    /// The outcome of [#compareAndSet].
    public sealed interface Swap {

        /// The value was set.
        ///
        /// @param version the key's version now
        record Stored(long version) implements Swap {
        }

        /// Nothing was changed.
        ///
        /// @param version the version that the key has; 0 if it does not exist
        record Conflict(long version) implements Swap {
        }

        private static Swap of(Reply reply) throws RefusedException {
            String conflict = "conflict, version is ";
            return reply.isError() && reply.reason().startsWith(conflict)
                    ? new Conflict(numberAfter(reply.reason(), conflict))
                    : new Stored(numberAfter(good(reply).text(), "OK "));
        }
    }

    /// The outcome of [#transaction].
    public sealed interface Transaction {

        /// All was done.
        record Committed(List<? extends Request<?>> requests, List<Object> results) implements Transaction {

            /// The result of one of the requests.
            @SuppressWarnings("unchecked") // each result is at the place of its request, whose result() made it
            public <T> T result(Request<T> request) {
                return (T) results.get(requests.indexOf(request));
            }
        }

        /// Nothing was done, since a key does not have the version that it had to have.
        ///
        /// @param version the version that the key has; 0 if it does not exist
        record Conflict(String key, long version) implements Transaction {
        }

        private static Transaction of(Command.Transaction command, List<? extends Request<?>> requests, Reply reply) throws IOException {
            Matcher conflict = CONFLICT.matcher(reply.isError() ? reply.reason() : "");
            if (conflict.matches()) {
                byte[] key = command.conditions().get(Integer.parseInt(conflict.group(1)) - 1).key();
                return new Conflict(new String(key, UTF_8), Long.parseLong(conflict.group(2)));
            }
            List<Reply> items = ReplyItems.split(good(reply).payload());
            var results = new ArrayList<Object>();
            for (int i = 0; i < requests.size(); i++) {
                results.add(requests.get(i).result(items.get(i)));
            }
            return new Committed(requests, results);
        }
    }

    /// A key without its value.
    ///
    /// @param version   for [#compareAndSet]
    /// @param size      of the value in bytes
    /// @param expiresIn when it will expire, in whole seconds; empty if it does not
    public record Entry(long version, long size, Optional<Duration> expiresIn) {

        private static Entry of(Reply reply) {
            String[] lines = reply.text().split("\n", 4);
            long seconds = numberAfter(lines[2], "ttl: ");
            return new Entry(numberAfter(lines[0], "version: "), numberAfter(lines[1], "size: "),
                    seconds < 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds)));
        }
    }
}
