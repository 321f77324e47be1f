package dev.cipherlink.cli;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.config.ConfigException;
import io.helidon.config.spi.ConfigNode;
import io.helidon.config.spi.ConfigParser;
import io.helidon.config.yaml.YamlConfigParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
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
/// Its classes are not loaded unless a file exists: a one-shot command need not wait for Helidon and the YAML parser.
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
            collectValues(parse(), "", values);
            values.entrySet().removeIf(entry -> entry.getValue().isEmpty() && isSection(entry.getKey()));
            return new Layer(values, this::place, file.toAbsolutePath().getParent());
        } catch (IOException | ConfigException | ClassCastException e) {
            throw unreadable(e);
        }
    }

    /// By Helidon's parser alone, without the rest of a `Config`: here nothing comes from the environment, system properties,
    /// references or services of the class path, and to set that up would take a one-shot command long.
    private ConfigNode parse() throws IOException {
        try (InputStream data = Files.newInputStream(file)) {
            return YamlConfigParser.create().parse(ConfigParser.Content.builder().data(data)
                    .mediaType(MediaTypes.APPLICATION_YAML).charset(StandardCharsets.UTF_8).build());
        }
    }

    /// No setting is a list, so a list is reported under its own name.
    private static void collectValues(ConfigNode node, String key, Map<String, String> values) {
        if (node instanceof ConfigNode.ObjectNode section) {
            section.forEach((name, child) -> collectValues(child, key.isEmpty() ? name : key + "." + name, values));
        } else if (node instanceof ConfigNode.ListNode list) {
            list.forEach(child -> collectValues(child, key, values));
        } else {
            values.put(key, node.value().orElse(""));
        }
    }

    /// `store:` with nothing under it, as when all of it is commented out.
    private static boolean isSection(String key) {
        return Setting.keys().stream().anyMatch(known -> known.startsWith(key + "."));
    }

    private CliException unreadable(Exception failure) {
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
