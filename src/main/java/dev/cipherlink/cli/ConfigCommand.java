package dev.cipherlink.cli;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `config show`: every setting, its effective value, and where it came from.
@Command(name = "config", description = "Show the effective configuration and where each value came from.",
        footer = {
            "  cipherlink config show",
            "  CIPHERLINK_SERVER_PORT=9000 cipherlink config show",
            "",
            "Order, the weakest first: built-in defaults, /etc/cipherlink/cipherlink.yaml,",
            "$XDG_CONFIG_HOME/cipherlink/cipherlink.yaml, ./cipherlink.yaml (or the file of --config),",
            "environment variables, options."
        })
final class ConfigCommand extends ProgramCommand {

    @Parameters(paramLabel = "show", completionCandidates = Actions.class, description = "What to do: show.")
    String action;

    /// What can be completed here.
    static final class Actions implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("show").iterator();
        }
    }

    @Override
    ExitStatus run() {
        if (!"show".equals(action)) {
            throw CliException.usage("unknown action: config " + TerminalText.escapeLine(action))
                    .withHint("cipherlink config show");
        }
        Settings settings = readSettings();
        for (Setting setting : Setting.values()) {
            show(setting, settings);
        }
        List<String> problems = settings.problems();
        if (!problems.isEmpty()) {
            output().flush();
            settings.requireValid();
        }
        return ExitStatus.DONE;
    }

    private void show(Setting setting, Settings settings) {
        String value = settings.text(setting).orElse("");
        String origin = settings.origin(setting).orElse("not set");
        if (output().isJson()) {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("key", setting.key());
            members.put("value", settings.text(setting).orElse(null));
            members.put("origin", origin);
            members.put("variable", setting.variable());
            members.put("allowed", setting.type().allowed());
            members.put("description", setting.description());
            output().line(Json.object(members));
        } else {
            output().line(String.format("%-35s %-20s %s", setting.key(), TerminalText.escapeLine(value),
                    TerminalText.escapeLine(origin)));
        }
    }
}
