package dev.cipherlink.text;

import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyItems;
import dev.cipherlink.command.Verb;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Answers that are lists, for `--json`, and their items for people.
public final class ListAnswer {

    private static final List<String> SOCKET_COLUMNS = List.of("id", "local", "remote", "state", "name", "mode");

    private static final String[] SESSION_COLUMNS = {"name", "state", "seconds"};

    private ListAnswer() {
    }

    /// The items: keys as strings, all else as objects.
    ///
    /// @param verb null for none that is known
    /// @return empty if the answer to this verb is no list, or not in the form that this version knows
    static Optional<List<?>> of(Verb verb, byte[] payload) {
        return switch (verb) {
            case KEYS -> Optional.of(lines(payload));
            case MGET, TXN -> items(payload);
            case PUT -> hasItems(payload) ? items(payload) : Optional.empty();
            case ROOMS -> objects(payload, "room", "people", "id");
            case WHO -> objects(payload, "name", "state", "seconds");
            case SESSIONS -> objects(payload, SESSION_COLUMNS);
            case SOCKETS -> isOfEnd(payload) ? Optional.empty()
                    : Optional.of(lines(payload).stream().map(ListAnswer::socket).toList());
            case HISTORY -> history(payload);
            case null, default -> Optional.empty();
        };
    }

    /// Whether it answers `SOCKETS END`.
    private static boolean isOfEnd(byte[] payload) {
        return lines(payload).equals(List.of("OK"));
    }

    /// Each item as the answer of its command alone, without the verb: `value` or `value_b64`, or `error`.
    private static Optional<List<?>> items(byte[] payload) {
        try {
            return Optional.of(ReplyItems.split(payload).stream().map(reply -> reply.isError() ? Map.of("error", reply.reason())
                    : Json.value(Json.withoutLineEnd(reply.payload()))).toList());
        } catch (ProtocolException _) {
            return Optional.empty();
        }
    }

    /// Whether it answers a PUT that asked for the value before.
    private static boolean hasItems(byte[] payload) {
        return payload.length > 0 && (payload[0] == '+' || payload[0] == '-');
    }

    /// The items for people, a line each: a value with its control characters escaped, `(not found)`, or `ERROR` and the reason.
    ///
    /// @param verb null for none that is known
    /// @return empty if the answer to this verb has no items
    public static Optional<List<String>> itemLines(Verb verb, byte[] payload) {
        if (verb != Verb.MGET && verb != Verb.TXN && (verb != Verb.PUT || !hasItems(payload))) {
            return Optional.empty();
        }
        try {
            return Optional.of(ReplyItems.split(payload).stream().map(reply -> !reply.isError()
                    ? TerminalText.escapeLine(TerminalText.escape(Json.withoutLineEnd(reply.payload())))
                    : reply.reason().equals(Reply.NOT_FOUND.reason()) ? "(not found)" : "ERROR " + TerminalText.escapeLine(reply.reason())).toList());
        } catch (ProtocolException _) {
            return Optional.empty();
        }
    }

    private static List<String> lines(byte[] payload) {
        return payload.length == 0 ? List.of()
                : List.of(new String(Json.withoutLineEnd(payload), StandardCharsets.UTF_8).split("\n", -1));
    }

    private static Optional<List<?>> objects(byte[] payload, String... names) {
        List<String[]> rows = lines(payload).stream().map(line -> line.split(" ")).toList();
        return rows.stream().allMatch(row -> row.length == names.length)
                ? Optional.of(rows.stream().map(row -> object(row, names)).toList()) : Optional.empty();
    }

    private static Map<String, Object> object(String[] row, String[] names) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (int i = 0; i < names.length; i++) {
            members.put(names[i], number(row[i]));
        }
        return members;
    }

    private static Optional<List<?>> history(byte[] payload) {
        try {
            return Optional.of(Event.decodeAll(payload).stream().map(JsonEvents::members).toList());
        } catch (ProtocolException _) {
            return Optional.empty();
        }
    }

    /// A line of SOCKETS.
    public static Map<String, Object> socket(String line) {
        Map<String, Object> members = new LinkedHashMap<>();
        String[] words = line.split(" ");
        for (int i = 0; i < SOCKET_COLUMNS.size() && i < words.length; i++) {
            members.put(SOCKET_COLUMNS.get(i), i == 0 ? number(words[i]) : words[i]);
        }
        String[] bytes = words[Math.min(SOCKET_COLUMNS.size(), words.length - 1)].split("/");
        members.put("bytes_in", number(bytes[0]));
        members.put("bytes_out", number(bytes[bytes.length - 1]));
        if (words.length > SOCKET_COLUMNS.size() + 1) {
            members.put("target", words[words.length - 1]);
        }
        return members;
    }

    /// A line of SESSIONS.
    public static Map<String, Object> session(String line) {
        return object(line.split(" "), SESSION_COLUMNS);
    }

    /// A whole number where the text is one.
    public static Object number(String text) {
        return text.matches("-?\\d{1,18}") ? (Object) Long.valueOf(text) : text;
    }
}
