package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.Program.CommandTree;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.console.Terminal;
import dev.cipherlink.settings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// The program without a server.
class ProgramTest {
    @TempDir
    Path folder;
    private Terminal terminal;

    @BeforeEach
    void openTerminal() {
        terminal = new Terminal(folder);
    }

    /// Issue 14.15: chat, forward and store were missing.
    @Test
    void listsItsCommandsInGroupsWithoutArguments() {
        assertEquals(0, terminal.run());
        assertTrue(terminal.out().matches("(?s)cipherlink - .*?\n\nBegin with:\n  demo .*\n  serve .*\n  kv .*"), terminal.out());
        assertEquals(List.of(), terminal.out().lines().filter(line -> line.length() > 80).toList());
        assertEquals("", terminal.err());
    }

    static List<String> commands() {
        return CommandTree.names();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithAnExampleInEightyColumns(String command) {
        assertEquals(0, terminal.run(command, "--help"));
        assertTrue(terminal.out().contains("Examples:\n  "), terminal.out());
        assertTrue(terminal.out().contains("cipherlink " + command), terminal.out());
        assertTrue(terminal.out().endsWith("Exit status: cipherlink help exit-status\n"), terminal.out());
        assertEquals(List.of(), terminal.out().lines().filter(line -> line.length() > 80).toList());
        assertEquals("", terminal.err());
    }

    /// Issue 14.26 and 15: lines beyond 80 columns were broken in the midst of an example.
    @Test
    void everyExampleOfEveryPageCanBePasted() {
        List<String> broken = new ArrayList<>();
        pages(CommandTree.create(new ProcessEnvironment(null, null, null, terminal.environment, folder, folder, Terminals.NONE)), broken);
        assertEquals(List.of(), broken);
    }

    private void pages(CommandLine page, List<String> broken) {
        String shown = page.getUsageMessage(CommandLine.Help.Ansi.OFF);
        String[] footer = page.getCommandSpec().usageMessage().footer();
        for (String line : footer) {
            if (!line.contains("cipherlink ") && !line.startsWith("      ")) {
                continue;
            }
            boolean isWhole = shown.contains("\n" + line.replace("%%", "%") + "\n");
            if (!isWhole || line.startsWith("  ") && (line.contains("...") || line.contains(", then"))) {
                broken.add(page.getCommandSpec().qualifiedName() + ": " + line);
            }
        }
        if (Arrays.stream(footer).noneMatch(line -> line.contains("cipherlink "))) {
            broken.add(page.getCommandSpec().qualifiedName() + ": no example");
        }
        page.getSubcommands().values().forEach(below -> pages(below, broken));
    }

    /// Only the commands that are named are made, and all for help: however it is asked for.
    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h", "-vh", "help", "--help=true"})
    void helpListsEveryCommand(String asked) {
        assertEquals(0, terminal.run(asked));
        commands().forEach(command -> assertTrue(terminal.out().contains("\n  " + command + " "), terminal.out()));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theSummaryNamesEveryCommand(String command) {
        terminal.run();
        assertTrue(terminal.out().matches("(?s).*(  |, )" + command + "(  |, ).*"), terminal.out());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "srve                      | unknown command: srve, did you mean serve?",
        "frobnicate                | unknown command: frobnicate",
        "ping --jsn                | unknown option: --jsn, did you mean --json?",
        "kv --jsn GET k            | unknown option: --jsn, did you mean --json?",
        "kv GET --json             | --json stands behind GET: options go in front of it",
        "kv KEYS tmp: --limit 5    | --limit stands behind KEYS: options go in front of it",
        "kv GET k --from f         | --from stands behind GET: options go in front of it",
        "kv GET k extra            | usage: GET key, and here are 2 arguments",
        "kv SET k two words        | usage: SET key value, and here are 3 arguments",
        "kv SET k                  | usage: SET key value",
        "kv SET k --               | usage: SET key value",
        "kv SET k --from           | --from needs the name of a file",
        "kv SET k --ask x          | --ask is the value, and nothing follows it",
        "kv --from f SET k --ask   | either --from or --ask",
        "kv --ask --from f SET k   | either --from or --ask",
        "kv --ask GET k            | GET takes no value: --ask does not belong to it",
        "kv GET k --ask            | --ask stands behind GET: options go in front of it",
        "kv --ask                  | kv: --ask needs a command",
        "kv SET k --ask            | --ask asks on a terminal, and there is none",
        "kv SET k --from a b       | --from FILE is the value, and nothing follows it",
        "kv --from f GET k         | GET takes no value: --from does not belong to it",
        "kv GTE k                  | unknown command: GTE, did you mean GET?",
        "kv INCR n x               | INCR: by must be a decimal number from -9223372036854775808 to 9223372036854775807",
        "kv KEYS a 0               | KEYS: limit must be a whole number from 1 on, not '0'",
        "kv --limit 5 KEYS a 5     | the limit of KEYS stands there twice: --limit 5 and 5",
        "kv --limit 5 GET a        | --limit is for KEYS",
        "srve --help               | unknown command: srve, did you mean serve?",
        "ping extra --help         | unexpected argument: extra",
        "keygen shred              | unknown command: shred, did you mean shared?",
        "ping extra                | unexpected argument: extra",
        "-q                        | no command given",
        "ping --count 0            | wrong value for --count: '0', must be a whole number, 1 to 1000000",
        "ping -s host:99999        | wrong value for --server: 'host:99999', must be HOST, HOST:PORT or [IPV6]:PORT",
        "ping --server-port x      | wrong value for --server-port: 'x', must be a whole number, 1 to 65535",
        "-s h serve                | serve connects to no server: --server does not belong to it",
        "kv --from x               | kv: --from needs a command",
        "kv --file x GET a         | kv: either a command or --file, not both",
        "completion csh            | unknown shell: csh, must be bash, zsh or fish",
        "bench --ratio 0:0         | wrong value for --ratio: '0:0', must be GET:SET, two whole numbers such as 9:1"})
    void namesWhatIsWrongAndExitsWithTwo(String line, String message) {
        assertEquals(2, terminal.run(line.strip().split(" ")));
        assertEquals("cipherlink: " + message, terminal.err().lines().findFirst().orElseThrow());
        assertEquals("", terminal.out());
        assertTrue(terminal.err().lines().count() <= 2, terminal.err());
    }

    @Test
    void reportsErrorsAsJsonWhenAsked() {
        assertEquals(2, terminal.run("ping", "--json", "--count", "x"));
        assertEquals("{\"ok\":false,\"code\":2,\"error\":\"usage\",\"message\":\"wrong value for --count: 'x', "
                + "must be a whole number, 1 to 1000000\"}\n", terminal.err());
    }

    @Test
    void makesAKeyFileThatOnlyItsOwnerCanRead() throws IOException {
        assertEquals(0, terminal.run("keygen", "shared"));
        Path file = folder.resolve("keys/shared_key.key");
        assertEquals(32, Files.size(file));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertTrue(terminal.out().matches("keys/shared_key\\.key shared:[0-9a-f]{16}\n"), terminal.out());
    }

    @Test
    void replacesAKeyFileOnlyWithForce() throws IOException {
        terminal.run("keygen", "shared", "k");
        byte[] first = Files.readAllBytes(folder.resolve("k"));
        assertEquals(2, terminal.run("keygen", "shared", "k"));
        assertTrue(terminal.err().startsWith("cipherlink: cannot write k: the file exists"), terminal.err());
        assertTrue(Arrays.equals(first, Files.readAllBytes(folder.resolve("k"))));
        assertEquals(0, terminal.run("keygen", "shared", "--force", "k"));
        assertFalse(Arrays.equals(first, Files.readAllBytes(folder.resolve("k"))));
    }

    @Test
    void showsEverySettingAndWhereItCameFrom() {
        terminal.environment.put("CIPHERLINK_SERVER_PORT", "9000");
        assertEquals(0, terminal.run("config", "show"));
        assertEquals(Setting.values().length, terminal.out().lines().filter(line -> !line.startsWith("# ")).count());
        assertTrue(terminal.out().contains("9000                 CIPHERLINK_SERVER_PORT\n"), terminal.out());
        assertEquals(0, terminal.run("config", "show", "--json"));
        assertTrue(terminal.out().contains("\"key\":\"server.port\",\"value\":\"9000\",\"origin\":\"CIPHERLINK_SERVER_PORT\""));
    }

    @Test
    void helpListsEverySetting() {
        terminal.run("config", "--help");
        Setting.keys().forEach(key -> assertTrue(terminal.out().contains("\n  " + key + " "), key));
    }

    @Test
    void checkReportsEveryProblemAtOnce() throws IOException {
        Files.writeString(folder.resolve("c.yaml"), "server:\n  prot: 1\n  port: x\n  data: d\n");
        assertEquals(2, terminal.run("serve", "--check", "--config", "c.yaml"));
        assertEquals(3, terminal.err().lines().count(), terminal.err());
        Files.writeString(folder.resolve("c.yaml"), "server:\n  shared-key: k\n  data: d\n");
        terminal.run("keygen", "shared", "k");
        assertEquals(0, terminal.run("serve", "--check", "--config", "c.yaml"), terminal.err());
        assertEquals("configuration is good\n", terminal.out());
    }

    /// Issue 14.26: options and commands were all that was completed, in two shells.
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"'ke' | keygen,keys", "'kv ' | ECHO,GET,WATCH", "'kv ge' | GET", "'kv --fr' | --from",
        "'kv --from ' | :files", "'kv SET k --from ' | :files", "'kv SET k ' | --from", "'kv EXPIRE k ' | 3600", "'ping --timeout 1' | 10s,1m",
        "'-s ' | example.org:8888", "'kv --server=x -s ex' | example.org:8888", "'serve --data ' | :folders", "'keygen ' | identity,shared",
        "'ping --operation-mode b' | burst"})
    void completesWhatBelongsThere(String typed, String expected) throws IOException {
        Files.createDirectories(folder.resolve("state/cipherlink"));
        Files.writeString(folder.resolve("state/cipherlink/known_hosts"), "# comment\nexample.org:8888 cipherlink-x25519 AAAA 2026\n");
        terminal.environment.put("XDG_STATE_HOME", folder.resolve("state").toString());
        List<String> args = new ArrayList<>(List.of("completion", "words"));
        args.addAll(List.of(typed.split(" ", -1)));
        assertEquals(0, terminal.run(args.toArray(String[]::new)), terminal.err());
        List<String> said = terminal.out().lines().toList();
        assertTrue(said.containsAll(List.of(expected.split(","))), said.toString());
        String last = args.getLast().toUpperCase(Locale.ROOT);
        assertTrue(said.stream().allMatch(each -> each.startsWith(":") || each.toUpperCase(Locale.ROOT).startsWith(last)), said.toString());
    }

    @ParameterizedTest
    @CsvSource({"bash", "zsh", "fish"})
    void printsACompletionScript(String shell) {
        assertEquals(0, terminal.run("completion", shell));
        assertTrue(terminal.out().contains("completion words"), terminal.out());
    }

    @Test
    void refusesAKeyFileThatOthersMayRead() throws IOException {
        terminal.run("keygen", "shared", "k");
        Files.setPosixFilePermissions(folder.resolve("k"), PosixFilePermissions.fromString("rw-r--r--"));
        assertEquals(2, terminal.run("ping", "--shared-key", "k"));
        assertTrue(terminal.err().contains("chmod 600"), terminal.err());
    }

    @Test
    void putsTheTraceBehindTwoVs() {
        terminal.run("ping", "--shared-key", "none");
        assertEquals(1, terminal.err().lines().count());
        terminal.run("-v", "ping", "-v", "--shared-key", "none");
        assertTrue(terminal.err().contains("\tat "), terminal.err());
    }

    @Test
    void helpShowsTheExitStatusesAndSuggestsWhatWasMeant() {
        assertEquals(0, terminal.run("help", "exit-status"));
        assertTrue(terminal.out().startsWith("Exit status:\n  0    done\n  1    no: not found; "), terminal.out());
        assertTrue(terminal.out().contains("\n  70   a fault of this program, or Java did not start\n"), terminal.out());
        assertEquals(2, terminal.run("help", "exit-statis"));
        assertTrue(terminal.err().startsWith("cipherlink: no help about exit-statis, did you mean exit-status?\n"), terminal.err());
        assertEquals(2, terminal.run("help", "keygen", "identty"));
        assertTrue(terminal.err().contains("did you mean identity?"), terminal.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"keys", "hosts", "keygen", "config list", "completion bash zsh", "completion csh"})
    void aCommandThatNeedsAnotherWordSaysWhich(String line) {
        assertEquals(2, terminal.run(line.split(" ")));
        assertTrue(terminal.err().startsWith("cipherlink: "), terminal.err());
        assertEquals("", terminal.out());
    }

    @Test
    void theVersionIsThatOfTheJarOrNone() {
        assertEquals(0, terminal.run("--version"));
        assertEquals("cipherlink development\n", terminal.out());
    }

    @Test
    void serveTakesItsKeysAlsoInFrontOfItsName() {
        terminal.environment.put("HOME", folder.toString());
        assertEquals(0, terminal.run("keygen", "shared", "k"), terminal.err());
        assertEquals(0, terminal.run("--shared-key", "k", "serve", "--check"), terminal.err());
        assertEquals("configuration is good\n", terminal.out());
        assertEquals(2, terminal.run("--identity", "nowhere", "serve", "--check"));
        assertTrue(terminal.err().contains("cannot use identity "), terminal.err());
        assertEquals(2, terminal.run("--timeout", "1s", "serve", "--check"));
        assertTrue(terminal.err().startsWith("cipherlink: serve connects to no server: --timeout does not belong to it\n"), terminal.err());
    }

    @Test
    void checkTellsEachProblemOnALineOfItsOwn() {
        terminal.environment.put("HOME", folder.toString());
        assertEquals(2, terminal.run("serve", "--check", "--json", "--shared-key", "nowhere", "--host", "no.such.host.invalid"));
        assertEquals(2, terminal.err().lines().filter(line -> line.startsWith("{\"ok\":false,\"code\":2,")).count(), terminal.err());
        assertTrue(terminal.err().contains("says 'no.such.host.invalid': no such host"), terminal.err());
        assertEquals("", terminal.out());
    }
}
