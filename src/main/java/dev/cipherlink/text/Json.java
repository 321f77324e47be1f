package dev.cipherlink.text;

import dev.cipherlink.command.Verb;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// Output of `--json`: one object a line. Members are only ever added.
public final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {
    }

    /// An answer: `{"ok":true,"value":"text"}`, with `values` for a list.
    ///
    /// @param line the number of the command's line in a script
    /// @param goesOn whether this is a part of the answer, and another follows
    public static String answer(Verb verb, byte[] payload, Optional<Integer> line, boolean goesOn) {
        Map<String, Object> members = members("ok", true);
        line.ifPresent(number -> members.put("line", number));
        members.putAll(value(verb, payload));
        if (goesOn) {
            members.put("more", true);
        }
        return object(members);
    }

    /// The member `values` with an array, if the answer to this verb is a list; else `value` with the text, or `value_b64` if
    /// the bytes are not UTF-8.
    ///
    /// @param verb null for none that is known
    public static Map<String, Object> value(Verb verb, byte[] payload) {
        return ListAnswer.of(verb, payload).<Map<String, Object>>map(items -> Map.of("values", items))
                .orElseGet(() -> value(withoutLineEnd(payload)));
    }

    /// The member `value` with a text, or `value_b64` if the bytes are not UTF-8.
    static Map<String, Object> value(byte[] value) {
        Optional<String> text = TerminalText.decode(value);
        return Map.of(text.isPresent() ? "value" : "value_b64", text.orElseGet(() -> Base64.getEncoder().encodeToString(value)));
    }

    /// A failure: `{"ok":false,"code":3,"error":"unreachable","message":"...","hint":"..."}`.
    public static String error(CliException failure, Optional<Integer> line) {
        Map<String, Object> members = members("ok", false, "code", failure.status().code(), "error", failure.status().jsonName());
        line.ifPresent(number -> members.put("line", number));
        members.put("message", failure.getMessage());
        failure.hint().ifPresent(hint -> members.put("hint", hint));
        return object(members);
    }

    /// The members of an object, in this order.
    ///
    /// @param pairs names and values by turns
    public static Map<String, Object> members(Object... pairs) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            members.put((String) pairs[i], pairs[i + 1]);
        }
        return members;
    }

    /// One line of JSON, safe for a terminal. Values are strings, booleans, whole numbers, doubles, null, lists and maps of them.
    public static String object(Map<String, ?> members) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            write(generator, members);
        }
        return TerminalText.json(text.toString());
    }

    private static void write(JsonGenerator generator, Object value) {
        switch (value) {
            case null -> generator.writeNull();
            case String text -> generator.writeString(text);
            case Boolean truth -> generator.writeBoolean(truth);
            case Integer number -> generator.writeNumber(number);
            case Long number -> generator.writeNumber(number);
            case Double number -> generator.writeNumber(number);
            case List<?> items -> {
                generator.writeStartArray();
                items.forEach(item -> write(generator, item));
                generator.writeEndArray();
            }
            case Map<?, ?> members -> {
                generator.writeStartObject();
                members.forEach((name, item) -> {
                    generator.writeName(name.toString());
                    write(generator, item);
                });
                generator.writeEndObject();
            }
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }

    /// The bytes without one line feed at their end: answers end with one that is not part of the value.
    public static byte[] withoutLineEnd(byte[] payload) {
        int length = payload.length;
        return length > 0 && payload[length - 1] == '\n' ? Arrays.copyOf(payload, length - 1) : payload;
    }
}
