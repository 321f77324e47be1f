package dev.cipherlink.cli;

import dev.cipherlink.command.Event;
import dev.cipherlink.command.Verb;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Answers that are lists, for `--json`.
final class ListAnswer {

    private ListAnswer() {
    }

    /// The items: keys as strings, all else as objects.
    ///
    /// @param verb null for none that is known
    /// @return empty if the answer to this verb is no list, or not in the form that this version knows
    static Optional<List<?>> of(Verb verb, byte[] payload) {
        return switch (verb) {
            case KEYS -> Optional.of(lines(payload));
            case ROOMS -> objects(payload, "room", "people", "id");
            case WHO -> objects(payload, "name", "state", "seconds");
            case SOCKETS -> Optional.of(lines(payload).stream().map(QueryCommand.Sockets::object).toList());
            case HISTORY -> history(payload);
            case null, default -> Optional.empty();
        };
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
            members.put(names[i], QueryCommand.number(row[i]));
        }
        return members;
    }

    private static Optional<List<?>> history(byte[] payload) {
        try {
            return Optional.of(Event.decodeAll(payload).stream().map(JsonScreen::members).toList());
        } catch (ProtocolException _) {
            return Optional.empty();
        }
    }
}
