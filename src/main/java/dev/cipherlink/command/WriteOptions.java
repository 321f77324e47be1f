package dev.cipherlink.command;

import dev.cipherlink.command.Command.Presence;
import dev.cipherlink.command.CommandParser.CommandException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The options of `PUT` and `GETEX`: one word, with commas between them, so that no key or value is ever taken for one.
///
/// @param answersOld whether `GET` was given
record WriteOptions(Presence presence, Expiry expiry, boolean answersOld) {

    static byte[] encode(Command.Put put) {
        var options = new ArrayList<String>();
        if (put.presence() != Presence.ANY) {
            options.add(put.presence() == Presence.ABSENT ? "NX" : "XX");
        }
        if (put.answersOld()) {
            options.add("GET");
        }
        return encode(options, put.expiry(), "", "KEEPTTL");
    }

    static byte[] encode(Command.GetEx getEx) {
        return encode(new ArrayList<>(), getEx.expiry(), "PERSIST", "");
    }

    private static byte[] encode(List<String> options, Expiry expiry, String none, String keep) {
        options.add(switch (expiry.kind()) {
            case NONE -> none;
            case KEEP -> keep;
            case AFTER -> "PX=" + expiry.millis();
            case AT -> "PXAT=" + expiry.millis();
        });
        options.remove("");
        return (options.isEmpty() ? "-" : String.join(",", options)).getBytes(StandardCharsets.US_ASCII);
    }

    /// @throws CommandException if they are not options of this verb, or do not go together
    static WriteOptions parse(String word, Verb verb) throws CommandException {
        Presence presence = Presence.ANY;
        Expiry expiry = null;
        boolean answersOld = false;
        boolean isPut = verb == Verb.PUT;
        for (String option : word.equals("-") ? new String[0] : word.split(",", -1)) {
            String name = option.toUpperCase(Locale.ROOT);
            if (isPut && name.equals("GET") && !answersOld) {
                answersOld = true;
            } else if (isPut && (name.equals("NX") || name.equals("XX")) && presence == Presence.ANY) {
                presence = name.equals("NX") ? Presence.ABSENT : Presence.PRESENT;
            } else if (expiry == null) {
                expiry = expiry(name, isPut);
            } else {
                throw wrong(isPut);
            }
        }
        return new WriteOptions(presence, expiry != null ? expiry : isPut ? Expiry.NONE : Expiry.KEEP, answersOld);
    }

    private static Expiry expiry(String option, boolean isPut) throws CommandException {
        int equals = option.indexOf('=');
        if (option.equals("KEEPTTL") && isPut) {
            return Expiry.KEEP;
        }
        if (option.equals("PERSIST") && !isPut) {
            return Expiry.NONE;
        }
        if (equals < 0) {
            throw wrong(isPut);
        }
        String number = option.substring(equals + 1);
        return switch (option.substring(0, equals)) {
            case "EX" -> Expiry.after(1_000 * number("EX", number, 1, CommandParser.MAX_EXPIRE_SECONDS));
            case "PX" -> Expiry.after(number("PX", number, 1, 1_000 * CommandParser.MAX_EXPIRE_SECONDS));
            case "EXAT" -> Expiry.at(1_000 * number("EXAT", number, 0, CommandParser.MAX_UNIX_MILLIS / 1_000));
            case "PXAT" -> Expiry.at(number("PXAT", number, 0, CommandParser.MAX_UNIX_MILLIS));
            default -> throw wrong(isPut);
        };
    }

    private static long number(String name, String text, long min, long max) throws CommandException {
        byte[] digits = text.getBytes(StandardCharsets.UTF_8);
        return Arguments.number(digits, 0, digits.length, name, min, max);
    }

    private static CommandException wrong(boolean isPut) {
        return new CommandException(isPut
                ? "options must be -, or with commas between them NX or XX, GET, and one of EX=s PX=ms EXAT=s PXAT=ms KEEPTTL"
                : "options must be -, or one of EX=s PX=ms EXAT=s PXAT=ms PERSIST");
    }
}
