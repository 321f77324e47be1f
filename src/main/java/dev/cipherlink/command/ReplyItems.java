package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Several answers in one, as `MGET` and `TXN` have them (`docs/protocol.md` section 7): each is `+` or `-`, a size, a space, so
/// many bytes, and `\n`.
public final class ReplyItems {
    private static final int MAX_DIGITS = 9;

    private ReplyItems() {
    }

    /// The size of an item.
    public static int bytes(Reply reply) {
        int content = content(reply);
        return 3 + Integer.toString(content).length() + content;
    }

    private static int content(Reply reply) {
        byte[] payload = reply.payload();
        int end = payload.length > 0 && payload[payload.length - 1] == '\n' ? payload.length - 1 : payload.length;
        return reply.isError() ? end - Reply.ERROR_PREFIX.length : end;
    }

    /// One answer of all.
    public static Reply join(List<Reply> replies) {
        byte[] joined = new byte[replies.stream().mapToInt(ReplyItems::bytes).sum()];
        int at = 0;
        for (Reply reply : replies) {
            int content = content(reply);
            byte[] head = ((reply.isError() ? "-" : "+") + content + " ").getBytes(UTF_8);
            System.arraycopy(head, 0, joined, at, head.length);
            at += head.length;
            System.arraycopy(reply.payload(), reply.isError() ? Reply.ERROR_PREFIX.length : 0, joined, at, content);
            at += content;
            joined[at++] = '\n';
        }
        return Reply.ok(joined);
    }

    /// The answers, each as its command has it alone.
    ///
    /// @throws ProtocolException if these bytes are not items
    public static List<Reply> split(byte[] joined) throws ProtocolException {
        var replies = new ArrayList<Reply>();
        int at = 0;
        while (at < joined.length) {
            int space = Arguments.wordEnd(joined, at, Math.min(joined.length, at + 2 + MAX_DIGITS));
            int size = size(joined, at + 1, space);
            int end = space + 1 + size;
            if (joined[at] != '+' && joined[at] != '-' || size < 0 || end >= joined.length || joined[end] != '\n') {
                throw new ProtocolException("not an item");
            }
            byte[] content = Arrays.copyOfRange(joined, space + 1, end + 1);
            replies.add(joined[at] == '+' ? Reply.received(content, false) : Reply.error(new String(content, 0, size, UTF_8)));
            at = end + 1;
        }
        return replies;
    }

    /// @return negative if it is no number
    private static int size(byte[] joined, int from, int to) {
        int size = from < to && to < joined.length ? 0 : -1;
        for (int i = from; i < to && size >= 0; i++) {
            int digit = joined[i] - '0';
            size = digit >= 0 && digit <= 9 && size < 100_000_000 ? size * 10 + digit : -1;
        }
        return size;
    }
}
