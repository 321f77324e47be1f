package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import java.io.IOException;

/// What became of one line of a script, or of the script.
sealed interface ScriptOutcome {

    /// Bytes that it keeps in memory, roughly.
    default int bytes() {
        return 0;
    }

    /// The server answered.
    ///
    /// @param head the first words of the command if the answer is an error, else null
    record Answered(int line, String head, Reply reply) implements ScriptOutcome {
        @Override
        public int bytes() {
            return reply.payload().length;
        }
    }

    /// The server answered with a part of a long answer; others of the same line follow.
    record Part(int line, Reply reply) implements ScriptOutcome {
        @Override
        public int bytes() {
            return reply.payload().length;
        }
    }

    /// The connection ended first.
    ///
    /// @param mayHaveRun the command was on its way, and would have changed data
    record Lost(int line, String head, boolean wasSent, boolean mayHaveRun, IOException cause) implements ScriptOutcome {
    }

    /// The line was longer than any command, and was skipped.
    record TooLong(int line) implements ScriptOutcome {
    }

    /// No more lines will come.
    ///
    /// @param failure why the script could not be read to its end, or a fault of ours; null if all is well
    record Ended(Exception failure) implements ScriptOutcome {
    }
}
