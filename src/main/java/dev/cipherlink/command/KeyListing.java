package dev.cipherlink.command;

import dev.cipherlink.command.CommandParser.CommandException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// The keys that begin with a prefix, however many: page by page, each a request of its own, since one answer has at most
/// 10,000. What is written or deleted meanwhile may be in it or not. Used by one thread.
public final class KeyListing {
    private static final CommandParser PARSER = new CommandParser();
    private static final byte[] NOTHING = {};

    private final byte[] prefix;
    private byte[] after;
    private long left;

    /// @param limit the most keys; `Long.MAX_VALUE` for all
    /// @param after only keys larger than this one; empty for all
    public KeyListing(byte[] prefix, long limit, byte[] after) {
        this.prefix = prefix;
        this.left = limit;
        this.after = after;
    }

    /// The listing that a command asks for, if it is KEYS without a limit: all of the keys.
    public static Optional<KeyListing> ofUnlimited(byte[] command) {
        boolean mayBe = command.length >= 4 && (command[0] | ' ') == 'k' && (command[1] | ' ') == 'e';
        int words = mayBe ? new String(command, StandardCharsets.ISO_8859_1).stripTrailing().split(" ", -1).length : 0;
        try {
            return words > 0 && words <= 2 && PARSER.parse(command, 0, command.length) instanceof Command.Keys keys
                    ? Optional.of(new KeyListing(keys.prefix(), Long.MAX_VALUE, NOTHING)) : Optional.empty();
        } catch (CommandException _) {
            return Optional.empty(); // the server says what is wrong
        }
    }

    /// Whether there may be keys behind an answer to KEYS: it has as many as one answer may have.
    ///
    /// @param command as it was sent
    public static boolean mayGoOn(byte[] command, Reply answer) {
        try {
            return !answer.isError() && PARSER.parse(command, 0, command.length) instanceof Command.Keys keys
                    && count(answer.payload()) >= keys.limit();
        } catch (CommandException _) {
            return false;
        }
    }

    /// The request for the next page.
    public byte[] request() {
        return new Command.Keys(prefix, pageSize(), after).encode();
    }

    private int pageSize() {
        return (int) Math.min(left, CommandParser.MAX_KEYS_LIMIT);
    }

    /// Takes the answer to [#request].
    ///
    /// @return whether there may be another page
    public boolean goesOn(Reply page) {
        byte[] lines = page.payload();
        int asked = pageSize();
        int count = count(lines);
        left -= count;
        if (count < asked || left <= 0) {
            return false;
        }
        int start = lines.length - 1;
        while (start > 0 && lines[start - 1] != '\n') {
            start--;
        }
        after = Arrays.copyOfRange(lines, start, lines.length - 1);
        return true;
    }

    private static int count(byte[] lines) {
        int count = 0;
        for (byte b : lines) {
            count += b == '\n' ? 1 : 0;
        }
        return count;
    }
}
