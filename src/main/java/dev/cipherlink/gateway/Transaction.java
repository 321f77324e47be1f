package dev.cipherlink.gateway;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.command.Verb;
import dev.cipherlink.gateway.Call.Answer;
import dev.cipherlink.gateway.Call.Answers;
import dev.cipherlink.gateway.Call.Target;
import dev.cipherlink.gateway.ReplyQueue.MemoryLimit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// MULTI, EXEC and WATCH of one client, which become one `TXN EACH` of the server's (`docs/protocol.md`, section 7): nothing runs before
/// EXEC, then all of it as one, each command with its own outcome.
///
/// WATCH asks for the version of a key, and EXEC is for that version only. Used by the thread that reads the client.
final class Transaction {

    private static final int MAX_COMMANDS = Command.Transaction.MAX_COMMANDS;
    /// Memory of a word beside its bytes.
    private static final int WORD_BYTES = 24;
    /// The same of a watched key, with its version.
    private static final int WATCHED_BYTES = 200;
    /// Up to here, memory is not counted.
    private static final long FREE_BYTES = 16 << 10;

    private final RespConnection connection;
    /// Null unless MULTI was said.
    private List<Call> queue;
    private long queuedBytes;
    private boolean isFailed;
    /// The versions of watched keys of the store.
    private final Map<ByteBuffer, Long> watched = new LinkedHashMap<>();
    private long watchedBytes;
    /// Taken from the gateway's memory.
    private long countedBytes;

    Transaction(RespConnection connection) {
        this.connection = connection;
    }

    boolean isOpen() {
        return queue != null;
    }

    /// How many commands are queued; -1 without MULTI.
    int size() {
        return queue == null ? -1 : queue.size();
    }

    void begin() {
        if (isOpen()) {
            refuse("ERR MULTI calls can not be nested");
            return;
        }
        queue = new ArrayList<>();
        connection.reply(RespWriter::ok);
    }

    /// Refuses a command that is not queued; unlike [#fail], EXEC still runs those that are.
    private void refuse(String error) {
        connection.reply(out -> out.error(error));
    }

    /// A command was refused while they are queued: EXEC will be, too.
    void fail() {
        isFailed = isOpen();
    }

    void add(RedisCommand command, List<byte[]> words) throws RespException {
        if (!command.isAllowedInTransaction()) {
            throw new RespException("ERR Command not allowed inside a transaction");
        }
        long bytes = queuedBytes + words.stream().mapToLong(word -> word.length + WORD_BYTES).sum();
        if (queue.size() >= MAX_COMMANDS || bytes > RespReader.MAX_BULK_BYTES) {
            throw new RespException("ERR a transaction has at most " + MAX_COMMANDS + " commands and "
                    + (RespReader.MAX_BULK_BYTES >> 20) + " MiB");
        }
        hold(bytes, watchedBytes);
        queue.add(new Call(connection, command, words, null));
        connection.reply(out -> out.status("QUEUED"));
    }

    void discard() throws RespException {
        if (!isOpen()) {
            throw new RespException("ERR DISCARD without MULTI");
        }
        forget();
        connection.reply(RespWriter::ok);
    }

    /// Back to the beginning, without watched keys.
    void forget() {
        queue = null;
        isFailed = false;
        watched.clear();
        give();
    }

    /// Counts what is kept until EXEC.
    ///
    /// @throws RespException if the gateway has no memory for it; then nothing more is counted
    private void hold(long queuedNow, long watchedNow) throws RespException {
        long needed = queuedNow + watchedNow > FREE_BYTES ? queuedNow + watchedNow : 0;
        MemoryLimit memory = connection.gateway().memory();
        if (needed > countedBytes && (needed > memory.forOneClient() || !memory.take(needed - countedBytes))) {
            throw new RespException("ERR the gateway has no memory for a transaction of this size now; try again later");
        }
        countedBytes = Math.max(needed, countedBytes);
        queuedBytes = queuedNow;
        watchedBytes = watchedNow;
    }

    private void give() {
        connection.gateway().memory().give(countedBytes);
        countedBytes = 0;
        queuedBytes = 0;
        watchedBytes = 0;
    }

    void watch(Call call) throws RespException, IOException, InterruptedException {
        if (isOpen()) {
            refuse("ERR WATCH inside MULTI is not allowed");
            return;
        }
        List<byte[]> keys = new ArrayList<>();
        List<byte[]> requests = new ArrayList<>();
        for (int i = 1; i < call.size(); i++) {
            byte[] key = call.key(i);
            if (!watched.containsKey(ByteBuffer.wrap(key))) {
                keys.add(key);
                requests.add(CommandEncoder.join(Verb.VERSION, key));
            }
        }
        if (watched.size() + keys.size() > MAX_COMMANDS / 2) {
            throw new RespException("ERR a client watches at most " + MAX_COMMANDS / 2 + " keys");
        }
        hold(0, watchedBytes + keys.stream().mapToLong(key -> key.length + WATCHED_BYTES).sum());
        if (!keys.isEmpty()) {
            Result answer = call.ask(CommandEncoder.transaction(true, requests));
            if (answer.isError()) {
                call.reply(answer::writeError);
                return;
            }
            List<Result> versions = answer.items();
            for (int i = 0; i < keys.size(); i++) {
                if (versions.get(i).isError()) {
                    call.reply(versions.get(i)::writeError);
                    return;
                }
                watched.put(ByteBuffer.wrap(keys.get(i)), versions.get(i).number());
            }
        }
        call.reply(RespWriter::ok);
    }

    void unwatch(Call call) {
        watched.clear();
        give();
        call.reply(RespWriter::ok);
    }

    void execute(Call call) throws RespException, IOException, InterruptedException {
        if (!isOpen()) {
            throw new RespException("ERR EXEC without MULTI");
        }
        if (isFailed) {
            forget();
            throw new RespException("EXECABORT Transaction discarded because of previous errors.");
        }
        var commands = new Collected();
        watched.forEach((key, version) -> commands.requests.add(CommandEncoder.condition(key.array(), version)));
        int conditions = commands.requests.size();
        List<Call> calls = queue;
        forget();
        for (Call queued : calls) {
            try {
                queued.command().run(new Call(connection, queued.command(), queued.words(), commands));
            } catch (RespException e) {
                commands.reply(out -> out.error(e.getMessage()));
            }
        }
        if (commands.requests.isEmpty()) {
            call.reply(out -> commands.write(List.of(), out));
            return;
        }
        if (commands.requests.size() > MAX_COMMANDS) {
            throw new RespException("EXECABORT Transaction discarded: it has more than " + MAX_COMMANDS + " commands");
        }
        boolean onlyConditions = commands.requests.size() == conditions;
        call.send(CommandEncoder.transaction(!onlyConditions, commands.requests), (result, out) -> {
            if (result.isConflict()) {
                out.noArray();
            } else if (result.isLost()) {
                result.writeError(out);
            } else if (result.isError()) {
                out.error("EXECABORT Transaction discarded: " + result.text());
            } else {
                commands.write(result.items(), out);
            }
        });
    }

    /// Requests and replies of the commands of a transaction, in order.
    private static final class Collected implements Target {
        private final List<byte[]> requests = new ArrayList<>();
        private final List<Part> parts = new ArrayList<>();

        /// One reply of the array.
        ///
        /// @param requests how many of the items it is made of
        private record Part(int requests, Answers answers) {
        }

        @Override
        public void send(Call call, byte[] request, Answer answer) {
            requests.add(request);
            parts.add(new Part(1, (results, out) -> answer.write(results.getFirst(), out)));
        }

        @Override
        public void sendEach(Call call, List<byte[]> each, Answers answers) {
            requests.addAll(each);
            parts.add(new Part(each.size(), answers));
        }

        @Override
        public void reply(Consumer<RespWriter> reply) {
            parts.add(new Part(0, (results, out) -> reply.accept(out)));
        }

        @Override
        public Result ask(Call call, byte[] request) throws RespException {
            throw new RespException("ERR Command not allowed inside a transaction");
        }

        void write(List<Result> items, RespWriter out) {
            out.array(parts.size());
            int at = 0;
            for (Part part : parts) {
                part.answers.write(items.subList(at, at + part.requests), out);
                at += part.requests;
            }
        }
    }
}
