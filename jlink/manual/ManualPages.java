package dev.cipherlink.cli;

import dev.cipherlink.cli.Program.CommandTree;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.text.CliException.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// Writes the manual: a page for each command, from what `--help` shows, and `cipherlink.yaml(5)` from the table of settings.
///
/// `jlink/Manual.java` compiles and runs this while it builds the image; it is no part of it. The macros are those of man(7).
final class ManualPages {
    private static final int WIDTH = 72;
    private static final String ROOT = "cipherlink";

    private final Path folder;
    private final String version;
    private final String date;

    private ManualPages(Path folder, String version, String date) {
        this.folder = folder;
        this.version = version;
        this.date = date;
    }

    /// @param args the folder `man`, the version, and the date of the pages
    public static void main(String[] args) throws IOException {
        var surroundings = new ProcessEnvironment(null, null, null, Map.of(), Path.of(""), Path.of("/etc/cipherlink"), Terminals.NONE);
        var pages = new ManualPages(Path.of(args[0]), args[1], args[2]);
        pages.write(CommandTree.create(surroundings).getCommandSpec());
        pages.writeSettings();
    }

    private void write(CommandSpec command) throws IOException {
        Page page = new Page(name(command), 1, "User Commands");
        String[] about = command.usageMessage().description();
        page.section("NAME").text(name(command) + " - " + formatted(withoutPeriod(about[0])));
        page.section("SYNOPSIS");
        page.macro("B", command.qualifiedName()).text(synopsis(command));
        page.section("DESCRIPTION");
        paragraphs(page, List.of(about));
        arguments(page, command);
        Syntax.groups(command).forEach((heading, options) -> options(page, heading, options));
        commands(page, command);
        page.section("EXAMPLES");
        examples(page, command.usageMessage().footer());
        page.section("EXIT STATUS");
        if (command.parent() == null) {
            ExitStatus.table().forEach((code, meaning) -> page.item("\\fB" + code + "\\fR").text(meaning));
            page.section("FILES");
            page.item("\\fI/etc/cipherlink/cipherlink.yaml\\fR").text("Settings; see cipherlink.yaml(5).");
        } else {
            page.text("See cipherlink(1).");
        }
        page.section("SEE ALSO");
        List<String> others = new ArrayList<>(command.parent() == null ? List.of() : List.of(name(command.parent()) + "(1)"));
        command.subcommands().values().forEach(below -> others.add(name(below.getCommandSpec()) + "(1)"));
        others.add("cipherlink.yaml(5)");
        page.text(String.join(", ", others));
        page.write();
        for (CommandLine below : command.subcommands().values()) {
            write(below.getCommandSpec());
        }
    }

    private static String name(CommandSpec command) {
        return command.qualifiedName("-");
    }

    private static String withoutPeriod(String sentence) {
        return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
    }

    /// What follows the name.
    private static String synopsis(CommandSpec command) {
        String whole = new CommandLine.Help(command, CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF)).synopsis(0);
        return whole.strip().substring(command.qualifiedName().length()).replaceAll("\\s+", " ").strip();
    }

    private static void paragraphs(Page page, List<String> paragraphs) {
        for (int i = 0; i < paragraphs.size(); i++) {
            if (i > 0) {
                page.macro("PP", "");
            }
            page.text(formatted(paragraphs.get(i)));
        }
    }

    private static void arguments(Page page, CommandSpec command) {
        if (!command.positionalParameters().isEmpty()) {
            page.section("ARGUMENTS");
            for (PositionalParamSpec parameter : command.positionalParameters()) {
                page.item("\\fI" + escape(parameter.paramLabel()) + "\\fR");
                page.text(formatted(String.join(" ", parameter.description())));
            }
        }
    }

    private static void options(Page page, String heading, List<OptionSpec> options) {
        if (!options.isEmpty()) {
            page.section(heading.replace(":", "").toUpperCase(java.util.Locale.ROOT));
            for (OptionSpec option : options) {
                String names = String.join("\\fR, \\fB", List.of(option.names()).stream().map(ManualPages::escape).toList());
                String label = option.arity().max() == 0 ? "" : " \\fI" + escape(option.paramLabel()) + "\\fR";
                page.item("\\fB" + names + "\\fR" + label);
                page.text(formatted(String.join(" ", option.description())));
            }
        }
    }

    private static void commands(Page page, CommandSpec command) {
        if (!command.subcommands().isEmpty()) {
            page.section("COMMANDS");
            for (CommandLine below : command.subcommands().values()) {
                page.item("\\fB" + escape(name(below.getCommandSpec())) + "\\fR(1)");
                page.text(formatted(below.getCommandSpec().usageMessage().description()[0]));
            }
        }
    }

    private static void examples(Page page, String[] lines) {
        page.macro("nf", "");
        String last = "";
        for (String line : lines) {
            boolean isOfTheHelpOnly = line.startsWith("Exit status:") || line.isEmpty() && last.isEmpty();
            if (!isOfTheHelpOnly && !line.isEmpty()) {
                if (!last.isEmpty() || page.isFirst) {
                    page.line(escape(formatted(line)));
                } else {
                    page.macro("sp", "").line(escape(formatted(line)));
                }
                page.isFirst = false;
            }
            last = line;
        }
        page.macro("fi", "");
    }

    /// Texts of the help are format strings.
    private static String formatted(String text) {
        return text.replace("%n", " ").replace("%%", "%");
    }

    private void writeSettings() throws IOException {
        Page page = new Page("cipherlink.yaml", 5, "File Formats");
        page.section("NAME").text("cipherlink.yaml - settings of cipherlink");
        page.section("DESCRIPTION");
        paragraphs(page, List.of(
                "Settings come from these places, the weakest first: built-in defaults, `/etc/cipherlink/cipherlink.yaml`, "
                        + "`$XDG_CONFIG_HOME/cipherlink/cipherlink.yaml`, `./cipherlink.yaml` or the file of `--config`, environment "
                        + "variables, options. `cipherlink config show` prints each with its value and its origin, and "
                        + "`cipherlink serve --check` reports everything that is wrong.",
                "A file is YAML, and the parts of a name are its levels. A name of a file in it is relative to its own "
                        + "folder. A file that another user could change is refused.",
                "A duration has a unit, such as `500ms`, `10s`, `2m` or `14d`; a size may have one, such as `64KiB`."));
        page.section("SETTINGS");
        for (Setting setting : Setting.values()) {
            page.item("\\fB" + escape(setting.key()) + "\\fR");
            String described = setting.description();
            page.text(Character.toUpperCase(described.charAt(0)) + described.substring(1) + ". Must be " + setting.type().allowed()
                    + "." + setting.defaultText().map(text -> " Default: `" + text + "`.").orElse("")
                    + " Variable: `" + setting.variable() + "`.");
        }
        page.section("EXAMPLES");
        examples(page, new String[] {"server:", "  host: '*'", "  max-connections: 2000", "store:", "  durability: everysec"});
        page.section("FILES");
        page.item("\\fI/etc/cipherlink/cipherlink.yaml\\fR").text("Of the whole machine.");
        page.item("\\fI~/.config/cipherlink/cipherlink.yaml\\fR").text("Of a user.");
        page.section("SEE ALSO");
        page.text("cipherlink(1), cipherlink-serve(1), cipherlink-config(1)");
        page.write();
    }

    private static String escape(String text) {
        var escaped = new StringBuilder();
        text.chars().forEach(character -> {
            switch (character) {
                case '\\' -> escaped.append("\\e");
                case '-' -> escaped.append("\\-");
                case '\'' -> escaped.append("\\(aq");
                case '`' -> escaped.append("\\(ga");
                case '^' -> escaped.append("\\(ha");
                case '~' -> escaped.append("\\(ti");
                default -> {
                    if (character < 0x80) {
                        escaped.append((char) character);
                    } else {
                        escaped.append(String.format("\\[u%04X]", character));
                    }
                }
            }
        });
        return escaped.toString();
    }

    /// One page, built line by line.
    private final class Page {
        private final String name;
        private final int number;
        private final StringBuilder text = new StringBuilder();
        /// Whether the next line of examples is the first.
        private boolean isFirst = true;

        Page(String name, int number, String title) {
            this.name = name;
            this.number = number;
            line(".TH " + escape(name.toUpperCase(java.util.Locale.ROOT)) + " " + number + " " + date + " \"" + ROOT + " " + version
                    + "\" \"" + title + "\"");
        }

        Page section(String heading) {
            return line(".SH " + heading);
        }

        /// One of a list; its text follows.
        Page item(String head) {
            return line(".TP").line(head);
        }

        Page macro(String macro, String argument) {
            return line(("." + macro + " " + escape(argument)).strip());
        }

        Page line(String line) {
            text.append(line).append('\n');
            return this;
        }

        /// Fills lines, and begins one with each sentence, as man pages do. What stands between backticks is bold.
        Page text(String words) {
            var line = new StringBuilder();
            boolean isBold = false;
            for (String word : words.strip().split("\\s+")) {
                long ticks = word.chars().filter(character -> character == '`').count();
                String shown = escape(word).replace("\\(ga", "\u0000");
                boolean wasBold = isBold;
                for (long i = 0; i < ticks; i++) {
                    shown = shown.replaceFirst("\u0000", isBold ? "\\\\fR" : "\\\\fB");
                    isBold = !isBold;
                }
                if (!line.isEmpty() && line.length() + shown.length() >= WIDTH) {
                    flush(line);
                }
                line.append(line.isEmpty() ? "" : " ").append(shown);
                if (!wasBold && !isBold && word.matches(".*[.?!][)`]*")) {
                    flush(line);
                }
            }
            flush(line);
            return this;
        }

        /// A line that begins with a dot or an apostrophe would be a macro.
        private void flush(StringBuilder line) {
            if (!line.isEmpty()) {
                line(line.charAt(0) == '.' ? "\\&" + line : line.toString());
                line.setLength(0);
            }
        }

        void write() throws IOException {
            Path file = folder.resolve("man" + number).resolve(name + "." + number);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        }
    }
}
