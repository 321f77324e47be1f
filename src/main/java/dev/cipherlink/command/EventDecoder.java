package dev.cipherlink.command;

import java.net.ProtocolException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// Takes the words off one event, from left to right. One instance per event, one thread.
///
/// Rooms, names and keys of another form than theirs are refused, so that only texts can hold surprises.
final class EventDecoder {

    static final String PREFIX = "EVENT ";

    private final String line;
    private int position = PREFIX.length();

    private EventDecoder(String line) {
        this.line = line;
    }

    /// @param payload one line, with its line feed
    static Event decode(String payload) throws ProtocolException {
        int end = payload.length() - 1;
        if (!payload.startsWith(PREFIX) || payload.indexOf('\n') != end) {
            throw unknown();
        }
        return new EventDecoder(payload.substring(0, end)).event();
    }

    static List<Event> decodeAll(String payload) throws ProtocolException {
        var events = new ArrayList<Event>();
        for (int from = 0; from < payload.length(); ) {
            int end = payload.indexOf('\n', from) + 1;
            if (end == 0) {
                throw unknown();
            }
            events.add(decode(payload.substring(from, end)));
            from = end;
        }
        return events;
    }

    private Event event() throws ProtocolException {
        return switch (word()) {
            case "message" -> new Event.Message(room(), number(), name(), time(), rest());
            case "direct" -> new Event.Direct(number(), name(), time(), rest());
            case "joined" -> complete(new Event.Joined(room(), name()));
            case "left" -> complete(new Event.Left(room(), name()));
            case "away" -> complete(new Event.Away(name()));
            case "back" -> complete(new Event.Back(name()));
            case "skipped" -> complete(new Event.Skipped(room(), number(), number()));
            case "key" -> keyEvent();
            case "notice" -> new Event.Notice(rest());
            default -> throw unknown();
        };
    }

    private Event keyEvent() throws ProtocolException {
        return switch (word()) {
            case "set" -> complete(new Event.KeySet(key()));
            case "deleted" -> complete(new Event.KeyDeleted(key()));
            default -> throw unknown();
        };
    }

    /// At the first character after a space, or one beyond the end if there is no further word.
    private String word() throws ProtocolException {
        if (position > line.length()) {
            throw unknown();
        }
        int space = line.indexOf(' ', position);
        int end = space < 0 ? line.length() : space;
        String word = line.substring(position, end);
        position = end + 1;
        return word;
    }

    private String rest() throws ProtocolException {
        if (position > line.length()) {
            throw unknown();
        }
        String rest = line.substring(position);
        position = line.length() + 1;
        return rest;
    }

    private String room() throws ProtocolException {
        return require(word(), ChatRule::isRoom);
    }

    private String name() throws ProtocolException {
        return require(word(), ChatRule::isName);
    }

    private String key() throws ProtocolException {
        return require(word(), key -> !key.isEmpty() && key.chars().noneMatch(EventDecoder::isBlankOrControl));
    }

    private static boolean isBlankOrControl(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c);
    }

    private static String require(String word, Predicate<String> rule) throws ProtocolException {
        if (!rule.test(word)) {
            throw unknown();
        }
        return word;
    }

    /// Decimal digits without sign.
    private long number() throws ProtocolException {
        String word = word();
        if (word.isEmpty() || word.chars().anyMatch(c -> c < '0' || c > '9')) {
            throw unknown();
        }
        try {
            return Long.parseLong(word);
        } catch (NumberFormatException e) {
            throw unknown();
        }
    }

    private Instant time() throws ProtocolException {
        try {
            return Instant.parse(word());
        } catch (DateTimeParseException e) {
            throw unknown();
        }
    }

    private Event complete(Event event) throws ProtocolException {
        if (position <= line.length()) {
            throw unknown();
        }
        return event;
    }

    private static ProtocolException unknown() {
        return new ProtocolException("unknown event");
    }
}
