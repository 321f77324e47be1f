package dev.cipherlink.cli;

import java.util.Iterator;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `completion bash|zsh`: a script that teaches the shell our commands and options.
@Command(name = "completion", description = "Print a completion script for a shell.",
        footer = {
            "  source <(cipherlink completion bash)",
            "  cipherlink completion bash > ~/.local/share/bash-completion/completions/cipherlink",
            "  source <(cipherlink completion zsh)"
        })
final class CompletionCommand extends ProgramCommand {

    @Parameters(paramLabel = "bash|zsh", completionCandidates = Shells.class, description = "The shell.")
    String shell;

    /// What can be completed here.
    static final class Shells implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("bash", "zsh").iterator();
        }
    }

    @Override
    ExitStatus run() {
        switch (shell) {
            case "bash" -> output().line(script());
            case "zsh" -> output().line("autoload -U +X compinit && compinit\n"
                    + "autoload -U +X bashcompinit && bashcompinit\n" + script());
            default -> throw CliException.usage("unknown shell: " + TerminalText.escapeLine(shell) + ", must be bash or zsh");
        }
        return ExitStatus.DONE;
    }

    private String script() {
        return AutoComplete.bash("cipherlink", CommandTree.create(surroundings())).stripTrailing();
    }
}
