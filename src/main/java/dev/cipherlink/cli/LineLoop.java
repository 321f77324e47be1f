package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// The plain prompt: reads a command a line, sends it, shows the answer.
///
/// A prompt and greetings only where stdin and stderr are terminals. Runs on the calling thread.
final class LineLoop {
    private static final List<String> LEAVE = List.of("/quit", "quit", "exit");
    private static final List<String> HELP = List.of("/help", "help", "?");
    private static final String COMMANDS = """
            SET key value   GET key   DELETE key   EXISTS key   KEYS [prefix]   COUNT [prefix]
            INCR key [by]   APPEND key value   CAS key version value   PEEK key   EXPIRE key seconds
            TTL key   PERSIST key   ECHO text   TIME   PING   WHOAMI   SOCKETS   INFO
            /help   /quit (or Ctrl-D)""";

    private final Connection connection;
    private final Surroundings surroundings;
    private final Output output;

    LineLoop(Connection connection, Surroundings surroundings, Output output) {
        this.connection = connection;
        this.surroundings = surroundings;
        this.output = output;
    }

    /// Blocks until stdin ends or someone leaves.
    ///
    /// @return `REFUSED` if a command from a pipe failed, else `DONE`
    ExitStatus run() throws IOException, InterruptedException {
        boolean interactive = surroundings.terminals().stdin() && surroundings.terminals().stderr();
        AnswerWriter answers = new AnswerWriter(output, false);
        int failed = 0;
        BufferedReader lines = new BufferedReader(new InputStreamReader(surroundings.stdin(), StandardCharsets.UTF_8));
        for (String line = next(lines, interactive); line != null; line = next(lines, interactive)) {
            String command = line.strip();
            if (LEAVE.contains(command)) {
                break;
            }
            if (HELP.contains(command)) {
                output.line(COMMANDS);
            } else if (!command.isEmpty() && !command.startsWith("#")) {
                failed += run(line.stripLeading(), answers) ? 0 : 1;
            }
            output.flush();
        }
        return failed > 0 && !interactive ? ExitStatus.REFUSED : ExitStatus.DONE;
    }

    private String next(BufferedReader lines, boolean interactive) throws IOException {
        if (interactive) {
            output.errorText(connection.server() + "> ");
        }
        String line = lines.readLine();
        if (line == null && interactive) {
            output.errorText("\n");
        }
        return line;
    }

    private boolean run(String command, AnswerWriter answers) throws InterruptedException {
        Reply reply = connection.request(command.getBytes(StandardCharsets.UTF_8));
        if (reply.isError()) {
            output.flush();
            output.errorLine("ERROR " + TerminalText.escapeLine(reply.reason()));
            return false;
        }
        answers.write(reply, Optional.empty());
        return true;
    }
}
