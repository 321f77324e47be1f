package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.command.Arguments.ChatRule;
import java.net.ProtocolException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/// Something that a server tells a client without being asked: the payload of a DATA message
/// (`docs/protocol.md` section 7, end). HISTORY answers with lines of the same form.
///
/// Texts are what a person typed, control characters included: escape them before they reach a terminal.
public sealed interface Event {

    /// The payload: one line of UTF-8.
    byte[] encode();

    /// Said in a room: `EVENT message #room <id> <from> <iso time> <text>\n`.
    ///
    /// @param id   larger than that of every message said before it
    /// @param text 1 to 4,096 bytes of UTF-8 without line feed
    record Message(String room, long id, String from, Instant at, String text) implements Event {
        public Message {
            requireOneLine(text);
        }

        @Override
        public byte[] encode() {
            return line("message " + room + " " + id + " " + from + " " + at + " " + text);
        }
    }

    /// Said to one person: `EVENT direct <id> <from> <iso time> <text>\n`.
    ///
    /// @param text 1 to 4,096 bytes of UTF-8 without line feed
    record Direct(long id, String from, Instant at, String text) implements Event {
        public Direct {
            requireOneLine(text);
        }

        @Override
        public byte[] encode() {
            return line("direct " + id + " " + from + " " + at + " " + text);
        }
    }

    /// Somebody is in a room now: `EVENT joined #room <name>\n`.
    record Joined(String room, String name) implements Event {
        @Override
        public byte[] encode() {
            return line("joined " + room + " " + name);
        }
    }

    /// Somebody is not in a room any more: `EVENT left #room <name>\n`. With the client's own name: it was sent out.
    record Left(String room, String name) implements Event {
        @Override
        public byte[] encode() {
            return line("left " + room + " " + name);
        }
    }

    /// Somebody said so, or has done nothing for a while: `EVENT away <name>\n`.
    record Away(String name) implements Event {
        @Override
        public byte[] encode() {
            return line("away " + name);
        }
    }

    /// Somebody who was away does something: `EVENT back <name>\n`.
    record Back(String name) implements Event {
        @Override
        public byte[] encode() {
            return line("back " + name);
        }
    }

    /// The client read too slowly: `EVENT skipped #room <count> <after>\n`. `HISTORY #room <count> <after>` has what
    /// it missed.
    ///
    /// @param count how many messages of the room were not sent
    /// @param after the id after which they begin
    record Skipped(String room, long count, long after) implements Event {
        @Override
        public byte[] encode() {
            return line("skipped " + room + " " + count + " " + after);
        }
    }

    /// A watched key has a value, or another one: `EVENT key set <key>\n`.
    record KeySet(String key) implements Event {
        @Override
        public byte[] encode() {
            return line("key set " + key);
        }
    }

    /// A watched key is gone: `EVENT key deleted <key>\n`.
    record KeyDeleted(String key) implements Event {
        @Override
        public byte[] encode() {
            return line("key deleted " + key);
        }
    }

    /// A watched key is gone since its expiry came: `EVENT key expired <key>\n`.
    record KeyExpired(String key) implements Event {
        @Override
        public byte[] encode() {
            return line("key expired " + key);
        }
    }

    /// Something was published: `EVENT published <channel> <payload>\n`.
    ///
    /// @param payload any bytes, line feeds included
    record Published(String channel, byte[] payload) implements Event {
        @Override
        public byte[] encode() {
            byte[] head = (EventDecoder.PUBLISHED + channel + " ").getBytes(UTF_8);
            byte[] event = Arrays.copyOf(head, head.length + payload.length + 1);
            System.arraycopy(payload, 0, event, head.length, payload.length);
            event[event.length - 1] = '\n';
            return event;
        }
    }

    /// The client read too slowly to be told of all that was published: `EVENT missed <count>\n`.
    record Missed(long count) implements Event {
        @Override
        public byte[] encode() {
            return line("missed " + count);
        }
    }

    /// A sentence from the operator or the server itself, for people: `EVENT notice <text>\n`.
    ///
    /// @param text control characters are escaped by [#encode], so that it stays one line
    record Notice(String text) implements Event {
        @Override
        public byte[] encode() {
            return line("notice " + Escapes.line(text));
        }
    }

    /// Reads an event from `length` bytes from `offset` on.
    ///
    /// @throws ProtocolException if they are not an event that this version knows
    static Event decode(byte[] payload, int offset, int length) throws ProtocolException {
        return EventDecoder.isPublished(payload, offset, length) ? EventDecoder.published(payload, offset, length)
                : EventDecoder.decode(new String(payload, offset, length, UTF_8));
    }

    /// Reads the answer to HISTORY.
    ///
    /// @throws ProtocolException if it is not made of events that this version knows
    static List<Event> decodeAll(byte[] payload) throws ProtocolException {
        return EventDecoder.decodeAll(new String(payload, UTF_8));
    }

    private static byte[] line(String event) {
        return (EventDecoder.PREFIX + event + "\n").getBytes(UTF_8);
    }

    private static void requireOneLine(String text) {
        if (text.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("a line feed in a text");
        }
    }

    /// Takes the words off one event, from left to right. One instance per event, one thread.
    ///
    /// Rooms, names and keys of another form than theirs are refused, so that only texts can hold surprises.
    static final class EventDecoder {

        static final String PREFIX = "EVENT ";
        static final String PUBLISHED = PREFIX + "published ";
        private static final byte[] PUBLISHED_BYTES = PUBLISHED.getBytes(UTF_8);

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

        static boolean isPublished(byte[] payload, int offset, int length) {
            return length >= PUBLISHED_BYTES.length && Arrays.equals(payload, offset, offset + PUBLISHED_BYTES.length,
                    PUBLISHED_BYTES, 0, PUBLISHED_BYTES.length);
        }

        /// The one event that is not a line of text.
        static Event published(byte[] payload, int offset, int length) throws ProtocolException {
            int from = offset + PUBLISHED_BYTES.length;
            int end = offset + length - 1;
            int space = Arguments.wordEnd(payload, from, end);
            if (space >= end || payload[end] != '\n') {
                throw unknown();
            }
            String channel = require(new String(payload, from, space - from, UTF_8), EventDecoder::isKey);
            return new Event.Published(channel, Arrays.copyOfRange(payload, space + 1, end));
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
                case "missed" -> complete(new Event.Missed(number()));
                case "notice" -> new Event.Notice(rest());
                default -> throw unknown();
            };
        }

        private Event keyEvent() throws ProtocolException {
            return switch (word()) {
                case "set" -> complete(new Event.KeySet(key()));
                case "deleted" -> complete(new Event.KeyDeleted(key()));
                case "expired" -> complete(new Event.KeyExpired(key()));
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
            return require(word(), EventDecoder::isKey);
        }

        private static boolean isKey(String word) {
            return !word.isEmpty() && word.chars().noneMatch(EventDecoder::isBlankOrControl);
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
}
