package dev.cipherlink.settings;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import dev.cipherlink.text.CliException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// A configuration file, and its content as the value of every setting: values, or an error of the program with the file's name.
public final class SettingsFuzz implements FuzzTarget {
    private final Path file;

    public SettingsFuzz() throws IOException {
        file = Files.createTempFile("settings", ".yaml");
        file.toFile().deleteOnExit();
    }

    @Override
    public byte[][] seeds() {
        return FuzzTarget.utf8("server:\n  port: 8888\n  host: '*'\n", "client: {server: \"a:1\", suites: hybrid}\n", "store:\n  # nothing\n",
                "---\n{}\n", "a: &x [1, 2]\nb: *x\n", "\ufeffserver:\n  port: 1\n", "server:\n\tport: 1\n", "a: |\n  text\n  more\n", "a: !!int 3",
                "server.port: 5\nserver:\n  port: 6\n", "12s", "64m", "true", "localhost:80", "%YAML 1.2\n---\na: 1\n...\n");
    }

    /// Each writes a file.
    @Override
    public int rounds() {
        return 100;
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        boolean isValue = false;
        String text = new String(input, StandardCharsets.UTF_8);
        for (Setting setting : Setting.values()) {
            isValue |= accepts(setting, text);
        }
        return isValue | acceptsFile(input);
    }

    private boolean acceptsFile(byte[] input) throws IOException {
        Files.write(file, input);
        try {
            new YamlFile(file, "the-file").read();
            return true;
        } catch (CliException e) {
            assertTrue(e.getMessage().contains("the-file"), e.getMessage());
            return false;
        }
    }

    private static boolean accepts(Setting setting, String text) {
        try {
            setting.type().parse(text);
            return true;
        } catch (IllegalArgumentException | CliException _) {
            return false;
        }
    }
}
