package dev.cipherlink.cli;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.ForwardProfile;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.util.ArrayList;
import java.util.List;

/// `config show`: every setting, its effective value, and where it came from.
final class ConfigCommand extends ProgramCommand {

    private String action;

    @Override
    public void describe(Syntax syntax) {
        syntax.about("Show the effective configuration and where each value came from.");
        List<String> lines = new ArrayList<>(List.of(
                "  cipherlink config show",
                "  CIPHERLINK_SERVER_PORT=9000 cipherlink config show",
                "",
                "Order, the weakest first: built-in defaults, /etc/cipherlink/cipherlink.yaml,",
                "$XDG_CONFIG_HOME/cipherlink/cipherlink.yaml, ./cipherlink.yaml (or the file of",
                "--config), environment variables, options. The last lines, which begin with #,",
                "say which files were read.",
                "",
                "Settings, each also as a variable such as " + Setting.SERVER_MAX_WINDOW.variable() + ":"));
        for (Setting setting : Setting.values()) {
            String value = setting.defaultText().map(text -> " (" + text + ")").orElse("");
            lines.add(String.format("  %-35s %s%s", setting.key(), setting.description(), value));
        }
        syntax.examples(lines.toArray(String[]::new));
        syntax.parameter("show", List.of("show"), given -> action = given, "The only action.");
    }

    @Override
    public ExitStatus run() {
        if (!"show".equals(action)) {
            throw CliException.usage("unknown action: config " + TerminalText.escapeLine(action))
                    .withHint("cipherlink config show");
        }
        Settings settings = readSettings();
        for (Setting setting : Setting.values()) {
            show(setting, settings);
        }
        settings.forwardProfiles().forEach(this::show);
        settings.sources().forEach(this::show);
        List<String> problems = settings.problems();
        if (!problems.isEmpty()) {
            output().flush();
            settings.requireValid();
        }
        return ExitStatus.DONE;
    }

    private void show(Settings.Source source) {
        if (output().isJson()) {
            output().line(Json.object(Json.members("source", source.place(), "outcome", source.outcome(), "why", source.why())));
        } else {
            output().line("# " + TerminalText.escapeLine(source.place()) + ": " + source.outcome()
                    + (source.why().isEmpty() ? "" : ": " + source.why()));
        }
    }

    private void show(String name, ForwardProfile profile) {
        if (output().isJson()) {
            output().line(Json.object(Json.members("key", "forward." + name, "value", profile.shown(), "origin", profile.origin())));
        } else {
            output().line(String.format("%-35s %-20s %s", "forward." + name, TerminalText.escapeLine(profile.shown()),
                    TerminalText.escapeLine(profile.origin())));
        }
    }

    private void show(Setting setting, Settings settings) {
        String value = settings.text(setting).map(setting.type()::shown).orElse(null);
        String origin = settings.origin(setting).orElse("not set");
        if (output().isJson()) {
            output().line(Json.object(Json.members("key", setting.key(), "value", value,
                    "origin", origin, "variable", setting.variable(), "allowed", setting.type().allowed(),
                    "description", setting.description())));
        } else {
            output().line(String.format("%-35s %-20s %s", setting.key(), TerminalText.escapeLine(value == null ? "" : value),
                    TerminalText.escapeLine(origin)));
        }
    }
}
