package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.Program.CommandTree;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.text.CliException.ExitStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// The manual pages and completion scripts of the image: whole, and in good form.
class ManualIT {
    private static final Path SHARE = Path.of("target/cipherlink/share");
    private static final Path PAGES = SHARE.resolve("man/man1");

    @Test
    void eachCommandHasAPageWithItsOptions() throws IOException {
        var expected = new TreeSet<String>();
        var missing = new ArrayList<String>();
        for (CommandLine command : commands(CommandTree.create(new ProcessEnvironment(null, null, null, Map.of(), Path.of(""),
                Path.of(""), Terminals.NONE)))) {
            String name = command.getCommandSpec().qualifiedName("-") + ".1";
            expected.add(name);
            String page = Files.readString(PAGES.resolve(name));
            for (OptionSpec option : command.getCommandSpec().options()) {
                Stream.of(option.names()).map(each -> "\\fB" + each.replace("-", "\\-") + "\\fR")
                        .filter(each -> !page.contains(each)).forEach(each -> missing.add(name + ": " + each));
            }
        }
        assertEquals(List.of(), missing);
        try (Stream<Path> pages = Files.list(PAGES)) {
            assertEquals(expected, new TreeSet<>(pages.map(page -> page.getFileName().toString()).toList()));
        }
    }

    private static List<CommandLine> commands(CommandLine command) {
        return Stream.concat(Stream.of(command), command.getSubcommands().values().stream()
                .flatMap(below -> commands(below).stream())).toList();
    }

    @Test
    void eachSettingAndExitStatusIsThere() throws IOException {
        String settings = Files.readString(SHARE.resolve("man/man5/cipherlink.yaml.5"));
        String program = Files.readString(PAGES.resolve("cipherlink.1"));

        for (Setting setting : Setting.values()) {
            assertTrue(settings.contains("\n.TP\n\\fB" + setting.key().replace("-", "\\-") + "\\fR\n"), setting.key());
        }
        ExitStatus.table().keySet().forEach(code -> assertTrue(program.contains("\n\\fB" + code + "\\fR\n"), String.valueOf(code)));
    }

    @Test
    void mandocFindsNothingToSay() throws Exception {
        var command = new ArrayList<>(List.of("mandoc", "-Tlint"));
        try (Stream<Path> pages = Files.walk(SHARE.resolve("man"))) {
            pages.filter(Files::isRegularFile).map(Path::toString).forEach(command::add);
        }
        Process mandoc = new ProcessBuilder(command).redirectErrorStream(true).start();

        assertEquals("", new String(mandoc.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(0, mandoc.waitFor());
    }

    /// zsh calls the file of its `fpath` as a function.
    @Test
    void theShellsTakeTheirScripts() throws Exception {
        requireSaid("complete -F _cipherlink cipherlink", "bash", "-c",
                ". " + SHARE.resolve("bash-completion/completions/cipherlink") + "; complete -p cipherlink");
        requireSaid("_cipherlink", "zsh", "-fc", "fpath=(" + SHARE.resolve("zsh/site-functions").toAbsolutePath()
                + "); autoload -U +X _cipherlink; head -n 1 $fpath[1]/_cipherlink | grep -q '^#compdef cipherlink$' && print ${(k)functions[(I)_cipherlink]}");
        requireSaid("complete", "fish", "--no-execute", SHARE.resolve("fish/vendor_completions.d/cipherlink.fish").toString());
    }

    private static void requireSaid(String expected, String... command) throws Exception {
        Process shell = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, shell.waitFor(), said);
        assertTrue(command[0].equals("fish") ? said.isEmpty() : said.contains(expected), said);
    }
}
