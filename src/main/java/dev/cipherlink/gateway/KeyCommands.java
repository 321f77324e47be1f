package dev.cipherlink.gateway;

import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.command.Verb;
import dev.cipherlink.gateway.Call.Answer;
import dev.cipherlink.gateway.Call.Answers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// The commands of keys, whatever their values: DEL, EXPIRE, RENAME and their relatives.
final class KeyCommands {

    private static final String NO_SUCH_KEY = "ERR no such key";
    private static final int MAX_RANDOM_TRIES = 100;

    private static final Answer TYPE = (result, out) -> {
        if (result.isError()) {
            result.writeError(out);
        } else {
            out.status(result.number() == 1 ? "string" : "none");
        }
    };
    private static final Answers SUM_OF_DONE = (results, out) -> count(results, out, result -> 1);
    private static final Answers SUM = (results, out) -> count(results, out, Result::number);
    private static final Answer RENAMED = (result, out) -> {
        if (result.isNotFound()) {
            out.error(NO_SUCH_KEY);
        } else {
            StringCommands.OK.write(result, out);
        }
    };
    private static final Answer RENAMED_IF_ABSENT = (result, out) -> {
        if (result.isNotFound()) {
            out.error(NO_SUCH_KEY);
        } else {
            StringCommands.DONE.write(result, out);
        }
    };

    private KeyCommands() {
    }

    @FunctionalInterface
    private interface Worth {
        long of(Result result);
    }

    private static void count(List<Result> results, RespWriter out, Worth worth) {
        long count = 0;
        for (Result result : results) {
            if (result.isError() && !result.isNotFound()) {
                result.writeError(out);
                return;
            }
            count += result.isError() ? 0 : worth.of(result);
        }
        out.number(count);
    }

    static void delete(Call call) throws RespException, IOException, InterruptedException {
        if (call.size() == 2) {
            call.send(CommandEncoder.join(Verb.DELETE, call.key(1)), StringCommands.DONE);
        } else {
            call.sendEach(forEachKey(call, Verb.DELETE), SUM_OF_DONE);
        }
    }

    static void exists(Call call) throws RespException, IOException, InterruptedException {
        if (call.size() == 2) {
            call.send(CommandEncoder.join(Verb.EXISTS, call.key(1)), StringCommands.NUMBER);
        } else {
            call.sendEach(forEachKey(call, Verb.EXISTS), SUM);
        }
    }

    private static List<byte[]> forEachKey(Call call, Verb verb) throws RespException {
        List<byte[]> requests = new ArrayList<>(call.size() - 1);
        for (int i = 1; i < call.size(); i++) {
            requests.add(CommandEncoder.join(verb, call.key(i)));
        }
        return requests;
    }

    static void type(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.EXISTS, call.key(1)), TYPE);
    }

    static void expire(Call call) throws RespException, IOException, InterruptedException {
        expire(call, true, false);
    }

    static void expireMillis(Call call) throws RespException, IOException, InterruptedException {
        expire(call, false, false);
    }

    static void expireAt(Call call) throws RespException, IOException, InterruptedException {
        expire(call, true, true);
    }

    static void expireAtMillis(Call call) throws RespException, IOException, InterruptedException {
        expire(call, false, true);
    }

    private static void expire(Call call, boolean isSeconds, boolean isTime) throws RespException, IOException, InterruptedException {
        String condition = condition(call);
        long time = call.number(2);
        long limit = isTime ? StringCommands.MAX_TIME_MILLIS : StringCommands.MAX_EXPIRE_MILLIS;
        if (time > (isSeconds ? limit / 1000 : limit) || isSeconds && time < Long.MIN_VALUE / 1000) {
            throw new RespException("ERR invalid expire time in '" + call.command().redisName() + "' command");
        }
        // A time that is over deletes the key.
        boolean isOver = time <= 0;
        byte[] millis = Ascii.of(isOver ? 0 : isSeconds ? time * 1000 : time);
        Verb verb = isTime || isOver ? Verb.PEXPIREAT : Verb.PEXPIRE;
        byte[] key = call.key(1);
        call.send(condition.isEmpty() ? CommandEncoder.join(verb, key, millis)
                : CommandEncoder.join(verb, key, millis, Ascii.of(condition)), StringCommands.DONE);
    }

    private static String condition(Call call) throws RespException {
        List<String> given = new ArrayList<>();
        for (int i = 3; i < call.size(); i++) {
            String option = call.option(i);
            if (!List.of("NX", "XX", "GT", "LT").contains(option)) {
                throw new RespException("ERR Unsupported option " + call.shown(i));
            }
            given.add(option);
        }
        boolean isComparison = given.contains("GT") || given.contains("LT");
        if (given.contains("NX") && (given.contains("XX") || isComparison)) {
            throw new RespException("ERR NX and XX, GT or LT options at the same time are not compatible");
        }
        if (given.contains("GT") && given.contains("LT")) {
            throw new RespException("ERR GT and LT options at the same time are not compatible");
        }
        if (given.contains("XX") && given.contains("LT")) {
            throw new RespException("ERR XX and LT options at the same time are not supported");
        }
        // Without an expiry, a later one is not possible: GT means XX too.
        return given.contains("GT") ? "GT" : given.isEmpty() ? "" : given.getFirst();
    }

    static void timeToLive(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.PTTL, call.key(1)), time(true));
    }

    static void timeToLiveMillis(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.PTTL, call.key(1)), time(false));
    }

    static void expireTime(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.PEXPIRETIME, call.key(1)), time(true));
    }

    static void expireTimeMillis(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.PEXPIRETIME, call.key(1)), time(false));
    }

    private static Answer time(boolean isSeconds) {
        return (result, out) -> {
            if (result.isNotFound()) {
                out.number(-2);
            } else if (result.isError()) {
                result.writeError(out);
            } else {
                long millis = result.number();
                out.number(isSeconds && millis >= 0 ? (millis + 500) / 1000 : millis);
            }
        };
    }

    /// Tells whether there was an expiry, which the server does not: so it is asked for in the same moment.
    static void persist(Call call) throws RespException, IOException, InterruptedException {
        byte[] key = call.key(1);
        call.sendEach(List.of(CommandEncoder.join(Verb.PTTL, key), CommandEncoder.join(Verb.PERSIST, key)), (results, out) -> {
            Result before = results.getFirst();
            if (!before.isError() && before.number() < 0) {
                out.number(0);
            } else {
                StringCommands.DONE.write(results.getLast(), out);
            }
        });
    }

    static void rename(Call call) throws RespException, IOException, InterruptedException {
        byte[] from = call.key(1);
        byte[] to = call.key(2);
        if (Arrays.equals(from, to)) {
            call.send(CommandEncoder.join(Verb.EXISTS, from), (result, out) -> ifExists(result, out, RespWriter::ok));
        } else {
            call.send(CommandEncoder.join(Verb.RENAME, from, to), RENAMED);
        }
    }

    static void renameIfAbsent(Call call) throws RespException, IOException, InterruptedException {
        byte[] from = call.key(1);
        byte[] to = call.key(2);
        if (Arrays.equals(from, to)) {
            call.send(CommandEncoder.join(Verb.EXISTS, from), (result, out) -> ifExists(result, out, found -> found.number(0)));
        } else {
            call.send(CommandEncoder.join(Verb.RENAME, from, to, Ascii.of("NX")), RENAMED_IF_ABSENT);
        }
    }

    private static void ifExists(Result result, RespWriter out, Consumer<RespWriter> reply) {
        if (result.isError()) {
            result.writeError(out);
        } else if (result.number() == 0) {
            out.error(NO_SUCH_KEY);
        } else {
            reply.accept(out);
        }
    }

    /// `COPY source destination [DB n] [REPLACE]`
    static void copy(Call call) throws RespException, IOException, InterruptedException {
        boolean isReplacing = false;
        for (int i = 3; i < call.size(); i++) {
            String option = call.option(i);
            if (option.equals("REPLACE")) {
                isReplacing = true;
            } else if (option.equals("DB") && i + 1 < call.size()) {
                i++;
                ConnectionCommands.requireDatabase(call.number(i));
            } else {
                throw RespException.syntax();
            }
        }
        byte[] from = call.key(1);
        byte[] to = call.key(2);
        if (Arrays.equals(from, to)) {
            throw new RespException("ERR source and destination objects are the same");
        }
        call.send(isReplacing ? CommandEncoder.join(Verb.COPY, from, to) : CommandEncoder.join(Verb.COPY, from, to, Ascii.of("NX")),
                StringCommands.DONE);
    }

    static void count(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.COUNT), StringCommands.NUMBER);
    }

    /// A key of the store that is none of Redis' is not shown: then another one is asked for.
    static void random(Call call) throws RespException, IOException, InterruptedException {
        for (int i = 0; i < MAX_RANDOM_TRIES; i++) {
            Result found = call.ask(CommandEncoder.join(Verb.RANDOMKEY));
            if (found.isError()) {
                call.reply(out -> StringCommands.VALUE.write(found, out));
                return;
            }
            byte[] key = RedisKey.fromStore(Arrays.copyOfRange(found.bytes(), found.from(), found.from() + found.length()));
            if (key != null) {
                call.reply(out -> out.bulk(key));
                return;
            }
        }
        call.reply(RespWriter::nothing);
    }
}
