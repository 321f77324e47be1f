package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.regex.Pattern;

/// What rooms, names and texts of the chat may be.
///
/// Rooms and names are ASCII: those of other scripts can look like each other. A text is valid UTF-8 without line feed,
/// since that ends an event; other control characters are kept as they are, and escaped by whoever shows them.
final class ChatRule {

    /// The most bytes of a text.
    static final int MAX_TEXT_BYTES = 4_096;

    private static final Pattern ROOM = Pattern.compile("#[A-Za-z0-9._-]{1,64}");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,31}");

    private ChatRule() {
    }

    static boolean isRoom(String word) {
        return ROOM.matcher(word).matches();
    }

    static boolean isName(String word) {
        return NAME.matcher(word).matches();
    }

    /// @throws CommandException if the bytes are not a room's name
    static String room(byte[] payload, int from, int to) throws CommandException {
        String word = new String(payload, from, to - from, UTF_8);
        if (!isRoom(word)) {
            throw new CommandException("room must be # and 1 to 64 letters, digits, '.', '_' or '-'");
        }
        return word;
    }

    /// @throws CommandException if nobody can have these bytes for a name
    static String name(byte[] payload, int from, int to) throws CommandException {
        String word = new String(payload, from, to - from, UTF_8);
        if (!isName(word)) {
            throw new CommandException("name must be 1 to 32 letters, digits, '.', '_' or '-', "
                    + "the first a letter or digit");
        }
        return word;
    }

    /// @throws CommandException if the bytes cannot be said
    static String text(byte[] payload, int from, int to) throws CommandException {
        if (from == to || to - from > MAX_TEXT_BYTES) {
            throw new CommandException("text must have 1 to " + MAX_TEXT_BYTES + " bytes, not " + (to - from));
        }
        for (int i = from; i < to; i++) {
            if (payload[i] == '\n') {
                throw new CommandException("text must not contain a line feed; send each line by itself");
            }
        }
        try {
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(payload, from, to - from)).toString();
        } catch (CharacterCodingException e) {
            throw new CommandException("text must be valid UTF-8");
        }
    }
}
