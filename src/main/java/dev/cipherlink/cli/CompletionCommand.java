package dev.cipherlink.cli;

import java.util.List;
import picocli.AutoComplete;

/// `completion bash|zsh`: a script that teaches the shell our commands and options.
final class CompletionCommand extends ProgramCommand {

    private String shell;

    @Override
    void describe(Syntax syntax) {
        syntax.about("Print a completion script for a shell.");
        syntax.examples("  source <(cipherlink completion bash)",
                "  cipherlink completion bash > ~/.local/share/bash-completion/completions/cipherlink",
                "  source <(cipherlink completion zsh)");
        syntax.parameter("bash|zsh", List.of("bash", "zsh"), given -> shell = given, "The shell.");
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
