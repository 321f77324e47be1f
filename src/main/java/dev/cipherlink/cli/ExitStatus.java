package dev.cipherlink.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/// How the program ends. The numbers are stable: scripts depend on them.
enum ExitStatus {
    DONE(0, "done", "done"),
    REFUSED(1, "refused", "the server answered ERROR; for commands on stdin: at least one of them"),
    USAGE(2, "usage", "wrong usage, configuration or local file"),
    UNREACHABLE(3, "unreachable", "cannot connect, or the connection was lost"),
    AUTHENTICATION(4, "authentication", "authentication failed: wrong key, changed host key, or not authorized"),
    UNKNOWN_OUTCOME(5, "unknown_outcome", "the connection was lost before a write was answered: its outcome is unknown"),
    BUG(70, "bug", "a fault of this program"),
    INTERRUPTED(130, "interrupted", "interrupted by Ctrl-C");

    /// What the shell reports for a process that died of SIGPIPE: the reader of our stdout has left.
    static final int BROKEN_PIPE = 141;

    private final int code;
    private final String jsonName;
    private final String meaning;

    ExitStatus(int code, String jsonName, String meaning) {
        this.code = code;
        this.jsonName = jsonName;
        this.meaning = meaning;
    }

    int code() {
        return code;
    }

    /// The word for this status in `--json` errors.
    String jsonName() {
        return jsonName;
    }

    /// The table that stands in every help text, in the order of the codes.
    static Map<String, String> table() {
        Map<String, String> table = new LinkedHashMap<>();
        for (ExitStatus status : values()) {
            table.put(String.valueOf(status.code), status.meaning);
        }
        table.put(String.valueOf(BROKEN_PIPE), "whoever read our stdout has left");
        return table;
    }
}
