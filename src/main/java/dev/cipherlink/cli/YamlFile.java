package dev.cipherlink.cli;

import io.helidon.config.Config;
import io.helidon.config.ConfigException;
import io.helidon.config.ConfigSources;
import io.helidon.config.yaml.YamlConfigParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/// One configuration file, read by Helidon Config.
///
/// Its classes are not loaded unless a file exists: Helidon and the YAML parser cost a one-shot command more time
/// than all the rest of it.
final class YamlFile {
    private final Path file;
    private final String shownName;
    private Map<String, Integer> lines;

    /// @param shownName how people called the file
    YamlFile(Path file, String shownName) {
        this.file = file;
        this.shownName = shownName;
    }

    /// Reads the whole file. Blocks on the disk.
    ///
    /// @throws CliException if it cannot be read or is no YAML, with the line where it is known
    Layer read() {
        try {
            if (Files.isDirectory(file)) {
                throw CliException.usage("cannot read " + shownName + ": it is a folder");
            }
            Map<String, String> values = new TreeMap<>();
            explicitSource().traverse()
                    .filter(node -> node.type() == Config.Type.VALUE)
                    .forEach(node -> values.put(withoutIndex(node.key().toString()), node.asString().orElse("")));
            values.entrySet().removeIf(entry -> entry.getValue().isEmpty() && isSection(entry.getKey()));
            return new Layer(values, this::place, file.toAbsolutePath().getParent());
        } catch (ConfigException e) {
            throw unreadable(e);
        }
    }

    /// With nothing but this file: no environment, no system properties, no references, no services of the class path.
    private Config explicitSource() {
        return Config.builder()
                .disableEnvironmentVariablesSource()
                .disableSystemPropertiesSource()
                .disableKeyResolving()
                .disableValueResolving()
                .disableParserServices()
                .disableMapperServices()
                .disableFilterServices()
                .addParser(YamlConfigParser.create())
                .addSource(ConfigSources.file(file))
                .build();
    }

    /// `store:` with nothing under it, as when all of it is commented out.
    private static boolean isSection(String key) {
        return Setting.keys().stream().anyMatch(known -> known.startsWith(key + "."));
    }

    /// No setting is a list, so a list is reported under its own name.
    private static String withoutIndex(String key) {
        return key.replaceAll("(\\.\\d+)+$", "");
    }

    private CliException unreadable(ConfigException failure) {
        Throwable root = failure;
        while (root.getCause() != null && !(root instanceof MarkedYAMLException)) {
            root = root.getCause();
        }
        if (root instanceof MarkedYAMLException yaml && yaml.getProblemMark() != null) {
            return CliException.usage("cannot read " + shownName + ":" + (yaml.getProblemMark().getLine() + 1)
                    + ": not YAML: " + TerminalText.escapeLine(String.valueOf(yaml.getProblem()))).withCause(failure);
        }
        String why = root instanceof ClassCastException
                ? "its top level must be keys with values, such as `server:`" : FailureText.of(root);
        return CliException.usage("cannot read " + shownName + ": " + why).withCause(failure);
    }

    private String place(String key) {
        if (lines == null) {
            lines = locate();
        }
        Integer line = lines.get(key);
        return line == null ? shownName : shownName + ":" + line;
    }

    private Map<String, Integer> locate() {
        Map<String, Integer> found = new HashMap<>();
        try (Reader reader = Files.newBufferedReader(file)) {
            collect(new Yaml(new LoaderOptions()).compose(reader), "", found);
        } catch (IOException | RuntimeException _) {
            found.clear(); // the line is a courtesy: the file changed under us, and its name must do
        }
        return found;
    }

    private static void collect(Node node, String prefix, Map<String, Integer> found) {
        if (node instanceof MappingNode mapping) {
            mapping.getValue().forEach(entry -> {
                if (entry.getKeyNode() instanceof ScalarNode name) {
                    String key = prefix + name.getValue();
                    found.put(key, name.getStartMark().getLine() + 1);
                    collect(entry.getValueNode(), key + ".", found);
                }
            });
        }
    }
}
