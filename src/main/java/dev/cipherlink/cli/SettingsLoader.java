package dev.cipherlink.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Reads configuration files and environment variables into [Settings].
///
/// The order, the weakest first: defaults, `/etc/cipherlink/cipherlink.yaml`, `$XDG_CONFIG_HOME/cipherlink/cipherlink.yaml`,
/// `./cipherlink.yaml` or the file of `--config`, environment variables. Options come on top with [Settings#with].
final class SettingsLoader {
    private static final String FILE_NAME = "cipherlink.yaml";
    private static final String PREFIX = "CIPHERLINK_";
    private static final String CONFIG_VARIABLE = PREFIX + "CONFIG";
    /// Variables with our prefix that are not settings.
    private static final List<String> OTHER_VARIABLES = List.of(CONFIG_VARIABLE, PREFIX + "NO_COLOR", PREFIX + "JAVA_OPTS");

    private final Map<String, String> environment;
    private final Path workingFolder;
    private final Path systemFolder;
    private final Folders folders;
    private final List<String> problems = new ArrayList<>();

    /// @param systemFolder where the configuration of the whole machine is: `/etc/cipherlink`
    SettingsLoader(Map<String, String> environment, Path workingFolder, Path systemFolder) {
        this.environment = environment;
        this.workingFolder = workingFolder;
        this.systemFolder = systemFolder;
        this.folders = Folders.of(environment);
    }

    /// Reads everything; what is wrong is found with [Settings#problems]. Blocks on the disk.
    ///
    /// @param configFile the file of `--config`, or null
    Settings load(String configFile) {
        List<Layer> layers = new ArrayList<>();
        layers.add(environmentLayer());
        String named = configFile != null ? configFile : environment.get(CONFIG_VARIABLE);
        if (named != null) {
            read(named(named), named, true).ifPresent(layers::add);
        } else {
            read(workingFolder.resolve(FILE_NAME), "./" + FILE_NAME, false).ifPresent(layers::add);
        }
        folders.config().map(folder -> folder.resolve(FILE_NAME))
                .flatMap(file -> read(file, file.toString(), false)).ifPresent(layers::add);
        Path system = systemFolder.resolve(FILE_NAME);
        read(system, system.toString(), false).ifPresent(layers::add);
        layers.add(Layer.defaults(workingFolder, folders));
        return new Settings(layers, problems);
    }

    private Path named(String name) {
        try {
            return workingFolder.resolve(name);
        } catch (InvalidPathException e) {
            throw CliException.usage("cannot read " + TerminalText.escapeLine(name) + ": " + e.getReason()).withCause(e);
        }
    }

    private Optional<Layer> read(Path file, String shownName, boolean required) {
        if (!required && !Files.exists(file)) {
            return Optional.empty();
        }
        if (!Files.exists(file)) {
            throw CliException.usage("cannot read " + TerminalText.escapeLine(shownName) + ": no such file");
        }
        try {
            return Optional.of(new YamlFile(file, shownName).read());
        } catch (CliException e) {
            problems.add(e.getMessage());
            return Optional.empty();
        }
    }

    private Layer environmentLayer() {
        Map<String, String> values = new TreeMap<>();
        Map<String, String> variables = new HashMap<>();
        for (Setting setting : Setting.values()) {
            variables.put(setting.variable(), setting.key());
        }
        environment.forEach((name, value) -> {
            if (variables.containsKey(name)) {
                values.put(variables.get(name), value);
            } else if (name.startsWith(PREFIX) && !OTHER_VARIABLES.contains(name)) {
                problems.add(TerminalText.escapeLine(name) + ": unknown environment variable"
                        + NearestMatch.find(name, variables.keySet()).map(near -> ", did you mean " + near + "?")
                        .orElse("; `cipherlink config show` lists all keys"));
            }
        });
        return new Layer(values, key -> Setting.byKey(key).map(Setting::variable).orElse(key), workingFolder);
    }
}
