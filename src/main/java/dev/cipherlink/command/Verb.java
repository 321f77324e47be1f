package dev.cipherlink.command;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/// The verbs, each with its arguments as a person reads them.
public enum Verb {
    SET("key value"),
    GET("key"),
    PUT("options key value"),
    MGET("key..."),
    GETDEL("key"),
    GETEX("options key"),
    GETRANGE("key from to"),
    SETRANGE("key offset value"),
    STRLEN("key"),
    VERSION("key"),
    RENAME("key to [NX]"),
    COPY("key to [NX]"),
    RANDOMKEY(""),
    DELETE("key"),
    EXISTS("key"),
    KEYS("[prefix [limit [after]]]"),
    COUNT("[prefix]"),
    INCR("key [by]"),
    INCRBYFLOAT("key by"),
    CAS("key version value"),
    PEEK("key"),
    APPEND("key value"),
    PERSIST("key"),
    EXPIRE("key seconds"),
    PEXPIRE("key milliseconds [NX|XX|GT|LT]"),
    PEXPIREAT("key time [NX|XX|GT|LT]"),
    TTL("key"),
    PTTL("key"),
    PEXPIRETIME("key"),
    TXN("[EACH]"),
    PUBLISH("channel payload"),
    SUBSCRIBE("channel"),
    UNSUBSCRIBE("channel"),
    PSUBSCRIBE("[prefix]"),
    PUNSUBSCRIBE("[prefix]"),
    ECHO("text"),
    TIME(""),
    PING(""),
    WHOAMI(""),
    SOCKETS("[END id]"),
    SESSIONS("[END name]"),
    INFO(""),
    JOIN("room"),
    LEAVE("room"),
    SAY("room text"),
    TELL("name text"),
    KEY("name"),
    WHO("[room]"),
    ROOMS(""),
    HISTORY("room [count [after]]"),
    AWAY(""),
    BACK(""),
    KICK("room name"),
    MUTE("name seconds"),
    UNMUTE("name"),
    WATCH("[prefix]"),
    UNWATCH("[prefix]");

    /// All verbs, for the answer to an unknown one.
    static final String ALL = Arrays.stream(values()).map(Verb::name).collect(Collectors.joining(", "));

    /// A verb fits into a `long`: five bits a letter.
    private static final int MAX_LETTERS = 12;
    private static final int LETTER_BITS = 5;

    /// Hash table with linear probing; more than twice as large as needed, so that a probe always ends.
    private static final Verb[] TABLE = new Verb[128];

    static {
        for (Verb verb : values()) {
            int slot = slot(verb.packed);
            while (TABLE[slot] != null) {
                slot = next(slot);
            }
            TABLE[slot] = verb;
        }
    }

    private final long packed;
    private final byte[] letters;
    private final String arguments;
    private final String usage;

    Verb(String arguments) {
        letters = new byte[name().length()];
        for (int i = 0; i < letters.length; i++) {
            letters[i] = (byte) name().charAt(i);
        }
        packed = pack(letters, 0, letters.length);
        this.arguments = arguments;
        usage = arguments.isEmpty()
                ? "usage: " + name() + " (it takes no arguments)"
                : "usage: " + name() + " " + arguments;
    }

    /// The verb written in these bytes, in capitals or not; null if there is none.
    public static Verb of(byte[] payload, int from, int to) {
        if (to - from > MAX_LETTERS) {
            return null;
        }
        long wanted = pack(payload, from, to);
        for (int slot = slot(wanted); TABLE[slot] != null; slot = next(slot)) {
            if (TABLE[slot].packed == wanted) {
                return TABLE[slot];
            }
        }
        return null;
    }

    /// The verb that is written so, in capitals.
    public static Optional<Verb> named(String word) {
        return Arrays.stream(values()).filter(verb -> verb.name().equals(word)).findFirst();
    }

    /// Whether the last argument is a text or value that reaches to the end of the line, blanks included.
    public boolean endsWithText() {
        return switch (this) {
            case SET, PUT, SETRANGE, APPEND, CAS, PUBLISH, ECHO, SAY, TELL -> true;
            default -> false;
        };
    }

    /// The arguments as a person reads them, optional ones in brackets; empty if there are none.
    public String arguments() {
        return arguments;
    }

    /// Its name in ASCII; not a copy, must not be changed.
    byte[] letters() {
        return letters;
    }

    /// The sentence for a peer that got the arguments wrong.
    String usage() {
        return usage;
    }

    /// @return 0 if there is something else than letters
    private static long pack(byte[] letters, int from, int to) {
        long packed = 0;
        for (int i = from; i < to; i++) {
            int letter = (letters[i] | 0x20) - 'a' + 1;
            if (letter < 1 || letter > 26) {
                return 0;
            }
            packed = packed << LETTER_BITS | letter;
        }
        return packed;
    }

    private static int slot(long packed) {
        return (int) (packed * 0x9E3779B97F4A7C15L >>> 57);
    }

    private static int next(int slot) {
        return slot + 1 & TABLE.length - 1;
    }
}
