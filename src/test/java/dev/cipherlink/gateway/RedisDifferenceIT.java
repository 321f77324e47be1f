package dev.cipherlink.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.gateway.GatewayRig.RespClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The gateway beside Redis itself: the same commands, and byte for byte the same replies.
///
/// Random sequences of all commands with all their options; only times may differ by what passes meanwhile, and the order of keys in a
/// listing. What differs on purpose is in [#differsOnPurpose], and in the table of `docs/redis.md`.
class RedisDifferenceIT {

    private static final int SEQUENCES = Integer.getInteger("redis.sequences", 40);
    private static final int COMMANDS = 150;
    /// Of milliseconds; that of seconds is in [#isNear].
    private static final long TOLERANCE = 5_000;
    private static final Pattern NUMBER = Pattern.compile(":(\\d+)\r\n");

    private static final String[] KEYS = {"a", "b", "c", "k:1", "k:2", "k:33", "", "with space", "\u00ff\0", "back\\slash", "\u00c3\u00a9"};
    private static final String[] VALUES = {"", "0", "1", "10", "-5", "abc", "3.0e3", "9223372036854775807", "-9223372036854775808",
        " 12", "0.1", "a\n", "line\r\nline", "\0\u00ff", "x".repeat(100)};
    private static final String[] INTEGERS = {"0", "1", "2", "-1", "-3", "5", "100", "9223372036854775807", "-9223372036854775808",
        "9223372036854775808", "1.5", "x", "", "007", "+1"};
    private static final String[] FLOATS = {"0.1", "-0.1", "1.5", "3", "2e0", "abc", "", "0.000001", "0.25", "-2.25", ".5", "1.", "+1", " 1", "1e", "-"};
    private static final String[] TIMES = {"900000", "0", "-1", "x", "", "99999999999999999999"};
    private static final String[] PATTERNS = {"*", "k:*", "k:?", "[a-b]", "[^a]", "*c*", "\\a", "a", "", "k:[0-9]*", "*\\*", "[c-a]", "[abc",
        "w*e", "\u00ff*", "**", "?", "*k*", "[\\", "back\\\\slash", "b*h"};
    private static final String[] WORDS = {"NX", "XX", "GET", "KEEPTTL", "EX", "PX", "PERSIST", "GT", "LT", "REPLACE", "nx", "bogus", "COUNT"};

    @TempDir
    private static Path folder;
    private static RedisServer redis;
    private static GatewayRig gateway;

    @BeforeAll
    static void start() throws IOException {
        redis = new RedisServer(folder);
        gateway = GatewayRig.start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        redis.close();
    }

    private static void compare(RespClient theirs, RespClient ours, String seed, List<List<String>> before, String... words)
            throws IOException {
        before.add(List.of(words));
        String expected = theirs.ask(words);
        String actual = ours.ask(words);
        if (!isSame(words, expected, actual)) {
            List<List<String>> last = before.subList(Math.max(0, before.size() - Integer.getInteger("redis.shown", 12)), before.size());
            assertEquals(shown(expected), shown(actual), seed + ", behind " + shown(last.toString()));
        }
    }

    private static String shown(String bytes) {
        return bytes.replaceAll("x{9,}", "x..").replace("\r", "\\r").replace("\n", "\\n").replace("\0", "\\0");
    }

    private static boolean isSame(String[] words, String expected, String actual) {
        if (expected.equals(actual)) {
            return true;
        }
        String name = words[0].toUpperCase(Locale.ROOT);
        if (name.equals("KEYS")) {
            return sorted(expected).equals(sorted(actual));
        }
        return isNear(expected, actual);
    }

    private static List<String> sorted(String array) {
        return Arrays.stream(array.split("\\$")).sorted().toList();
    }

    /// The same but for numbers that are times, some of which passed between the two.
    private static boolean isNear(String expected, String actual) {
        Matcher one = NUMBER.matcher(expected);
        Matcher other = NUMBER.matcher(actual);
        while (one.find()) {
            if (!other.find()) {
                return false;
            }
            long first = Long.parseLong(one.group(1));
            long second = Long.parseLong(other.group(1));
            boolean isMillis = first > 10_000;
            if (first != second && (first < 50 || Math.abs(first - second) > (isMillis ? TOLERANCE : TOLERANCE / 1_000))) {
                return false;
            }
        }
        return NUMBER.matcher(expected).replaceAll(":t").equals(NUMBER.matcher(actual).replaceAll(":t"));
    }

    private static String any(Random random, String[] of) {
        return of[random.nextInt(of.length)];
    }

    private static String key(Random random) {
        return any(random, KEYS);
    }

    /// A time of an expiry, by the unit of the option or command.
    private static String time(Random random, boolean isMillis, boolean isAt) {
        if (isAt && random.nextInt(6) == 0) {
            return "5000"; // long ago
        }
        if (random.nextInt(3) == 0) {
            return any(random, TIMES);
        }
        long seconds = (isAt ? 1_900_000_000L : 0) + 100 + random.nextInt(1_000);
        return Long.toString(isMillis ? seconds * 1_000 : seconds);
    }

    private static String[] command(Random random) {
        List<String> words = new ArrayList<>();
        switch (random.nextInt(27)) {
            case 0 -> words.addAll(List.of("GET", key(random)));
            case 1, 2 -> {
                words.addAll(List.of(random.nextBoolean() ? "SET" : "set", key(random), any(random, VALUES)));
                for (int i = random.nextInt(4); i > 0; i--) {
                    switch (random.nextInt(7)) {
                        case 0 -> words.addAll(List.of("EX", time(random, false, false)));
                        case 1 -> words.addAll(List.of("PX", time(random, true, false)));
                        case 2 -> words.addAll(List.of("EXAT", time(random, false, true)));
                        case 3 -> words.addAll(List.of("pxat", time(random, true, true)));
                        default -> words.add(any(random, WORDS));
                    }
                }
            }
            case 3 -> words.addAll(List.of(random.nextBoolean() ? "SETNX" : "GETSET", key(random), any(random, VALUES)));
            case 4 -> words.addAll(List.of("SETEX", key(random), time(random, false, false), any(random, VALUES)));
            case 5 -> words.addAll(List.of("PSETEX", key(random), time(random, true, false), any(random, VALUES)));
            case 6 -> words.addAll(List.of(random.nextBoolean() ? "GETDEL" : "STRLEN", key(random)));
            case 7 -> {
                words.addAll(List.of("GETEX", key(random)));
                switch (random.nextInt(6)) {
                    case 0 -> words.addAll(List.of("EX", time(random, false, false)));
                    case 1 -> words.addAll(List.of("PXAT", time(random, true, true)));
                    case 2 -> words.add("PERSIST");
                    case 3 -> words.addAll(List.of(any(random, WORDS), any(random, TIMES)));
                    default -> {
                    }
                }
            }
            case 8 -> words.addAll(List.of(random.nextInt(4) > 0 ? "GETRANGE" : "SUBSTR", key(random), any(random, INTEGERS),
                    any(random, INTEGERS)));
            case 9 -> words.addAll(List.of("SETRANGE", key(random), Integer.toString(random.nextInt(30) - 3), any(random, VALUES)));
            case 10 -> words.addAll(List.of("APPEND", key(random), any(random, VALUES)));
            case 11 -> {
                words.add("MGET");
                addMany(random, words, () -> words.add(key(random)));
            }
            case 12 -> {
                words.add(random.nextBoolean() ? "MSET" : "MSETNX");
                addMany(random, words, () -> words.addAll(List.of(key(random), any(random, VALUES))));
                if (random.nextInt(10) == 0) {
                    words.add("odd");
                }
            }
            case 13 -> {
                words.add(any(random, new String[] {"DEL", "UNLINK", "EXISTS", "TOUCH", "EXISTS"}));
                addMany(random, words, () -> words.add(key(random)));
            }
            case 14 -> words.addAll(List.of(random.nextBoolean() ? "INCR" : "DECR", key(random)));
            case 15 -> words.addAll(List.of(random.nextBoolean() ? "INCRBY" : "DECRBY", key(random), any(random, INTEGERS)));
            case 16 -> {
                // Keys of their own: Redis rounds where a number has more than 64 bits.
                String key = "f:" + random.nextInt(2);
                words.addAll(random.nextInt(4) == 0 ? List.of("SET", key, any(random, FLOATS))
                        : List.of("INCRBYFLOAT", key, any(random, FLOATS)));
            }
            case 17, 18 -> {
                boolean isMillis = random.nextBoolean();
                boolean isAt = random.nextBoolean();
                words.addAll(List.of((isMillis ? "P" : "") + "EXPIRE" + (isAt ? "AT" : ""), key(random), time(random, isMillis, isAt)));
                for (int i = random.nextInt(3); i > 0; i--) {
                    words.add(any(random, new String[] {"NX", "XX", "GT", "LT", "gt", "bogus"}));
                }
                if (words.contains("XX") && words.contains("LT")) {
                    words.remove("XX"); // differs on purpose
                }
            }
            case 19, 20 -> words.addAll(List.of(any(random, new String[] {"TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "PERSIST", "TYPE"}),
                    key(random)));
            case 21 -> words.addAll(List.of(random.nextBoolean() ? "RENAME" : "RENAMENX", key(random), key(random)));
            case 22 -> {
                words.addAll(List.of("COPY", key(random), key(random)));
                if (random.nextBoolean()) {
                    words.add(any(random, new String[] {"REPLACE", "replace", "bogus"}));
                }
            }
            case 23 -> words.addAll(List.of("KEYS", any(random, PATTERNS)));
            case 24 -> words.addAll(random.nextBoolean() ? List.of("DBSIZE") : List.of("ECHO", any(random, VALUES)));
            case 25 -> words.addAll(random.nextBoolean() ? List.of("PING") : List.of("PING", any(random, VALUES)));
            default -> {
                words.add(any(random, new String[] {"GET", "SET", "nosuch", "MGET", "EXPIRE", "SETRANGE", "PING", "KEYS", "SELECT", "CLIENT",
                    "client", "CONFIG", "RENAME", ""}));
                addMany(random, words, () -> words.add(any(random, VALUES)));
            }
        }
        return words.toArray(String[]::new);
    }

    private static void addMany(Random random, List<String> words, Runnable adding) {
        for (int i = random.nextInt(4); i >= 0; i--) {
            adding.run();
        }
    }

    /// One at a time, in transactions, and pipelined.
    @Test
    void repliesAsRedisDoes() throws IOException {
        for (int i = 0; i < SEQUENCES; i++) {
            long seed = Long.getLong("redis.seed", i);
            var random = new Random(seed);
            try (RespClient theirs = redis.connect(); RespClient ours = gateway.connect()) {
                List<List<String>> before = new ArrayList<>();
                theirs.ask("FLUSHALL");
                clear(ours);
                if (random.nextBoolean()) {
                    theirs.ask("HELLO", "3");
                    ours.ask("HELLO", "3");
                }
                boolean isMulti = false;
                for (int n = 0; n < COMMANDS; n++) {
                    String[] words = command(random);
                    if (random.nextInt(12) == 0) {
                        words = new String[] {!isMulti ? "MULTI" : random.nextInt(5) == 0 ? "DISCARD" : "EXEC"};
                        if (!isMulti && random.nextBoolean()) {
                            watch(theirs, ours, "seed " + seed, before, random);
                        }
                    }
                    if (isMulti && List.of("KEYS", "DBSIZE", "MSETNX", "SCAN").contains(words[0])) {
                        continue; // differs on purpose
                    }
                    if (words[0].equals("DBSIZE")) {
                        theirs.ask(Stream.concat(Stream.of("EXISTS"), Arrays.stream(KEYS)).toArray(String[]::new)); // till then it counts expired ones
                    }
                    isMulti = words[0].equals("MULTI") || isMulti && !words[0].equals("EXEC") && !words[0].equals("DISCARD");
                    compare(theirs, ours, "seed " + seed, before, words);
                }
            }
        }
    }

    /// Keys are watched, and perhaps changed before the transaction: by a command that gives them another value.
    private static void watch(RespClient theirs, RespClient ours, String seed, List<List<String>> before, Random random)
            throws IOException {
        compare(theirs, ours, seed, before, "WATCH", key(random), key(random));
        String[] change = switch (random.nextInt(6)) {
            case 0 -> new String[] {"SET", key(random), "changed"};
            case 1 -> new String[] {"APPEND", key(random), "more"};
            case 2 -> new String[] {"DEL", key(random)};
            case 3 -> new String[] {"INCR", key(random)};
            default -> new String[] {"GET", key(random)};
        };
        compare(theirs, ours, seed, before, change);
    }

    private static void clear(RespClient client) throws IOException {
        Matcher key = Pattern.compile("\\$(\\d+)\r\n").matcher("");
        String all = client.ask("KEYS", "*");
        int at = all.indexOf('\n') + 1;
        key.reset(all);
        while (at < all.length() && key.find(at)) {
            int length = Integer.parseInt(key.group(1));
            client.ask("DEL", all.substring(key.end(), key.end() + length));
            at = key.end() + length + 2;
        }
        assertEquals(":0\r\n", client.ask("DBSIZE"));
    }

    /// Every pattern, on keys of few bytes, so that all its parts matter.
    @Test
    void matchesPatternsAsRedisDoes() throws IOException {
        var random = new Random(7);
        String bytes = "ab-]^[\\*?\u00ff";
        try (RespClient theirs = redis.connect(); RespClient ours = gateway.connect()) {
            theirs.ask("FLUSHALL");
            clear(ours);
            for (int i = 0; i < 300; i++) {
                String key = word(random, bytes, 4);
                theirs.ask("SET", key, "v");
                ours.ask("SET", key, "v");
            }
            for (int i = 0; i < 1_500; i++) {
                String pattern = word(random, bytes, 6);
                assertEquals(sorted(theirs.ask("KEYS", pattern)), sorted(ours.ask("KEYS", pattern)), "KEYS " + pattern);
            }
        }
    }

    private static String word(Random random, String letters, int most) {
        var word = new StringBuilder();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            word.append(letters.charAt(random.nextInt(letters.length())));
        }
        return word.toString();
    }

    /// Whatever changes meanwhile, a scan meets every key that is there all the time.
    @Test
    void scansAllKeysThatStay() throws IOException {
        try (RespClient client = gateway.connect()) {
            clear(client);
            var staying = new TreeSet<String>();
            for (int i = 0; i < 500; i++) {
                client.ask("SET", "stay:" + i + " \u00ff", "v");
                staying.add("stay:" + i + " \u00ff");
            }
            var random = new Random(3);
            var met = new ArrayList<String>();
            String cursor = "0";
            do {
                String reply = client.ask("SCAN", cursor, "COUNT", "7", "MATCH", "stay:*");
                Matcher bulk = Pattern.compile("\\$\\d+\r\n([^\r]*)\r\n").matcher(reply);
                assertTrue(bulk.find());
                cursor = bulk.group(1);
                while (bulk.find()) {
                    met.add(bulk.group(1));
                }
                for (int i = 0; i < 5; i++) {
                    client.ask(random.nextBoolean() ? "SET" : "DEL", "stay:" + random.nextInt(500) + ":passing", "v");
                }
            } while (!cursor.equals("0"));
            assertTrue(met.containsAll(staying));
            assertEquals(met.size(), new TreeSet<>(met).size(), "none twice");
        }
    }

    /// The errors of a stream that is no RESP, and what the two do then.
    @ParameterizedTest
    @ValueSource(strings = {"*2\r\nGET\r\n", "*x\r\n", "*1\r\n$x\r\n", "*1\r\n$-5\r\n", "GET \"\r\n", "SET a 'b'c\r\n",
        "PING\r\n*0\r\n\r\n  ping  \"a\\x41\"\r\n*x\r\nPING\r\n", "PING\r\nQUIT\r\nPING\r\n", "GET\r\nnosuch 'a b' \"c\"\r\nQUIT\r\n",
        "CLIENT REPLY SKIP\r\nPING a\r\nPING b\r\nCLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\nPING c\r\nQUIT\r\n",
        "SUBSCRIBE a b a\r\nPING\r\nPING x\r\nGET a\r\nPSUBSCRIBE a*\r\nUNSUBSCRIBE a\r\nUNSUBSCRIBE\r\nPUNSUBSCRIBE\r\nUNSUBSCRIBE\r\nQUIT\r\n",
        "MULTI\r\nMULTI\r\nWATCH a\r\nDISCARD\r\nEXEC\r\nDISCARD\r\nMULTI\r\nnosuch\r\nEXEC\r\nMULTI\r\nGET\r\nPING\r\nEXEC\r\nQUIT\r\n",
        "MULTI\r\nMULTI\r\nPING\r\nEXEC\r\nMULTI\r\nWATCH a\r\nPING\r\nEXEC\r\nQUIT\r\n", "POST / HTTP/1.1\r\nPING\r\n", "HOST: x\r\nPING\r\n",
        "AUTH a\r\nAUTH a b\r\nAUTH a b c\r\nHELLO 4\r\nHELLO x\r\nHELLO 2 BOGUS\r\nHELLO 3 SETNAME n\r\nCLIENT GETNAME\r\nRESET\r\n"
                + "CLIENT GETNAME\r\nSELECT 0\r\nSELECT x\r\nSELECT 99\r\nCLIENT SETNAME \"a b\"\r\nCLIENT BOGUS\r\nCLIENT\r\n"
                + "CONFIG GET\r\nCOMMAND BOGUS\r\nCOMMAND GETKEYS GET a\r\nCOMMAND GETKEYS MSET a 1 b 2\r\nCOMMAND GETKEYS PING\r\n"
                + "PUBSUB NUMPAT\r\nPUBSUB CHANNELS\r\nPUBSUB NUMSUB a\r\nSCAN x\r\nSCAN 0 COUNT 0\r\nSCAN 0 COUNT x\r\nSCAN 0 MATCH\r\n"
                + "SCAN 0 BOGUS a\r\nCLIENT REPLY BOGUS\r\nCLIENT NO-EVICT on\r\nCLIENT TRACKING off\r\nQUIT\r\n"})
    void speaksRespAsRedisDoes(String stream) throws IOException {
        assertEquals(id(transcript(redis.connect(), stream)), id(transcript(gateway.connect(), stream)));
    }

    private static String transcript(RespClient client, String stream) throws IOException {
        try (client) {
            client.sendRaw(stream);
            return client.rest();
        }
    }

    /// Without the number of the connection.
    private static String id(String transcript) {
        return transcript.replaceAll("id\r\n:\\d+", "id\r\n:0");
    }

    /// What the table of `docs/redis.md` says, on both sides.
    @Test
    void differsOnPurpose() throws IOException {
        try (RespClient theirs = redis.connect(); RespClient ours = gateway.connect()) {
            for (String each : new String[] {"LPUSH l x", "SADD s x", "HSET h f x", "ZADD z 1 x", "FLUSHALL", "EVAL 1 0", "OBJECT ENCODING a"}) {
                String[] words = each.split(" ");
                assertTrue(!theirs.ask(words).equals(ours.ask(words)), each);
            }
            assertTrue(ours.ask("LPUSH", "l", "x").startsWith("-ERR unknown command 'LPUSH', with args beginning with: 'l' 'x'"));
        }
    }
}
