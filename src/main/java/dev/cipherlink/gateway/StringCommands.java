package dev.cipherlink.gateway;

import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.command.Verb;
import dev.cipherlink.gateway.Call.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The commands of strings: GET, SET and their relatives.
final class StringCommands {

    /// Seconds and milliseconds beyond which no expiry is: 100 years.
    static final long MAX_EXPIRE_MILLIS = 36_500L * 86_400_000;
    /// The last time that an expiry may be at, in milliseconds since 1970: the server's limit, in the year 2255.
    static final long MAX_TIME_MILLIS = 9_000_000_000_000L;

    static final Answer VALUE = (result, out) -> {
        if (!result.isError()) {
            out.bulk(result.bytes(), result.from(), result.length());
        } else if (result.isNotFound()) {
            out.nothing();
        } else {
            result.writeError(out);
        }
    };
    static final Answer OK = (result, out) -> {
        if (result.isError()) {
            result.writeError(out);
        } else {
            out.ok();
        }
    };
    /// A number as it is.
    static final Answer NUMBER = (result, out) -> {
        if (result.isError()) {
            result.writeError(out);
        } else {
            out.number(result.number());
        }
    };
    /// 1 if it was done; 0 if there was no such key, or a condition was not met.
    static final Answer DONE = (result, out) -> {
        if (!result.isError()) {
            out.number(1);
        } else if (result.isNotFound() || result.isConditionNotMet() || result.isConflict()) {
            out.number(0);
        } else {
            result.writeError(out);
        }
    };
    private static final Answer OK_OR_NOTHING = (result, out) -> {
        if (result.isConditionNotMet()) {
            out.nothing();
        } else {
            OK.write(result, out);
        }
    };
    /// The value before, as an item.
    private static final Answer VALUE_BEFORE = (result, out) -> {
        if (result.isError()) {
            result.writeError(out);
        } else {
            VALUE.write(result.items().getFirst(), out);
        }
    };
    private static final Answer PART = (result, out) -> {
        if (result.isNotFound()) {
            out.bulk(new byte[0]);
        } else {
            VALUE.write(result, out);
        }
    };

    private StringCommands() {
    }

    static void get(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.GET, call.key(1)), VALUE);
    }

    /// `SET key value [NX|XX] [GET] [EX s|PX ms|EXAT s|PXAT ms|KEEPTTL]`
    static void set(Call call) throws RespException, IOException, InterruptedException {
        if (call.size() == 3) {
            call.send(CommandEncoder.join(Verb.SET, call.key(1), call.word(2)), OK);
            return;
        }
        var options = new Options(call, 3, List.of("NX", "XX", "GET", "KEEPTTL"));
        byte[] request = CommandEncoder.join(Verb.PUT, options.word(), call.key(1), call.word(2));
        call.send(request, options.has("GET") ? VALUE_BEFORE : OK_OR_NOTHING);
    }

    static void setIfAbsent(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.PUT, Ascii.of("NX"), call.key(1), call.word(2)), DONE);
    }

    static void setWithSeconds(Call call) throws RespException, IOException, InterruptedException {
        setWithExpiry(call, "EX");
    }

    static void setWithMillis(Call call) throws RespException, IOException, InterruptedException {
        setWithExpiry(call, "PX");
    }

    private static void setWithExpiry(Call call, String unit) throws RespException, IOException, InterruptedException {
        String option = Options.expiry(call, unit, call.number(2));
        call.send(CommandEncoder.join(Verb.PUT, Ascii.of(option), call.key(1), call.word(3)), OK);
    }

    static void getAndSet(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.PUT, Ascii.of("GET"), call.key(1), call.word(2)), VALUE_BEFORE);
    }

    static void getAndDelete(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.GETDEL, call.key(1)), VALUE);
    }

    /// `GETEX key [EX s|PX ms|EXAT s|PXAT ms|PERSIST]`
    static void getAndExpire(Call call) throws RespException, IOException, InterruptedException {
        var options = new Options(call, 2, List.of("PERSIST"));
        byte[] key = call.key(1);
        try {
            call.send(CommandEncoder.join(Verb.GETEX, options.word(), key), VALUE);
        } catch (RespException e) {
            // Redis does not look at the time if there is no key.
            call.send(CommandEncoder.join(Verb.EXISTS, key), (result, out) -> {
                if (result.isError()) {
                    result.writeError(out);
                } else if (result.number() == 0) {
                    out.nothing();
                } else {
                    out.error(e.getMessage());
                }
            });
        }
    }

    static void range(Call call) throws RespException, IOException, InterruptedException {
        long from = call.number(2);
        long to = call.number(3);
        byte[] key = call.key(1);
        byte[] request = range(key, from, to);
        if (to >= -1 || from < 0 && from > to) {
            call.send(request, PART);
            return;
        }
        // An end in front of the first byte is the first byte to Redis, and to the server nothing.
        call.sendEach(List.of(request, CommandEncoder.join(Verb.STRLEN, key), range(key, 0, 0)), (results, out) -> {
            Result length = results.get(1);
            boolean isInFront = !length.isError() && length.number() + to < 0;
            boolean beginsThere = !length.isError() && (from < 0 ? length.number() + from : from) <= 0;
            PART.write(results.get(isInFront && beginsThere ? 2 : 0), out);
        });
    }

    private static byte[] range(byte[] key, long from, long to) {
        return CommandEncoder.join(Verb.GETRANGE, key, Ascii.of(from), Ascii.of(to));
    }

    static void setRange(Call call) throws RespException, IOException, InterruptedException {
        long offset = call.number(2);
        if (offset < 0) {
            throw new RespException("ERR offset is out of range");
        }
        byte[] value = call.word(3);
        if (value.length > 0 && offset > RespReader.MAX_BULK_BYTES - value.length) {
            throw tooLarge();
        }
        byte[] at = Ascii.of(value.length == 0 ? 0 : offset);
        call.send(CommandEncoder.join(Verb.SETRANGE, call.key(1), at, value), NUMBER);
    }

    private static RespException tooLarge() {
        return new RespException("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    }

    static void length(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.STRLEN, call.key(1)), NUMBER);
    }

    static void append(Call call) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.APPEND, call.key(1), call.word(2)), NUMBER);
    }

    static void getMany(Call call) throws RespException, IOException, InterruptedException {
        byte[][] keys = new byte[call.size() - 1][];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = call.key(i + 1);
        }
        call.send(CommandEncoder.join(Verb.MGET, keys), (result, out) -> {
            if (result.isError()) {
                result.writeError(out);
                return;
            }
            List<Result> items = result.items();
            out.array(items.size());
            items.forEach(item -> VALUE.write(item, out));
        });
    }

    static void setMany(Call call) throws RespException, IOException, InterruptedException {
        if (call.size() == 3) {
            call.send(CommandEncoder.join(Verb.SET, call.key(1), call.word(2)), OK);
            return;
        }
        call.sendEach(sets(call), (results, out) ->
                OK.write(results.stream().filter(Result::isError).findFirst().orElse(results.getFirst()), out));
    }

    static void setManyIfAbsent(Call call) throws RespException, IOException, InterruptedException {
        List<byte[]> requests = new ArrayList<>();
        List<byte[]> sets = sets(call);
        for (int i = 1; i < call.size(); i += 2) {
            requests.add(CommandEncoder.condition(call.key(i), 0));
        }
        requests.addAll(sets);
        if (call.target() != call.connection()) {
            throw new RespException("ERR MSETNX is not supported in a transaction");
        }
        call.send(CommandEncoder.transaction(false, requests), DONE);
    }

    private static List<byte[]> sets(Call call) throws RespException {
        if (call.size() % 2 == 0) {
            throw RespException.arity(call.command().redisName());
        }
        List<byte[]> sets = new ArrayList<>();
        for (int i = 1; i < call.size(); i += 2) {
            sets.add(CommandEncoder.join(Verb.SET, call.key(i), call.word(i + 1)));
        }
        return sets;
    }

    static void increment(Call call) throws RespException, IOException, InterruptedException {
        add(call, 1);
    }

    static void decrement(Call call) throws RespException, IOException, InterruptedException {
        add(call, -1);
    }

    static void incrementBy(Call call) throws RespException, IOException, InterruptedException {
        add(call, call.number(2));
    }

    static void decrementBy(Call call) throws RespException, IOException, InterruptedException {
        long by = call.number(2);
        if (by == Long.MIN_VALUE) {
            throw new RespException("ERR decrement would overflow");
        }
        add(call, -by);
    }

    private static void add(Call call, long by) throws RespException, IOException, InterruptedException {
        call.send(CommandEncoder.join(Verb.INCR, call.key(1), Ascii.of(by)), NUMBER);
    }

    static void incrementByFloat(Call call) throws RespException, IOException, InterruptedException {
        Numbers.requireDecimal(call.word(2));
        call.send(CommandEncoder.join(Verb.INCRBYFLOAT, call.key(1), call.word(2)), VALUE);
    }

    /// Options of one command, as its words and as the one word that the server takes.
    private static final class Options {
        private static final List<String> EXPIRIES = List.of("EX", "PX", "EXAT", "PXAT");

        private final Call call;
        private final List<String> given = new ArrayList<>();
        /// Null without one; the same option again replaces it.
        private String unit;
        private byte[] time;

        /// @param flags those without a value that the command has
        Options(Call call, int from, List<String> flags) throws RespException {
            this.call = call;
            for (int i = from; i < call.size(); i++) {
                String option = call.option(i);
                if (flags.contains(option)) {
                    if (!given.contains(option)) {
                        given.add(option);
                    }
                } else if (EXPIRIES.contains(option) && i + 1 < call.size() && (unit == null || unit.equals(option))) {
                    unit = option;
                    i++;
                    time = call.word(i);
                } else {
                    throw RespException.syntax();
                }
            }
            boolean isContradiction = has("NX") && has("XX") || unit != null && (has("KEEPTTL") || has("PERSIST"));
            if (isContradiction) {
                throw RespException.syntax();
            }
        }

        static String expiry(Call call, String unit, long number) throws RespException {
            boolean isSeconds = unit.startsWith("E");
            long limit = unit.endsWith("AT") ? MAX_TIME_MILLIS : MAX_EXPIRE_MILLIS;
            if (number <= 0 || number > (isSeconds ? limit / 1000 : limit)) {
                throw new RespException("ERR invalid expire time in '" + call.command().redisName() + "' command");
            }
            return unit + "=" + number;
        }

        boolean has(String flag) {
            return given.contains(flag);
        }

        /// The options as the server takes them.
        ///
        /// @throws RespException if the time of the expiry is not one, which Redis looks at last
        byte[] word() throws RespException {
            if (unit != null) {
                given.add(expiry(call, unit, Numbers.parse(time)));
            }
            return Ascii.of(given.isEmpty() ? "-" : String.join(",", given));
        }
    }
}
