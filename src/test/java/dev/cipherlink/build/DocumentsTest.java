package dev.cipherlink.build;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.settings.Setting;
import dev.cipherlink.text.CliException.ExitStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Compares the documents with the code: links, names of classes, settings, exit statuses.
class DocumentsTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]*)(?:#([^)]*))?\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);
    /// `session/Link`, `Link.run`, `Relay.ForwardLimits`: a class of ours and perhaps a member of it.
    private static final Pattern NAME = Pattern.compile("`(?:[a-z.]+/)*([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)(?:\\.(\\w+))?(?:\\.java)?`");
    private static final Pattern TYPE = Pattern.compile("\\b(?:class|interface|enum|record) ([A-Z]\\w*)");
    private static final Set<String> OF_THE_JDK = Set.of("IOException", "ProtocolException", "OutOfMemoryError", "StructuredTaskScope");

    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        var dead = new ArrayList<String>();
        for (Path document : documents()) {
            for (MatchResult link : matches(LINK, withoutBlocks(document))) {
                Path folder = document.toAbsolutePath().getParent();
                Path target = link.group(1).isEmpty() ? document : folder.resolve(link.group(1)).normalize();
                boolean isThere = Files.exists(target) && (link.group(2) == null || anchors(target).contains(link.group(2)));
                if (!isThere) {
                    dead.add(document + ": " + link.group());
                }
            }
        }
        assertEquals(List.of(), dead);
    }

    @Test
    void everyClassThatTheMapAndTheDesignNameExists() throws IOException {
        Map<String, String> sources = sources();
        var unknown = new ArrayList<String>();
        for (Path document : documents().stream().filter(file -> file.endsWith("architecture.md") || file.startsWith("docs/design")).toList()) {
            for (MatchResult name : matches(NAME, withoutBlocks(document))) {
                String type = name.group(1);
                String member = name.group(2) == null || name.group(2).equals("java") ? "" : name.group(2);
                String source = sources.get(type);
                boolean exists = OF_THE_JDK.contains(type) || source != null && Pattern.compile("\\b" + member + "\\b").matcher(source).find();
                if (!exists) {
                    unknown.add(document + ": " + name.group());
                }
            }
        }
        assertEquals(List.of(), unknown);
    }

    @Test
    void theTableOfSettingsIsWhole() throws IOException {
        var expected = new TreeMap<String, String>();
        for (Setting setting : Setting.values()) {
            expected.put(setting.key(), setting.defaultText().orElse(""));
        }
        var found = new TreeMap<String, String>();
        for (MatchResult row : matches(Pattern.compile("^\\| `([a-z0-9-]+\\.[a-z0-9-]+)` \\| (.*?) ?\\| ", Pattern.MULTILINE),
                Files.readString(Path.of("docs/configuration.md")))) {
            // The default of a file is in the user's home folder, and has a table of its own.
            found.put(row.group(1), row.group(2).startsWith("a ") ? "" : row.group(2).replace("`", ""));
        }
        assertEquals(expected, found);
    }

    @Test
    void theTableOfExitStatusesIsWhole() throws IOException {
        Set<String> found = matches(Pattern.compile("^\\| (\\d+) \\|", Pattern.MULTILINE), Files.readString(Path.of("docs/cli.md")))
                .stream().map(row -> row.group(1)).collect(toSet());

        assertEquals(ExitStatus.table().keySet().stream().map(String::valueOf).collect(toSet()), found);
    }

    private static List<Path> documents() throws IOException {
        var documents = new ArrayList<>(List.of(Path.of("README.md"), Path.of("CONTRIBUTING.md"), Path.of("CHANGELOG.md"),
                Path.of("bench/README.md"), Path.of("jlink/legal/README.md")));
        try (Stream<Path> found = Files.walk(Path.of("docs"))) {
            found.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
        }
        assertTrue(documents.size() > 10, documents::toString);
        return documents;
    }

    /// The text without what stands between fences.
    private static String withoutBlocks(Path document) throws IOException {
        return Pattern.compile("^ *```.*?^ *```$", Pattern.DOTALL | Pattern.MULTILINE).matcher(Files.readString(document)).replaceAll("");
    }

    /// As they are made of headings: small letters, hyphens for spaces, no other signs.
    private static Set<String> anchors(Path document) throws IOException {
        return matches(HEADING, withoutBlocks(document)).stream().map(heading -> heading.group(1).toLowerCase(Locale.ROOT)
                .replaceAll("[^\\w -]", "").replace(' ', '-')).collect(toSet());
    }

    private static List<MatchResult> matches(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }

    /// The source of each type by its simple name; the sources of all where there are several.
    private static Map<String, String> sources() throws IOException {
        var sources = new HashMap<String, String>();
        for (String root : List.of("src/main/java", "src/test/java", "jlink")) {
            try (Stream<Path> files = Files.walk(Path.of(root))) {
                files.filter(file -> file.toString().endsWith(".java")).map(DocumentsTest::read).forEach(source ->
                        matches(TYPE, source).forEach(type -> sources.merge(type.group(1), source, String::concat)));
            }
        }
        return sources;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
