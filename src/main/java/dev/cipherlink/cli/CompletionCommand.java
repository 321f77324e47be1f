package dev.cipherlink.cli;

import dev.cipherlink.cli.Program.CommandTree;
import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.TerminalText;
import java.util.List;
import java.util.Map;

/// `completion bash|zsh|fish`: a script that has the shell ask this program what can be completed; and the answer to that.
final class CompletionCommand extends ProgramCommand {
    private static final String WORDS = "words";

    private static final Map<String, String> SCRIPTS = Map.of("bash", """
            _cipherlink() {
                local text=${COMP_LINE:0:COMP_POINT} line cur done_part
                local -a typed
                read -ra typed <<< "$text"
                case $text in *[[:space:]]) typed+=("") ;; esac
                cur=${typed[${#typed[@]}-1]}
                done_part=${cur%"${cur##*[:=]}"} # readline completes behind the last of these only
                COMPREPLY=()
                while IFS= read -r line; do
                    case $line in
                        :files) compopt -o filenames 2>/dev/null
                            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur") ;;
                        :folders) compopt -o filenames 2>/dev/null
                            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$cur") ;;
                        *) COMPREPLY+=("${line#"$done_part"}") ;;
                    esac
                done < <("${typed[0]}" completion words "${typed[@]:1}" 2>/dev/null)
            }
            complete -F _cipherlink cipherlink""", "zsh", """
            #compdef cipherlink
            _cipherlink() {
                local line
                for line in "${(@f)$(cipherlink completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
                    case $line in
                        :files) _files ;;
                        :folders) _files -/ ;;
                        ?*) compadd -- "$line" ;;
                    esac
                done
            }
            if [ "$funcstack[1]" = _cipherlink ]; then # in a file of $fpath
                _cipherlink "$@"
            else
                autoload -U +X compinit && compinit
                compdef _cipherlink cipherlink
            fi""", "fish", """
            function __cipherlink_words
                set -l typed (commandline -opc) (commandline -ct)
                for line in (cipherlink completion words $typed[2..-1] 2>/dev/null)
                    switch $line
                        case :files
                            __fish_complete_path (commandline -ct)
                        case :folders
                            __fish_complete_directories (commandline -ct)
                        case '*'
                            echo $line
                    end
                end
            end
            complete -c cipherlink -f -a '(__cipherlink_words)'""");

    private List<String> words = List.of();

    @Override
    public void describe(Syntax syntax) {
        syntax.about("Print a completion script for a shell: commands, options, files, hosts that are known, verbs, durations, and "
                + "the keys and rooms of the server.");
        syntax.examples("  source <(cipherlink completion bash)",
                "  cipherlink completion fish | source",
                "  cipherlink completion zsh > ~/.cipherlink-completion.zsh");
        syntax.parameters("1..*", "bash|zsh|fish", given -> words = given, "The shell.");
        syntax.endsOptionsAtFirstParameter();
    }

    @Override
    public ExitStatus run() {
        String shell = words.getFirst();
        if (shell.equals(WORDS)) {
            new Completion(CommandTree.create(surroundings()), surroundings(), readSettings(), words.subList(1, words.size()))
                    .candidates().forEach(output()::line);
            return ExitStatus.DONE;
        }
        if (words.size() > 1) {
            throw CliException.usage("unexpected argument: " + TerminalText.escapeLine(words.get(1)));
        }
        String script = SCRIPTS.get(shell);
        if (script == null) {
            throw CliException.usage("unknown shell: " + TerminalText.escapeLine(shell) + ", must be bash, zsh or fish");
        }
        output().line(script);
        return ExitStatus.DONE;
    }
}
