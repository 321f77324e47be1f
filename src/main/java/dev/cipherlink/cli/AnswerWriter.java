package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Verb;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Writes good answers to stdout: as JSON, safe for a terminal, or byte for byte.
final class AnswerWriter {
    private static final byte[] LINE_END = {'\n'};

    private final Output output;
    private final boolean raw;

    /// @param raw no escapes and no added line end, also on a terminal
    AnswerWriter(Output output, boolean raw) {
        this.output = output;
        this.raw = raw;
    }

    /// Writes the answer of a command of its own. A value that was asked for with GET is exact to the byte, unless it
    /// goes to a terminal: the line feed that the protocol adds is not part of it.
    void writeOnly(Verb verb, Reply reply) {
        boolean isValue = verb == Verb.GET;
        boolean exact = raw || isValue && !output.isStdoutTerminal();
        if (exact && !output.isJson()) {
            byte[] bytes = isValue ? Json.withoutLineEnd(reply.payload()) : reply.payload();
            output.bytes(bytes, bytes.length);
        } else {
            write(verb, reply, Optional.empty(), false);
        }
    }

    /// Writes one of many answers, so that each ends with a line feed.
    ///
    /// @param verb of the command, for JSON; null if nobody knows it
    /// @param line the number of the command's line, for JSON
    /// @param goesOn whether it is a part of an answer, and another follows
    void write(Verb verb, Reply reply, Optional<Integer> line, boolean goesOn) {
        byte[] payload = reply.payload();
        if (output.isJson()) {
            output.line(Json.answer(verb, payload, line, goesOn));
            return;
        }
        byte[] bytes = output.isStdoutTerminal() && !raw
                ? TerminalText.escape(payload).getBytes(StandardCharsets.UTF_8) : payload;
        output.bytes(bytes, bytes.length);
        if (bytes.length > 0 && bytes[bytes.length - 1] != '\n') {
            output.bytes(LINE_END, LINE_END.length);
        }
    }
}
