package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Verb;
import java.io.IOException;

/// What became of one line of a script, or of the script.
sealed interface ScriptOutcome {

    /// Bytes that it keeps in memory, roughly.
    default int bytes() {
        return 0;
    }

    /// The server answered.
    ///
    /// @param verb null if the line begins with none
    /// @param head the first words of the command if the answer is an error, else null
    /// @param goesOn whether this is a part of a long answer, and another follows
    record Answered(int line, Verb verb, String head, Reply reply, boolean goesOn) implements ScriptOutcome {
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

    /// The line is no command, and was skipped.
    record Skipped(int line, CliException why) implements ScriptOutcome {
    }

    /// No more lines will come.
    ///
    /// @param failure why the script could not be read to its end, or a fault of ours; null if all is well
    record Ended(Exception failure) implements ScriptOutcome {
    }
}
