package dev.cipherlink.command;

import java.util.Arrays;

/// Takes the arguments off a payload, from left to right. One instance per payload, one thread.
final class Arguments {
    private final Verb verb;
    private final byte[] payload;
    private final int end;
    /// At the space before the next argument, or at the end if there is none.
    private int position;

    /// @param position where the verb ends: at a space, or at `end`
    Arguments(Verb verb, byte[] payload, int position, int end) {
        this.verb = verb;
        this.payload = payload;
        this.position = position;
        this.end = end;
    }

    boolean hasMore() {
        return position < end;
    }

    byte[] key() throws CommandException {
        int start = begin();
        position = KeyRule.keyEnd(payload, start, end);
        return Arrays.copyOfRange(payload, start, position);
    }

    byte[] prefix() throws CommandException {
        int start = begin();
        position = KeyRule.prefixEnd(payload, start, end);
        return Arrays.copyOfRange(payload, start, position);
    }

    /// The name of a room.
    String room() throws CommandException {
        int start = begin();
        position = wordEnd(payload, start, end);
        return ChatRule.room(payload, start, position);
    }

    /// The name of a person.
    String name() throws CommandException {
        int start = begin();
        position = wordEnd(payload, start, end);
        return ChatRule.name(payload, start, position);
    }

    /// All that is left, as something that can be said.
    String text() throws CommandException {
        int start = begin();
        position = end;
        return ChatRule.text(payload, start, end);
    }

    /// All that is left, spaces included; may be empty.
    byte[] rest(int maxBytes) throws CommandException {
        int start = begin();
        if (end - start > maxBytes) {
            throw new CommandException(
                    "value must have at most " + maxBytes + " bytes, not " + (end - start));
        }
        position = end;
        return Arrays.copyOfRange(payload, start, end);
    }

    /// A decimal number from `min` to `max`, with a `-` where it is negative.
    long number(String name, long min, long max) throws CommandException {
        int start = begin();
        position = wordEnd(payload, start, end);
        boolean isNegative = start < position && payload[start] == '-';
        int first = isNegative ? start + 1 : start;
        boolean isNumber = first < position;
        // Counted downwards: only the negative side has room for Long.MIN_VALUE.
        long floor = isNegative ? Long.MIN_VALUE : -Long.MAX_VALUE;
        long result = 0;
        for (int i = first; i < position && isNumber; i++) {
            int digit = payload[i] - '0';
            isNumber = digit >= 0 && digit <= 9 && result >= (floor + digit) / 10;
            result = result * 10 - digit;
        }
        long number = isNegative ? result : -result;
        if (!isNumber || number < min || number > max) {
            throw new CommandException(name + " must be a decimal number from " + min + " to " + max);
        }
        return number;
    }

    /// Returns the command if no argument is left.
    <C extends Command> C complete(C command) throws CommandException {
        if (hasMore()) {
            throw new CommandException(verb.usage());
        }
        return command;
    }

    private int begin() throws CommandException {
        if (!hasMore()) {
            throw new CommandException(verb.usage());
        }
        return position + 1;
    }

    /// The index of the next space from `from` on, or `end`.
    static int wordEnd(byte[] payload, int from, int end) {
        int i = from;
        while (i < end && payload[i] != ' ') {
            i++;
        }
        return i;
    }
}
