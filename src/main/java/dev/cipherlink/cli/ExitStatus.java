package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import java.util.Map;
import java.util.TreeMap;

/// How the program ends, the better ones first. The numbers are stable: scripts depend on them.
enum ExitStatus {
    DONE(0, "done", "done"),
    NOT_FOUND(1, "not_found", Meaning.NO),
    CONFLICT(1, "conflict", Meaning.NO),
    DAMAGED(1, "damaged", Meaning.NO),
    REFUSED(6, "refused", "the server refused a command, or failed at it: not allowed, wrong, no room"),
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

    /// The status for the answer to a command.
    static ExitStatus of(Reply answer) {
        if (!answer.isError()) {
            return DONE;
        }
        String reason = answer.reason();
        return reason.equals("not found") ? NOT_FOUND : reason.startsWith("conflict, version is ") ? CONFLICT : REFUSED;
    }

    /// All codes and what they mean, in their order.
    static Map<Integer, String> table() {
        Map<Integer, String> table = new TreeMap<>();
        for (ExitStatus status : values()) {
            table.put(status.code, status.meaning);
        }
        table.put(BROKEN_PIPE, "whoever read our stdout has left");
        return table;
    }

    private static final class Meaning {
        static final String NO = "no: not found; CAS: another version; store check: damaged";
    }
}
