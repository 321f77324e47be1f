package dev.cipherlink.cli;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.command.Command;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.ListAnswer;
import java.util.List;
import java.util.Map;

/// `connections` and `sessions`: what operators see of a server's clients, and how they end it.
abstract class OperatorCommand extends ProgramCommand {

    @Override
    public final ExitStatus run() {
        throw CliException.usage(spec().name() + ": list or end?").withHint("cipherlink " + spec().name() + " list");
    }

    /// `connections`.
    static final class Connections extends OperatorCommand {
        @Override
        public void describe(Syntax syntax) {
            syntax.about("Show the server's connections, or end one. For operators.");
            syntax.examples("  cipherlink connections list", "  cipherlink connections end 12");
            syntax.subcommand("list", new QueryCommand.Sockets());
            syntax.subcommand("end", new EndConnection());
        }
    }

    /// `sessions`.
    static final class Sessions extends OperatorCommand {
        @Override
        public void describe(Syntax syntax) {
            syntax.about("Show the server's sessions, or end those of a client. For operators.");
            syntax.examples("  cipherlink sessions list", "  cipherlink sessions end bob");
            syntax.subcommand("list", new ListSessions());
            syntax.subcommand("end", new EndSessions());
        }
    }

    private static final class ListSessions extends QueryCommand {
        ListSessions() {
            super(new Command.Sessions());
        }

        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Show the server's sessions.",
                    "One a line: name, connected or waiting for its client, and for how many seconds it has been waiting.");
            syntax.examples("  cipherlink sessions list", "  cipherlink sessions list --json | jq -r .name");
        }

        @Override
        List<Map<String, Object>> objects(List<String> lines) {
            return lines.stream().map(ListAnswer::session).toList();
        }
    }

    private static final class EndConnection extends QueryCommand {
        private String id;

        EndConnection() {
            super(null);
        }

        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("End a connection. Its client may connect again and go on with its session.",
                    "`cipherlink keys revoke` and `keys deny` keep a client out.");
            syntax.examples("  cipherlink connections end 12");
            syntax.parameter("1", "ID", given -> id = given, "As `cipherlink connections list` shows it.");
        }

        @Override
        Command command() {
            if (!id.matches("[1-9]\\d{0,17}")) {
                throw CliException.usage("the id of a connection is a number").withHint("cipherlink connections list");
            }
            return new Command.EndSocket(Long.parseLong(id));
        }

        @Override
        List<Map<String, Object>> objects(List<String> lines) {
            return List.of(Map.of("ok", true));
        }
    }

    private static final class EndSessions extends QueryCommand {
        private String name;

        EndSessions() {
            super(null);
        }

        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("End all sessions of a client, and their connections; show how many there were.",
                    "The client leaves its rooms, and may connect again: `cipherlink keys revoke` and `keys deny` keep it out.");
            syntax.examples("  cipherlink sessions end bob");
            syntax.parameter("1", "NAME", given -> name = given, "As `cipherlink sessions list` shows it.");
        }

        @Override
        Command command() {
            if (!PublicKeyLine.isName(name)) {
                throw CliException.usage("that is no name of a client").withHint("cipherlink sessions list");
            }
            return new Command.EndSessions(name);
        }

        @Override
        List<Map<String, Object>> objects(List<String> lines) {
            return List.of(Json.members("ok", true, "ended", ListAnswer.number(lines.getFirst())));
        }
    }
}
