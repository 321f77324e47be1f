package dev.cipherlink.settings;

import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.settings.Settings.Layer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import io.helidon.common.media.type.MediaTypes;
import io.helidon.config.ConfigException;
import io.helidon.config.spi.ConfigNode;
import io.helidon.config.spi.ConfigParser;
import io.helidon.config.yaml.YamlConfigParser;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionEndEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.reader.ReaderException;

/// One configuration file: checked by [YamlCheck], read by Helidon Config's parser.
///
/// Its classes are not loaded unless a file exists: a one-shot command need not wait for Helidon and the YAML parser.
final class YamlFile {
    private static final int MAX_BYTES = 64 << 10;
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final Path file;
    private final String shownName;

    /// @param shownName how people called the file
    YamlFile(Path file, String shownName) {
        this.file = file;
        this.shownName = TerminalText.escapeLine(shownName);
    }

    /// Reads the whole file. Blocks on the disk.
    ///
    /// @throws CliException if it cannot be read, another user could change it, or it is no YAML; with the number of the line if that is known
    Layer read() {
        String text = "";
        try {
            text = text(bytes());
            Map<String, Integer> lines = YamlCheck.lines(text);
            Map<String, String> values = new TreeMap<>();
            collectValues(parse(text), "", values);
            values.entrySet().removeIf(entry -> entry.getValue().isEmpty() && isSection(entry.getKey()));
            return new Layer(values, key -> lines.containsKey(key) ? shownName + ":" + lines.get(key) : shownName,
                    file.toAbsolutePath().getParent());
        } catch (YamlCheck.RefusedException e) {
            throw wrong(e.line(), TerminalText.escapeLine(e.getMessage()), e);
        } catch (ReaderException e) {
            throw wrong(lineAt(text, e.getPosition()), "not YAML: it has a control character", e);
        } catch (IOException | YAMLException | ConfigException | ClassCastException e) {
            throw unreadable(e);
        }
    }

    private byte[] bytes() throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException("it is a folder");
        }
        try (InputStream in = Files.newInputStream(TrustedPath.resolve(file))) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new IOException("it is longer than " + MAX_BYTES / 1024 + " KiB, so it is no configuration file");
            }
            return bytes;
        }
    }

    /// Without the byte order mark that some editors put in front.
    private String text(byte[] bytes) throws IOException {
        if (bytes.length >= 2 && (bytes[0] == (byte) 0xFF && bytes[1] == (byte) 0xFE || bytes[0] == (byte) 0xFE && bytes[1] == (byte) 0xFF)) {
            throw new IOException("it is UTF-16 text: save it as UTF-8");
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        CharBuffer text = CharBuffer.allocate(bytes.length);
        CoderResult result = decoder.decode(ByteBuffer.wrap(bytes), text, true);
        text.flip();
        if (result.isError()) {
            throw wrong(lineAt(text.toString(), text.length()), "it is not UTF-8 text", null);
        }
        return text.isEmpty() || text.charAt(0) != BYTE_ORDER_MARK ? text.toString() : text.toString().substring(1);
    }

    private static int lineAt(String text, int position) {
        return 1 + (int) text.chars().limit(position).filter(character -> character == '\n').count();
    }

    /// By Helidon's parser alone, without the rest of a `Config`: here nothing comes from the environment, system properties,
    /// references or services of the class path, and to set that up would take a one-shot command long.
    private static ConfigNode parse(String text) {
        return YamlConfigParser.create().parse(ConfigParser.Content.builder()
                .data(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))
                .mediaType(MediaTypes.APPLICATION_YAML).charset(StandardCharsets.UTF_8).build());
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
            boolean isName = String.valueOf(yaml.getContext()).matches("while scanning an (alias|anchor)");
            return wrong(yaml.getProblemMark().getLine() + 1, isName ? "a value that begins with * or & must be in quotes"
                    : "not YAML: " + TerminalText.escapeLine(String.valueOf(yaml.getProblem())), failure);
        }
        String why = root instanceof ClassCastException
                ? "its top level must be keys with values, such as `server:`" : FailureText.of(root);
        return CliException.usage("cannot read " + shownName + ": " + why).withCause(failure);
    }

    private CliException wrong(int line, String what, Exception cause) {
        return CliException.usage("cannot read " + shownName + ":" + line + ": " + what).withCause(cause);
    }

    /// Where each key of a YAML text stands, and whether the text is a plain tree of settings: no key twice, of which a parser
    /// would keep the last without a word; no anchors and aliases, which can make a tree endless; no deep nesting. It goes over the
    /// text event by event, so that no text makes it recurse.
    static final class YamlCheck {
        private static final int MAX_DEPTH = 8;

        /// A mapping or a list that has begun and not ended.
        private static final class Level {
            private final String prefix;
            private final boolean isMapping;
            /// The key whose value comes next; null where a key comes next.
            private String key;
            private int elements;

            Level(String prefix, boolean isMapping) {
                this.prefix = prefix;
                this.isMapping = isMapping;
            }

            /// The prefix of the keys in a collection that begins here.
            String prefixOfValue() {
                return isMapping ? key + "." : prefix + elements + ".";
            }
        }

        /// The text is YAML, but not what settings are written in.
        static final class RefusedException extends Exception {
            private static final long serialVersionUID = 1;

            private final int line;

            RefusedException(Mark mark, String message) {
                super(message);
                this.line = lineOf(mark);
            }

            int line() {
                return line;
            }
        }

        private final Map<String, Integer> lines = new HashMap<>();
        private final Deque<Level> open = new ArrayDeque<>();

        private YamlCheck() {
        }

        /// @return the line of each key, counted from 1; keys with all that is above them, joined by dots
        /// @throws org.yaml.snakeyaml.error.YAMLException if the text is no YAML
        static Map<String, Integer> lines(String text) throws RefusedException {
            var check = new YamlCheck();
            for (Event event : new Yaml().parse(new StringReader(text))) {
                check.take(event);
            }
            return check.lines;
        }

        private static int lineOf(Mark mark) {
            return mark.getLine() + 1;
        }

        private void take(Event event) throws RefusedException {
            if (event instanceof CollectionEndEvent) {
                open.pop();
                valueEnded();
            } else if (event instanceof NodeEvent node) {
                takeNode(node);
            }
        }

        private void takeNode(NodeEvent node) throws RefusedException {
            if (node instanceof AliasEvent || node.getAnchor() != null) {
                throw new RefusedException(node.getStartMark(), "anchors (&" + node.getAnchor() + ") and aliases (*" + node.getAnchor()
                        + ") are not read here: write the value itself; quote one that begins with & or *");
            }
            Level level = open.peek();
            boolean isKey = level != null && level.isMapping && level.key == null;
            if (node instanceof ScalarEvent scalar) {
                if (isKey) {
                    takeKey(level, scalar);
                } else {
                    valueEnded();
                }
            } else if (node instanceof CollectionStartEvent) {
                if (isKey) {
                    throw new RefusedException(node.getStartMark(), "a key must be a word");
                }
                if (open.size() == MAX_DEPTH) {
                    throw new RefusedException(node.getStartMark(), "no setting is nested as deeply as this");
                }
                open.push(new Level(level == null ? "" : level.prefixOfValue(), node instanceof MappingStartEvent));
            }
        }

        private void takeKey(Level level, ScalarEvent scalar) throws RefusedException {
            level.key = level.prefix + scalar.getValue();
            int line = lineOf(scalar.getStartMark());
            Integer earlier = lines.putIfAbsent(level.key, line);
            if (earlier != null) {
                throw new RefusedException(scalar.getStartMark(), level.key + " stands in line " + earlier + " already");
            }
        }

        private void valueEnded() {
            Level level = open.peek();
            if (level != null) {
                level.key = null;
                level.elements++;
            }
        }
    }
}
