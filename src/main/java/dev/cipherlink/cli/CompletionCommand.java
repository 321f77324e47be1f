package dev.cipherlink.cli;

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

    @Parameters(paramLabel = "bash|zsh", description = "The shell.")
    String shell;

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
