package dev.cipherlink.cli;

import dev.cipherlink.cli.base.ClientCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Reply;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.console.Output.AnswerWriter;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.ListAnswer;
import dev.cipherlink.text.TerminalText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A command that asks the server one question and shows the lines of its answer.
abstract class QueryCommand extends ClientCommand {
    private final Command command;

    QueryCommand(Command command) {
        this.command = command;
    }

    /// What is asked; called once the arguments are known.
    Command command() {
        return command;
    }

    @Override
    public final ExitStatus run() throws InterruptedException {
        try (CliClient connection = connectOnce(clientSettings())) {
            Reply reply = connection.request(command().encode());
            if (reply.isError()) {
                throw new CliException(ExitStatus.of(reply), spec().qualifiedName().replaceFirst("^\\S+ ", "") + ": " + TerminalText.escapeLine(reply.reason()));
            }
            if (output().isJson()) {
                objects(reply.text().lines().toList()).forEach(object -> output().line(Json.object(object)));
            } else {
                new AnswerWriter(output(), false).write(null, reply, Optional.empty(), false);
            }
            return ExitStatus.DONE;
        }
    }

    /// The answer's objects for `--json`, one a line.
    abstract List<Map<String, Object>> objects(List<String> lines);

    /// One object from `name: value` lines; whole numbers become numbers.
    private static List<Map<String, Object>> ofNamedValues(List<String> lines) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("ok", true);
        for (String line : lines) {
            int colon = line.indexOf(": ");
            if (colon > 0) {
                members.put(line.substring(0, colon), ListAnswer.number(line.substring(colon + 2)));
            }
        }
        return List.of(members);
    }


    /// `whoami`.
    static final class WhoAmI extends QueryCommand {
        WhoAmI() {
            super(new Command.WhoAmI());
        }

        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Show how the server knows you: name, key, permissions, session.");
            syntax.examples("  cipherlink whoami", "  cipherlink whoami -s example.org:8888 --shared-key shared.key");
        }

        @Override
        List<Map<String, Object>> objects(List<String> lines) {
            return ofNamedValues(lines);
        }
    }

    /// `info`.
    static final class Info extends QueryCommand {
        Info() {
            super(new Command.Info());
        }

        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Show the server's counters.");
            syntax.examples("  cipherlink info", "  cipherlink info --json | jq .connections");
        }

        @Override
        List<Map<String, Object>> objects(List<String> lines) {
            return ofNamedValues(lines);
        }
    }

    /// `sockets`, and `connections list`.
    static final class Sockets extends QueryCommand {
        Sockets() {
            super(new Command.Sockets());
        }

        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Show the server's connections.",
                    "One a line: id, local address, remote address, state, name, mode, bytes in/out.");
            syntax.examples("  cipherlink sockets", "  cipherlink connections list --json | jq -r .remote");
        }

        @Override
        List<Map<String, Object>> objects(List<String> lines) {
            return lines.stream().map(ListAnswer::socket).toList();
        }
    }
}
