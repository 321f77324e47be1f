package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.cipherlink.command.Reply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What the server answered to one command: a [Reply], or an item of one that answers several (`docs/protocol.md`, section 7).
///
/// @param bytes   not a copy
/// @param from    where the answer begins: behind the word `ERROR` of an error
/// @param length  of the answer, without its line feed
/// @param isError whether it is the reason why the command failed
record Result(byte[] bytes, int from, int length, boolean isError) {

    /// What a refusal begins with that is about permissions.
    private static final String DENIED = "denied: ";
    /// What a refusal begins with that is about memory or the disk.
    private static final String FULL = "the store is full";
    private static final byte[] ERROR = "ERROR ".getBytes(ISO_8859_1);

    static Result of(Reply reply) {
        byte[] payload = reply.payload();
        int end = payload.length > 0 && payload[payload.length - 1] == '\n' ? payload.length - 1 : payload.length;
        int from = reply.isError() ? Math.min(ERROR.length, end) : 0;
        return new Result(payload, from, end - from, reply.isError());
    }

    /// The items that this answer is made of.
    ///
    /// @throws IllegalStateException if it is not made of items
    List<Result> items() {
        List<Result> items = new ArrayList<>();
        // The last line feed is that of the last item.
        int end = from + length + (from + length < bytes.length ? 1 : 0);
        for (int at = from; at < end; ) {
            boolean isFailed = bytes[at++] == '-';
            int size = 0;
            for (; bytes[at] != ' '; at++) {
                size = size * 10 + bytes[at] - '0';
            }
            at++;
            items.add(new Result(bytes, at, size, isFailed));
            at += size + 1;
            if (size < 0 || at > end) {
                throw new IllegalStateException("an answer of the server is not made of items");
            }
        }
        return items;
    }

    boolean isNotFound() {
        return isError && text().equals("not found");
    }

    /// `NX`, `XX`, `GT` or `LT` refused the change.
    boolean isConditionNotMet() {
        return isError && text().equals("condition not met");
    }

    /// An `IF` or a version was not met.
    boolean isConflict() {
        return isError && text().startsWith("conflict, ");
    }

    /// The command ran and changed nothing; its answer is gone.
    boolean isLost() {
        return isError && text().startsWith("the answer was lost");
    }

    /// A character for each byte.
    String text() {
        return new String(bytes, from, length, ISO_8859_1);
    }

    /// @throws NumberFormatException if it is none
    long number() {
        return Long.parseLong(text());
    }

    /// Lines of a listing.
    List<byte[]> lines() {
        List<byte[]> lines = new ArrayList<>();
        int start = from;
        for (int at = from; at <= from + length; at++) {
            if (at == from + length || bytes[at] == '\n') {
                if (at > start) {
                    lines.add(Arrays.copyOfRange(bytes, start, at));
                }
                start = at + 1;
            }
        }
        return lines;
    }

    /// Answers that the command failed, in Redis' words where it has some.
    void writeError(RespWriter out) {
        out.error(redisError());
    }

    RespException toException() {
        return new RespException(redisError());
    }

    private String redisError() {
        String reason = text();
        return switch (reason) {
            case "value is not a 64-bit decimal number" -> RespException.notAnInteger().getMessage();
            case "the number would not fit into 64 bits" -> "ERR increment or decrement would overflow";
            case "value is not a decimal number" -> RespException.notAFloat().getMessage();
            case "the number would be 10^308 or larger" -> "ERR increment would produce NaN or Infinity";
            default -> reason.startsWith(DENIED) ? "NOPERM " + reason.substring(DENIED.length())
                    : reason.startsWith(FULL) ? "OOM " + reason : "ERR " + reason;
        };
    }
}
