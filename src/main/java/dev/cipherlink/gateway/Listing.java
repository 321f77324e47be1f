package dev.cipherlink.gateway;

import dev.cipherlink.command.CommandEncoder;
import dev.cipherlink.command.Verb;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/// KEYS and SCAN: pages of the server's listing, in the order of the keys, filtered by a pattern.
///
/// A page goes on behind the last key of the one before. So a scan meets every key that exists all the time, and none twice.
/// A cursor is a number for that key, kept here for as long as it is among the last [#MAX_CURSORS] used.
final class Listing {

    static final int MAX_CURSORS = 10_000;
    /// The most keys of one answer of the server's.
    private static final int MAX_PAGE = 10_000;
    private static final byte[] FIRST = {};
    /// The most memory of one answer to KEYS, and what a key needs of it beside its bytes.
    private static final long MAX_LISTED_BYTES = 64 << 20;
    private static final int KEY_BYTES = 32;
    /// Not beyond what a double holds exactly, which is what some clients make of a cursor.
    private static final long MAX_FIRST_CURSOR = 1L << 52;

    /// By cursor, the last used at the end. They begin at random, so that one of an earlier process is not taken for another.
    private final Map<Long, byte[]> cursors = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
            return size() > MAX_CURSORS;
        }
    };
    private long nextCursor = ThreadLocalRandom.current().nextLong(1L << 40, MAX_FIRST_CURSOR);

    /// Keys that match, and the key of the store to go on behind; null after the last one.
    private record Page(List<byte[]> keys, byte[] last) {
    }

    /// `KEYS pattern`
    void keys(Call call) throws RespException, IOException, InterruptedException {
        var pattern = call.pattern(1);
        List<byte[]> keys = new ArrayList<>();
        byte[] after = FIRST;
        long bytes = 0;
        while (after != null) {
            Page page = page(call, pattern, MAX_PAGE, after);
            keys.addAll(page.keys);
            bytes += page.keys.stream().mapToLong(key -> key.length + KEY_BYTES).sum();
            if (bytes > MAX_LISTED_BYTES) {
                throw new RespException("ERR more than " + (MAX_LISTED_BYTES >> 20) + " MiB of keys match; use SCAN");
            }
            after = page.last;
        }
        call.reply(out -> write(keys, out));
    }

    /// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
    void scan(Call call) throws RespException, IOException, InterruptedException {
        byte[] after = position(call.word(1));
        var pattern = new GlobPattern(new byte[] {'*'});
        long count = 10;
        boolean isOfStrings = true;
        for (int i = 2; i < call.size(); i += 2) {
            if (i + 1 == call.size()) {
                throw RespException.syntax();
            }
            switch (call.option(i)) {
                case "MATCH" -> pattern = call.pattern(i + 1);
                case "COUNT" -> {
                    count = call.number(i + 1);
                    if (count < 1) {
                        throw RespException.syntax();
                    }
                }
                case "TYPE" -> isOfStrings = call.option(i + 1).equals("STRING");
                default -> throw RespException.syntax();
            }
        }
        if (after == null) {
            throw new RespException("ERR invalid cursor: it is not one of the last " + MAX_CURSORS
                    + " that this gateway gave; begin the scan again");
        }
        Page page = page(call, pattern, (int) Math.min(count, MAX_PAGE), after);
        String cursor = page.last == null ? "0" : remember(page.last);
        List<byte[]> keys = isOfStrings ? page.keys : List.of();
        call.reply(out -> {
            out.array(2).bulk(cursor);
            write(keys, out);
        });
    }

    private static void write(List<byte[]> keys, RespWriter out) {
        out.array(keys.size());
        keys.forEach(out::bulk);
    }

    private static Page page(Call call, GlobPattern pattern, int limit, byte[] after)
            throws RespException, IOException, InterruptedException {
        byte[] literal = pattern.literalPrefix();
        byte[] prefix = RedisKey.prefixToStore(literal, literal.length);
        byte[] number = Ascii.of(limit);
        Result result = call.ask(after.length == 0 ? CommandEncoder.join(Verb.KEYS, prefix, number)
                : CommandEncoder.join(Verb.KEYS, prefix, number, after));
        if (result.isError()) {
            throw result.toException();
        }
        List<byte[]> stored = result.lines();
        List<byte[]> keys = new ArrayList<>(stored.size());
        for (byte[] each : stored) {
            byte[] key = RedisKey.fromStore(each);
            if (key != null && (pattern.isEverything() || pattern.matches(key))) {
                keys.add(key);
            }
        }
        return new Page(keys, stored.size() < limit ? null : stored.getLast());
    }

    /// The key to go on behind.
    ///
    /// @return null for a cursor that was not given, or too long ago
    private byte[] position(byte[] cursor) throws RespException {
        long number = Numbers.parse(cursor, -1);
        boolean isUnsigned = number >= 0 || cursor.length > 0 && cursor.length <= 20 && areDigits(cursor);
        if (!isUnsigned) {
            throw new RespException("ERR invalid cursor");
        }
        if (number == 0) {
            return FIRST;
        }
        synchronized (cursors) {
            return cursors.get(number);
        }
    }

    private static boolean areDigits(byte[] text) {
        for (byte b : text) {
            if (b < '0' || b > '9') {
                return false;
            }
        }
        return true;
    }

    private String remember(byte[] last) {
        synchronized (cursors) {
            nextCursor++;
            cursors.put(nextCursor, last);
            return Long.toString(nextCursor);
        }
    }

    /// How many cursors are kept.
    int cursors() {
        synchronized (cursors) {
            return cursors.size();
        }
    }
}
