package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Configuration files and variables that are not as they should be: one clear line each.
class ConfigurationTest {
    @TempDir
    Path folder;
    private Terminal terminal;

    @BeforeEach
    void openTerminal() {
        terminal = new Terminal(folder);
        terminal.environment.put("HOME", folder.resolve("home").toString());
    }

    /// Every way in which a file is read: as configuration of the machine, of the user, of the folder, and by name.
    private void assertRefused(byte[] file, String where) throws IOException {
        Path user = Files.createDirectories(folder.resolve("home/.config/cipherlink")).resolve("cipherlink.yaml");
        Path system = Files.createDirectories(folder.resolve("etc")).resolve("cipherlink.yaml");
        for (Path path : new Path[] {user, system, folder.resolve("cipherlink.yaml"), folder.resolve("named.yaml")}) {
            Files.write(path, file);
            String shown = path.getFileName().toString().equals("named.yaml") ? "named.yaml"
                    : path.getParent().equals(folder) ? "./cipherlink.yaml" : path.toString();
            String[] command = shown.equals("named.yaml") ? new String[] {"serve", "--check", "--config", shown}
                    : new String[] {"serve", "--check"};
            assertEquals(2, terminal.run(command), terminal.err());
            assertEquals("cipherlink: cannot read " + shown + where + "\n", terminal.err());
            assertEquals(2, terminal.run("config", "show", "--config", path.toString()));
            assertTrue(terminal.err().contains("cannot read " + path + where), terminal.err());
            Files.delete(path);
        }
    }

    /// Issue 13.11b: a list that contains itself was a StackOverflowError, with status 70. Issue 14.27: of a key that stands twice
    /// the last counted.
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "a: &a [*a]                     | :1: anchors (&a) and aliases (*a) are not read here: write the value itself; quote one "
            + "that begins with & or *",
        "a: &a {b: *a}                  | :1: anchors (&a) and aliases (*a) are not read here: write the value itself; quote one "
            + "that begins with & or *",
        "x: 1;forward:;  allow: *:443   | :3: a value that begins with * or & must be in quotes",
        "forward:;  allow: *all         | :2: anchors (&all) and aliases (*all) are not read here: write the value itself; quote one "
            + "that begins with & or *",
        "server:;  port: 1;  port: 2    | :3: server.port stands in line 2 already",
        "server:;  port: 1;;server: {}  | :4: server stands in line 1 already",
        "server.port: 1;server: {port: 2} | :2: server.port stands in line 1 already",
        "a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}} | :1: no setting is nested as deeply as this",
        "a: 1;? [x]; : 2                | :2: a key must be a word",
        "a: 1;--- ;b: 2                 | :2: not YAML: but found another document",
        "server:; port: 1;\tx: 2        | :3: not YAML: found character '\\t(TAB)' that cannot start any token. (Do not use \\t(TAB) for indentation)"})
    void refusesWhatIsNoPlainTreeOfSettings(String yaml, String where) throws IOException {
        assertRefused(yaml.replace(';', '\n').getBytes(StandardCharsets.UTF_8), where);
    }

    /// Issue 13.11b: what would take a parser long, or a lot of stack or memory.
    @Test
    void refusesHugeAndDeepFilesAtOnce() throws IOException {
        assertRefused(("a: " + "[".repeat(60_000)).getBytes(StandardCharsets.UTF_8), ":1: no setting is nested as deeply as this");
        assertRefused("- ".repeat(30_000).getBytes(StandardCharsets.UTF_8), ":1: no setting is nested as deeply as this");
        assertRefused("# more\n".repeat(10_000).getBytes(StandardCharsets.UTF_8), ": it is longer than 64 KiB, so it is no configuration file");
    }

    /// Issue 14.11: "not YAML" or nothing at all was said.
    @Test
    void saysWhatIsWrongWithTheBytes() throws IOException {
        String yaml = "server:\n  port: 9\n";
        assertRefused(("\uFEFF" + yaml).getBytes(StandardCharsets.UTF_16LE), ": it is UTF-16 text: save it as UTF-8");
        assertRefused(("\uFEFF" + yaml).getBytes(StandardCharsets.UTF_16BE), ": it is UTF-16 text: save it as UTF-8");
        assertRefused((yaml + "# caf\u00e9\n").getBytes(StandardCharsets.ISO_8859_1), ":3: it is not UTF-8 text");
        assertRefused((yaml + "# \u0007\n").getBytes(StandardCharsets.UTF_8), ":3: not YAML: it has a control character");
    }

    /// Issue 14.11.
    @ParameterizedTest
    @ValueSource(strings = {"\uFEFFserver:\n  port: 9\n", "server:\r\n  port: 9\r\n", "\uFEFFserver:\r\n  port: 9", "# caf\u00e9\nserver.port: 9"})
    void readsAByteOrderMarkAndWindowsLineEnds(String yaml) throws IOException {
        Charset utf8 = StandardCharsets.UTF_8;
        Files.write(folder.resolve("cipherlink.yaml"), yaml.getBytes(utf8));
        assertEquals(0, terminal.run("config", "show"), terminal.err());
        assertTrue(terminal.out().contains(" 9                    ./cipherlink.yaml:"), terminal.out());
    }

    /// Issue 14.11: a variable from a file with Windows line ends.
    @ParameterizedTest
    @CsvSource({"SERVER_PORT, '9000\r', ' (the carriage return at its end is from a file with Windows line ends)'",
        "CLIENT_IDENTITY, '/k\r', ' (the carriage return at its end is from a file with Windows line ends)'",
        "CLIENT_SERVER, 'host:1\r', ' (the carriage return at its end is from a file with Windows line ends)'",
        "CLIENT_WINDOW, '7\n', ' (it ends with a line feed)'", "SERVER_DATA, '\uFEFF/d', ' (it begins with a byte order mark)'"})
    void saysWhatNobodySeesInAVariable(String name, String value, String why) {
        terminal.environment.put("CIPHERLINK_" + name, value);
        assertEquals(2, terminal.run("ping"));
        assertEquals(1, terminal.err().lines().count(), terminal.err());
        assertTrue(terminal.err().contains(": CIPHERLINK_" + name + " says '"), terminal.err());
        assertTrue(terminal.err().endsWith(why + "\n"), terminal.err());
    }

    private static final Map<String, String> SERVICE = Map.of("_SERVICE_HOST", "10.96.0.7", "_SERVICE_PORT", "8888",
            "_SERVICE_PORT_TUNNEL", "8888", "_PORT", "tcp://10.96.0.7:8888", "_PORT_8888_TCP", "tcp://10.96.0.7:8888",
            "_PORT_8888_TCP_PROTO", "tcp", "_PORT_8888_TCP_PORT", "8888", "_PORT_8888_TCP_ADDR", "10.96.0.7");

    /// Issue 14.8: every command ended with 2 beside a service called cipherlink; one called cipherlink-server also hides a setting.
    @ParameterizedTest
    @ValueSource(strings = {"CIPHERLINK", "CIPHERLINK_SERVER", "CIPHERLINK_STORE_2"})
    void variablesOfKubernetesServicesAreNotOurs(String service) {
        SERVICE.forEach((suffix, value) -> terminal.environment.put(service + suffix, value));
        assertEquals(0, terminal.run("config", "show"), terminal.err());
        assertTrue(terminal.out().contains(" 8888                 default\n"), terminal.out());
        SERVICE.keySet().forEach(suffix -> assertTrue(terminal.out().contains("# " + service + suffix
                + ": not ours: Kubernetes sets it for a service of that name\n"), terminal.out()));
        assertEquals(0, terminal.run("serve", "--check"), terminal.err());
        assertEquals("", terminal.err());
    }

    /// Issue 14.8: a mistyped variable is still an error.
    @Test
    void aVariableThatOnlyLooksLikeOneOfKubernetesIsRefused() {
        terminal.environment.put("CIPHERLINK_SERVICE_PORT", "9000");
        assertEquals(2, terminal.run("config", "show"));
        assertTrue(terminal.err().contains("CIPHERLINK_SERVICE_PORT: unknown environment variable, did you mean CIPHERLINK_SERVER_PORT?"),
                terminal.err());
        terminal.environment.put("CIPHERLINK_PORT", "9000");
        terminal.environment.put("CIPHERLINK_SERVICE_HOST", "10.96.0.7");
        assertEquals(2, terminal.run("config", "show"));
        terminal.environment.put("CIPHERLINK_PORT", "tcp://10.96.0.7:8888");
        assertEquals(0, terminal.run("config", "show"), terminal.err());
        terminal.environment.put("CIPHERLINK_PROT", "1");
        assertEquals(2, terminal.run("config", "show"));
        assertFalse(terminal.err().contains("CIPHERLINK_PORT:"), terminal.err());
    }
}
