package dev.cipherlink.cli;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.NearestMatch;
import dev.cipherlink.text.TerminalText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/// `help`: that of a command, or of a topic.
final class HelpCommand extends ProgramCommand {
    private static final String EXIT_STATUS = "exit-status";

    private List<String> words = List.of();

    @Override
    public void describe(Syntax syntax) {
        syntax.about("Show the help of a command, or what the exit statuses mean.");
        syntax.examples("  cipherlink help kv", "  cipherlink help keygen identity", "  cipherlink help exit-status");
        syntax.parameters("0..*", "COMMAND", given -> words = given, "A command and those under it, or exit-status.");
    }

    @Override
    public ExitStatus run() {
        if (words.equals(List.of(EXIT_STATUS))) {
            output().line("Exit status:");
            ExitStatus.table().forEach((code, meaning) -> output().line(String.format("  %-4d %s", code, meaning)));
            return ExitStatus.DONE;
        }
        CommandLine command = spec().root().commandLine();
        for (String word : words) {
            Map<String, CommandLine> below = command.getSubcommands();
            command = below.get(word);
            if (command == null) {
                List<String> known = new ArrayList<>(below.keySet());
                known.add(EXIT_STATUS);
                throw CliException.usage("no help about " + TerminalText.escapeLine(word)
                        + NearestMatch.find(word, known).map(near -> ", did you mean " + near + "?").orElse(""))
                        .withHint("cipherlink help");
            }
        }
        command.usage(spec().root().commandLine().getOut());
        return ExitStatus.DONE;
    }
}
