package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;

/// The answer to a [Command]: the payload of an ACK, or of an ERROR message (`docs/protocol.md` section 7).
///
/// Immutable as long as nobody changes the payload's array, which is handed in and out without a copy.
public final class Reply {

    /// `OK\n`
    public static final Reply OK = line("OK");
    /// `ERROR not found\n`
    public static final Reply NOT_FOUND = error("not found", Outcome.NOT_FOUND);
    /// `ERROR condition not met\n`
    public static final Reply NOT_MET = error("condition not met", Outcome.CONFLICT);

    static final byte[] ERROR_PREFIX = "ERROR ".getBytes(UTF_8);
    private static final int MAX_PEEKED_BYTES = 64;
    /// Digits, sign and newline of the longest number.
    private static final int MAX_NUMBER_BYTES = 21;

    private final byte[] payload;
    private final Outcome outcome;

    /// How a request went.
    public enum Outcome {
        OK,
        /// The key does not exist.
        NOT_FOUND,
        /// The key has another version than the one asked for.
        CONFLICT,
        /// It is no command, or not one for the value that is there.
        INVALID,
        /// A limit forbids it, or how things are now.
        REFUSED,
        /// The client has no right to it.
        DENIED,
        /// The server could not do it.
        FAILED
    }

    private Reply(byte[] payload, Outcome outcome) {
        this.payload = payload;
        this.outcome = outcome;
    }

    /// A good answer with exactly this payload.
    public static Reply ok(byte[] payload) {
        return new Reply(payload, Outcome.OK);
    }

    /// The answer that a peer sent: `payload` as it came, in an ACK or in an ERROR message.
    public static Reply received(byte[] payload, boolean isError) {
        return new Reply(payload, isError ? Outcome.FAILED : Outcome.OK);
    }

    /// `ERROR reason\n`, for a request that is refused.
    public static Reply error(String reason) {
        return error(reason, Outcome.REFUSED);
    }

    /// `ERROR reason\n`; control characters of the reason are escaped, so that it stays one line.
    public static Reply error(String reason, Outcome outcome) {
        return new Reply(("ERROR " + Escapes.line(reason) + "\n").getBytes(UTF_8), outcome);
    }

    /// A text as UTF-8, then `\n`.
    public static Reply line(String text) {
        return value(text.getBytes(UTF_8));
    }

    /// A value, then `\n`.
    public static Reply value(byte[] value) {
        byte[] payload = Arrays.copyOf(value, value.length + 1);
        payload[value.length] = '\n';
        return ok(payload);
    }

    /// One line each, in this order; no lines give an empty payload.
    public static Reply lines(List<byte[]> lines) {
        byte[] payload = new byte[lines.stream().mapToInt(line -> line.length + 1).sum()];
        int at = 0;
        for (byte[] line : lines) {
            System.arraycopy(line, 0, payload, at, line.length);
            at += line.length;
            payload[at++] = '\n';
        }
        return ok(payload);
    }

    /// A decimal number, then `\n`.
    public static Reply number(long number) {
        byte[] digits = new byte[MAX_NUMBER_BYTES];
        int at = digits.length;
        digits[--at] = '\n';
        // Counted down from the negative side: Long.MIN_VALUE has no positive counterpart.
        long left = number < 0 ? number : -number;
        do {
            digits[--at] = (byte) ('0' - left % 10);
            left /= 10;
        } while (left != 0);
        if (number < 0) {
            digits[--at] = '-';
        }
        return ok(Arrays.copyOfRange(digits, at, digits.length));
    }

    /// The answer to PEEK: `version:`, `size:` and `ttl:` lines, then the first 64 bytes of the value, escaped.
    ///
    /// @param ttlSeconds seconds until the key expires, -1 if it does not
    public static Reply peek(byte[] value, long version, long ttlSeconds) {
        return line("version: " + version + "\nsize: " + value.length + "\nttl: " + ttlSeconds + "\n"
                + Escapes.bytes(value, 0, Math.min(value.length, MAX_PEEKED_BYTES)));
    }

    /// Whether it travels in an ERROR message rather than in an ACK.
    public boolean isError() {
        return outcome != Outcome.OK;
    }

    /// How the request went, as its server knows it; of a reply that was received, only whether it is an error.
    public Outcome outcome() {
        return outcome;
    }

    /// The bytes on the wire; not a copy, must not be changed.
    public byte[] payload() {
        return payload;
    }

    /// The payload as UTF-8 without its trailing newline; malformed bytes become U+FFFD.
    public String text() {
        return text(0);
    }

    /// Why it failed: the text of an error without the word `ERROR`.
    ///
    /// @throws IllegalStateException if it is no error
    public String reason() {
        if (!isError()) {
            throw new IllegalStateException("not an error");
        }
        boolean hasPrefix = payload.length >= ERROR_PREFIX.length
                && Arrays.mismatch(payload, 0, ERROR_PREFIX.length, ERROR_PREFIX, 0, ERROR_PREFIX.length) < 0;
        return text(hasPrefix ? ERROR_PREFIX.length : 0);
    }

    private String text(int from) {
        boolean endsLine = payload.length > from && payload[payload.length - 1] == '\n';
        return new String(payload, from, payload.length - from - (endsLine ? 1 : 0), UTF_8);
    }
}
