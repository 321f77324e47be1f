package dev.cipherlink.audit;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// An event of the log: its name, and named values in order. The names are stable; `docs/operations.md` lists them.
///
/// To be logged as the only parameter of the message [#MESSAGE]: then it has members of its own in a log of JSON.
public final class AuditEvent {

    public static final String MESSAGE = "{0}";

    private final String name;
    private final Map<String, Object> fields = new LinkedHashMap<>();

    public AuditEvent(String name) {
        this.name = name;
    }

    /// Adds a text or a number. Null and the empty text are left out.
    public AuditEvent with(String field, Object value) {
        if (value != null && !value.equals("")) {
            fields.put(field, value instanceof Number ? value : value.toString());
        }
        return this;
    }

    public String name() {
        return name;
    }

    /// In the order in which they were added.
    public Map<String, Object> fields() {
        return Collections.unmodifiableMap(fields);
    }

    /// `name field=value ...`. A text is in double quotes if it has a blank, a control character or one of `"`, `=` and `\`;
    /// in quotes a backslash stands before `"` and `\`.
    @Override
    public String toString() {
        var line = new StringBuilder(name);
        fields.forEach((field, value) -> {
            String text = value.toString();
            boolean isPlain = text.chars().allMatch(c -> c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7F);
            line.append(' ').append(field).append('=');
            if (isPlain) {
                line.append(text);
            } else {
                line.append('"').append(text.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
            }
        });
        return line.toString();
    }
}
