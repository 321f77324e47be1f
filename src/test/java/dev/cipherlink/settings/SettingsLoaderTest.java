package dev.cipherlink.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.ServerAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsLoaderTest {
    @TempDir
    Path folder;
    private Path working;
    private Path system;
    private Path user;
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void makeFolders() throws IOException {
        working = Files.createDirectories(folder.resolve("work"));
        system = Files.createDirectories(folder.resolve("etc"));
        user = Files.createDirectories(folder.resolve("xdg/cipherlink"));
        environment.put("XDG_CONFIG_HOME", folder.resolve("xdg").toString());
    }

    private void write(Path where, String yaml) throws IOException {
        Files.writeString(where.resolve("cipherlink.yaml"), yaml);
    }

    private Settings load() {
        return new SettingsLoader(environment, working, system).load(null);
    }

    @Test
    void hasAValidDefaultForEverySettingButKeyFiles() {
        Settings settings = load().requireValid();
        assertEquals(8888, settings.whole(Setting.SERVER_PORT));
        assertEquals(Duration.ofSeconds(10), settings.duration(Setting.SERVER_GRACE_PERIOD));
        assertEquals(16 << 20, settings.size(Setting.STORE_MAX_VALUE_SIZE));
        assertEquals(new ServerAddress("127.0.0.1", 8888), settings.address(Setting.CLIENT_SERVER));
        assertEquals(Optional.of("default"), settings.origin(Setting.SERVER_PORT));
        assertEquals(Optional.empty(), settings.file(Setting.CLIENT_SHARED_KEY));
    }

    @Test
    void theAgentsSocketIsInTheRuntimeFolderElseWithTheState() {
        environment.put("XDG_STATE_HOME", "/state");
        assertEquals(Optional.of(Path.of("/state/cipherlink/agent")), load().file(Setting.AGENT_SOCKET));
        environment.put("XDG_RUNTIME_DIR", "relative");
        assertEquals(Optional.of(Path.of("/state/cipherlink/agent")), load().file(Setting.AGENT_SOCKET));
        environment.put("XDG_RUNTIME_DIR", "/run/user/7");
        assertEquals(Optional.of(Path.of("/run/user/7/cipherlink/agent")), load().file(Setting.AGENT_SOCKET));
    }

    @Test
    void aCredentialWithTheNameOfAFilesSettingIsThatFile() throws IOException {
        Path credentials = Files.createDirectories(folder.resolve("credentials"));
        environment.put("CREDENTIALS_DIRECTORY", credentials.toString());
        for (String name : List.of("server.identity", "server.passphrase-file", "server.port", "client.identity", "other")) {
            Files.writeString(credentials.resolve(name), "x");
        }
        write(user, "server:\n  identity: own\nclient:\n  identity: own\n");
        environment.put("CIPHERLINK_CLIENT_IDENTITY", "/named");
        Settings settings = load().requireValid();
        assertEquals(Optional.of(credentials.resolve("server.identity")), settings.file(Setting.SERVER_IDENTITY));
        assertEquals(Optional.of("$CREDENTIALS_DIRECTORY"), settings.origin(Setting.SERVER_IDENTITY));
        assertEquals(Optional.of(credentials.resolve("server.passphrase-file")), settings.file(Setting.SERVER_PASSPHRASE_FILE));
        assertEquals(Optional.empty(), settings.file(Setting.CLIENT_PASSPHRASE_FILE));
        assertEquals(Optional.of(Path.of("/named")), settings.file(Setting.CLIENT_IDENTITY));
        assertEquals(8888, settings.whole(Setting.SERVER_PORT));
    }

    @Test
    void strongerSourcesCoverWeakerOnes() throws IOException {
        assertPort(8888, "default");
        write(system, "server:\n  port: 1\n");
        assertPort(1, system.resolve("cipherlink.yaml") + ":2");
        write(user, "\nserver:\n  port: 2\n");
        assertPort(2, user.resolve("cipherlink.yaml") + ":3");
        write(working, "server.port: 3\n");
        assertPort(3, "./cipherlink.yaml:1");
        environment.put("CIPHERLINK_SERVER_PORT", "4");
        assertPort(4, "CIPHERLINK_SERVER_PORT");
        Settings options = load().with(new OptionLayer().put(Setting.SERVER_PORT, "--port", "5").layer(working));
        assertEquals(5, options.whole(Setting.SERVER_PORT));
        assertEquals(Optional.of("option --port"), options.origin(Setting.SERVER_PORT));
    }

    private void assertPort(int port, String origin) {
        Settings settings = load().requireValid();
        assertEquals(port, settings.whole(Setting.SERVER_PORT));
        assertEquals(Optional.of(origin), settings.origin(Setting.SERVER_PORT));
    }

    @Test
    void keysOfSeveralFilesAddUp() throws IOException {
        write(system, "server:\n  max-window: 7\n");
        write(working, "server:\n  max-connections: 9\n");
        Settings settings = load().requireValid();
        assertEquals(7, settings.whole(Setting.SERVER_MAX_WINDOW));
        assertEquals(9, settings.whole(Setting.SERVER_MAX_CONNECTIONS));
    }

    @Test
    void aNamedFileReplacesTheOneInTheWorkingFolder() throws IOException {
        write(working, "server:\n  port: 1\n");
        Files.writeString(working.resolve("other.yaml"), "server:\n  max-window: 2\n");
        Settings settings = new SettingsLoader(environment, working, system).load("other.yaml").requireValid();
        assertEquals(8888, settings.whole(Setting.SERVER_PORT));
        assertEquals(Optional.of("other.yaml:2"), settings.origin(Setting.SERVER_MAX_WINDOW));
        CliException missing = assertThrows(CliException.class,
                () -> new SettingsLoader(environment, working, system).load("nope.yaml"));
        assertEquals("cannot read nope.yaml: no such file", missing.getMessage());
    }

    @Test
    void everyKeyHasAVariableOfItsOwn() {
        assertEquals(Setting.values().length,
                Arrays.stream(Setting.values()).map(Setting::variable).distinct().count());
        environment.put("CIPHERLINK_SERVER_MAX_CONNECTIONS", "12");
        assertEquals(12, load().requireValid().whole(Setting.SERVER_MAX_CONNECTIONS));
    }

    @Test
    void namesEveryProblemWithItsPlace() throws IOException {
        write(working, "server:\n  prot: 1\n  port: 99999\nclient:\n  timeout: 10\nfoo: [1, 2]\n");
        environment.put("CIPHERLINK_SERVR_PORT", "1");
        environment.put("CIPHERLINK_CLIENT_WINDOW", "many");
        List<String> problems = load().problems();
        assertTrue(problems.contains("server.prot: unknown key in ./cipherlink.yaml:2, did you mean server.port?"), problems::toString);
        assertTrue(problems.contains("server.port: ./cipherlink.yaml:3 says '99999', must be a port, 0 to 65535 (0: any free one)"));
        assertTrue(problems.stream().anyMatch(p -> p.startsWith("client.timeout: ./cipherlink.yaml:5 says '10', must be a number with a unit")));
        assertTrue(problems.stream().anyMatch(p -> p.startsWith("foo: unknown key in ./cipherlink.yaml:6")));
        assertTrue(problems.contains("CIPHERLINK_SERVR_PORT: unknown environment variable, did you mean CIPHERLINK_SERVER_PORT?"));
        assertTrue(problems.contains("client.window: CIPHERLINK_CLIENT_WINDOW says 'many', must be a whole number, 1 to 32767"));
        assertEquals(6, problems.size());
        CliException failure = assertThrows(CliException.class, () -> load().requireValid());
        assertEquals(ExitStatus.USAGE, failure.status());
        assertTrue(failure.getMessage().endsWith("(and 5 more)"), failure.getMessage());
    }

    @Test
    void findsAWrongValueBehindAStrongerGoodOne() throws IOException {
        write(system, "server:\n  port: x\n");
        write(working, "server:\n  port: 1\n");
        assertEquals(1, load().problems().size());
        assertEquals(1, load().whole(Setting.SERVER_PORT));
    }

    @Test
    void saysWhereAFileIsNoYaml() throws IOException {
        write(working, "server:\n  port: [1\nclient: x");
        assertEquals(List.of("cannot read ./cipherlink.yaml:3: not YAML: expected ',' or ']', but got :"), load().problems());
        write(working, "- a\n- b\n");
        assertEquals(List.of("cannot read ./cipherlink.yaml: its top level must be keys with values, such as `server:`"),
                load().problems());
    }

    @Test
    void acceptsEmptyFilesAndSections() throws IOException {
        write(working, "");
        write(user, "server:\n# port: 1\nstore: {}\n");
        assertEquals(List.of(), load().problems());
    }

    @Test
    void doesNotFollowReferencesOrSystemProperties() throws IOException {
        write(user, "client:\n  shared-key: ${user.home}/key\n");
        assertEquals(Optional.of("${user.home}/key"), load().text(Setting.CLIENT_SHARED_KEY));
    }

    @Test
    void fileNamesAreRelativeToTheFileThatNamesThem() throws IOException {
        write(user, "client:\n  shared-key: my.key\n");
        assertEquals(Optional.of(user.resolve("my.key")), load().file(Setting.CLIENT_SHARED_KEY));
        environment.put("CIPHERLINK_CLIENT_SHARED_KEY", "my.key");
        assertEquals(Optional.of(working.resolve("my.key")), load().file(Setting.CLIENT_SHARED_KEY));
    }

    @Test
    void ignoresARelativeXdgFolder() throws IOException {
        write(user, "server:\n  port: 1\n");
        environment.put("XDG_CONFIG_HOME", "xdg");
        assertEquals(8888, load().whole(Setting.SERVER_PORT));
    }
}
