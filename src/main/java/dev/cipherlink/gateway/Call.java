package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// One command of a client, with its words, and where its requests and its reply go.
///
/// @param words  at least one: the name
/// @param target the client's pipeline, or the transaction that it executes
record Call(RespConnection connection, RedisCommand command, List<byte[]> words, Target target) {
    private static final int MAX_PATTERN_BYTES = 4096;

    /// Makes a reply of what the server answered. Runs under locks, on the thread that reads the server: must not block.
    @FunctionalInterface
    interface Answer {
        void write(Result result, RespWriter out);
    }

    /// Makes one reply of the answers to several commands.
    @FunctionalInterface
    interface Answers {
        void write(List<Result> results, RespWriter out);
    }

    /// Where a command's requests go. Replies stand in the order of the calls.
    interface Target {

        /// One request, whose answer is the reply.
        void send(Call call, byte[] request, Answer answer) throws IOException, InterruptedException;

        /// Several requests as one, each with an outcome of its own.
        void sendEach(Call call, List<byte[]> requests, Answers answers)
                throws RespException, IOException, InterruptedException;

        /// A reply that needs no server.
        void reply(Consumer<RespWriter> reply);

        /// One request, and waits for its answer; the reply is to follow.
        ///
        /// @throws RespException where commands must not wait for each other
        Result ask(Call call, byte[] request) throws RespException, IOException, InterruptedException;
    }

    int size() {
        return words.size();
    }

    byte[] word(int index) {
        return words.get(index);
    }

    /// A pattern, which takes some 60 times its length of memory.
    GlobPattern pattern(int index) throws RespException {
        return pattern(word(index));
    }

    /// The same for names whose case does not matter.
    GlobPattern patternInSmall(int index) throws RespException {
        return pattern(text(index).toLowerCase(Locale.ROOT).getBytes(ISO_8859_1));
    }

    private static GlobPattern pattern(byte[] text) throws RespException {
        if (text.length > MAX_PATTERN_BYTES) {
            throw new RespException("ERR a pattern has at most " + MAX_PATTERN_BYTES + " bytes");
        }
        return new GlobPattern(text);
    }

    String text(int index) {
        return new String(words.get(index), ISO_8859_1);
    }

    /// A word as an error shows it.
    String shown(int index) {
        return RedisCommand.shown(words.get(index), Integer.MAX_VALUE);
    }

    /// A word in capitals, to compare with options.
    String option(int index) {
        return text(index).toUpperCase(Locale.ROOT);
    }

    long number(int index) throws RespException {
        return Numbers.parse(words.get(index));
    }

    /// A word as a key of the store.
    byte[] key(int index) throws RespException {
        return RedisKey.toStore(words.get(index));
    }

    void send(byte[] request, Answer answer) throws IOException, InterruptedException {
        target.send(this, request, answer);
    }

    void sendEach(List<byte[]> requests, Answers answers) throws RespException, IOException, InterruptedException {
        target.sendEach(this, requests, answers);
    }

    void reply(Consumer<RespWriter> reply) {
        target.reply(reply);
    }

    Result ask(byte[] request) throws RespException, IOException, InterruptedException {
        return target.ask(this, request);
    }
}
