package dev.cipherlink.command;

import dev.cipherlink.command.Command.Transaction;
import dev.cipherlink.command.CommandParser.CommandException;
import java.util.ArrayList;
import java.util.List;

/// Parses `TXN`: commands that run as one, each with its size in front, so that values stay exact to the byte
/// (`docs/protocol.md` section 7). One instance a transaction.
final class TransactionParser {
    static final String USAGE = "usage: TXN [EACH], a line feed, and each command with its size in front, such as 5 GET k";
    /// Keys that the commands name, together.
    static final int MAX_KEYS = 20_000;
    /// Their subscribers are looked up inside the store's gate.
    static final int MAX_PUBLICATIONS = 100;
    private static final int MAX_DIGITS = 10;
    private static final String EACH = "EACH";

    private final CommandParser commands;
    private final List<Transaction.If> conditions = new ArrayList<>();
    private final List<Command> parsed = new ArrayList<>();
    private int keys;
    private int publications;
    private byte[] payload;
    private int position;
    private int end;

    /// @param commands parses each of them
    TransactionParser(CommandParser commands) {
        this.commands = commands;
    }

    static boolean isBegin(byte[] payload, int offset, int length) {
        return length > 3 && (payload[offset] | 0x20) == 't' && (payload[offset + 3] == ' ' || payload[offset + 3] == '\n')
                && Verb.of(payload, offset, offset + 3) == Verb.TXN;
    }

    /// @param newEnd of the payload, a line feed at its end included: it may be that of the last command
    /// @throws CommandException if it is no transaction
    Transaction parse(byte[] newPayload, int from, int newEnd) throws CommandException {
        payload = newPayload;
        end = newEnd;
        position = Math.min(end, from + 3);
        boolean keepsGoing = takeEach();
        if (position >= end || payload[position] != '\n') {
            throw new CommandException(USAGE);
        }
        position++;
        for (int number = 1; position < end && !isLastLineFeed(); number++) {
            try {
                takeCommand(number);
            } catch (CommandException e) {
                throw new CommandException("command " + number + ": " + e.getMessage());
            }
        }
        if (conditions.isEmpty() && parsed.isEmpty()) {
            throw new CommandException(USAGE);
        }
        return new Transaction(keepsGoing, conditions, parsed);
    }

    private boolean takeEach() {
        int to = position + 1 + EACH.length();
        boolean isEach = to <= end && payload[position] == ' ' && isWord(EACH, position + 1);
        if (isEach) {
            position = to;
        }
        return isEach;
    }

    private boolean isWord(String word, int from) {
        for (int i = 0; i < word.length(); i++) {
            if ((payload[from + i] & ~0x20) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private boolean isLastLineFeed() {
        return position == end - 1 && payload[position] == '\n';
    }

    private void takeCommand(int number) throws CommandException {
        if (number > Transaction.MAX_COMMANDS) {
            throw new CommandException("a transaction has at most " + Transaction.MAX_COMMANDS + " commands");
        }
        int space = Arguments.wordEnd(payload, position, Math.min(end, position + MAX_DIGITS));
        int from = space + 1;
        int size = (int) Arguments.number(payload, position, space, "its size", 1, Math.max(0, end - from));
        position = from + size;
        if (size > 2 && isWord("IF", from) && payload[from + 2] == ' ') {
            takeCondition(from, size);
            return;
        }
        Verb verb = CommandParser.verb(payload, from, size);
        Command command = verb == Verb.TXN ? null : commands.parse(verb, payload, from, size);
        if (!(command instanceof Command.OnKeys || command instanceof Command.Publish)) {
            throw new CommandException("it cannot be part of a transaction");
        }
        if (command instanceof Command.Publish && ++publications > MAX_PUBLICATIONS) {
            throw new CommandException("a transaction has at most " + MAX_PUBLICATIONS + " PUBLISH");
        }
        command.forEachKey((_, _) -> keys++);
        requireFewKeys();
        parsed.add(command);
    }

    private void takeCondition(int from, int size) throws CommandException {
        if (!parsed.isEmpty()) {
            throw new CommandException("IF must stand before all other commands");
        }
        int to = payload[from + size - 1] == '\n' ? from + size - 1 : from + size;
        var in = new Arguments("usage: IF key version", payload, from + 2, to);
        conditions.add(in.complete(new Transaction.If(in.key(), in.number("version", 0, Long.MAX_VALUE))));
        keys++;
        requireFewKeys();
    }

    private void requireFewKeys() throws CommandException {
        if (keys > MAX_KEYS) {
            throw new CommandException("the commands of a transaction name at most " + MAX_KEYS + " keys");
        }
    }
}
