package dev.cipherlink.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.cipherlink.gateway.GatewayRig.RespClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Scenarios in `src/test/resources/redis`, whose README says how they are written: each runs on Redis, which proves what it expects,
/// and through the gateway.
class RedisScenariosIT {
    private static final Path SCENARIOS = Path.of("src/test/resources/redis");
    private static final Pattern STEP = Pattern.compile("(?<client>\\d)?(?:: |(?<read>< ))?(?:(?<how>raw|until|sorted) )?(?<rest>.*)");
    private static final Pattern WORD = Pattern.compile("(?:\"((?:[^\"\\\\]|\\\\.)*)\"(?:\\*(\\d+))?|[^\" ]+)+");
    private static final Pattern PIECE = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"(?:\\*(\\d+))?|([^\" ]+)");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:x([0-9a-f]{2})|(.))");
    private static final Pattern RANGE = Pattern.compile("(-?\\d+)\\.\\.(-?\\d+)");

    @TempDir
    private static Path folder;
    private static RedisServer redis;
    private static GatewayRig gateway;

    /// @param lines numbered from the first of the file
    private record Scenario(String title, Map<Integer, String> lines) {
    }

    private interface Target {
        RespClient connect() throws IOException;
    }

    @BeforeAll
    static void start() throws IOException {
        redis = new RedisServer(folder);
        gateway = GatewayRig.start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        redis.close();
    }

    @TestFactory
    Stream<DynamicNode> answersAsRedisDoes() throws IOException {
        try (Stream<Path> files = Files.list(SCENARIOS)) {
            return files.filter(file -> file.toString().endsWith(".txt")).sorted().toList().stream()
                    .map(file -> dynamicContainer(file.getFileName().toString(), read(file).stream().flatMap(scenario -> Stream.of(
                            dynamicTest(scenario.title + ", Redis", () -> play(scenario, redis::connect)),
                            dynamicTest(scenario.title + ", gateway", () -> play(scenario, gateway::connect))))));
        }
    }

    private static List<Scenario> read(Path file) {
        var scenarios = new ArrayList<Scenario>();
        int number = 0;
        try {
            for (String line : Files.readAllLines(file)) {
                number++;
                if (line.startsWith("## ")) {
                    scenarios.add(new Scenario(line.substring(3), new LinkedHashMap<>()));
                } else if (!line.isEmpty()) {
                    scenarios.getLast().lines.put(number, line);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return scenarios;
    }

    private static void play(Scenario scenario, Target target) throws IOException {
        try (RespClient cleaner = target.connect()) {
            for (String each : elements(shown(cleaner.ask("KEYS", "*")))) {
                cleaner.ask("DEL", word(each));
            }
        }
        var clients = new HashMap<Integer, RespClient>();
        try {
            for (var line : scenario.lines.entrySet()) {
                try {
                    step(line.getValue(), clients, target);
                } catch (IOException | RuntimeException | AssertionError e) {
                    throw new AssertionError("line " + line.getKey() + ", " + line.getValue() + ": " + e.getMessage(), e);
                }
            }
        } finally {
            for (RespClient each : clients.values()) {
                each.close();
            }
        }
    }

    private static void step(String line, Map<Integer, RespClient> clients, Target target) throws IOException {
        Matcher step = STEP.matcher(line);
        if (!step.matches()) {
            throw new IllegalArgumentException("no step");
        }
        int number = step.group("client") == null ? 1 : Integer.parseInt(step.group("client"));
        RespClient client = clients.get(number);
        if (client == null) {
            client = target.connect();
            clients.put(number, client);
        }
        String rest = step.group("rest");
        if (step.group("read") != null) {
            assertShown(rest, shown(client.reply()));
        } else if (rest.equals("closed")) {
            assertEquals("", client.rest());
        } else {
            int arrow = rest.lastIndexOf(" ->");
            String asked = rest.substring(0, arrow);
            String expected = rest.substring(arrow + 3).strip();
            ask(client, step.group("how"), asked, expected);
        }
    }

    private static void ask(RespClient client, String how, String asked, String expected) throws IOException {
        switch (how) {
            case "raw" -> {
                client.sendRaw(word(asked));
                if (!expected.isEmpty()) {
                    assertShown(expected, shown(client.reply()));
                }
            }
            case "until" -> await().pollInterval(Duration.ofMillis(10))
                    .until(() -> shown(client.ask(words(asked))), expected::equals);
            case "sorted" -> assertEquals(elements(expected).stream().sorted().toList(),
                    elements(shown(client.ask(words(asked)))).stream().sorted().toList());
            case null, default -> assertShown(expected, shown(client.ask(words(asked))));
        }
    }

    private static void assertShown(String expected, String actual) {
        Matcher range = RANGE.matcher(expected);
        if (range.matches()) {
            long number = Long.parseLong(actual);
            if (number < Long.parseLong(range.group(1)) || number > Long.parseLong(range.group(2))) {
                throw new AssertionError("not " + expected + ": " + actual);
            }
        } else if (expected.equals("{...}")) {
            assertEquals('{', actual.charAt(0), actual);
        } else {
            assertEquals(expected.startsWith("\"") ? quoted(word(expected)) : expected, actual);
        }
    }

    private static String[] words(String line) {
        return WORD.matcher(line).results().map(found -> word(found.group())).toArray(String[]::new);
    }

    /// A word without its quotes and escapes, a character a byte.
    private static String word(String text) {
        var word = new StringBuilder();
        for (Matcher piece = PIECE.matcher(text); piece.find(); ) {
            if (piece.group(3) != null) {
                word.append(piece.group(3));
            } else {
                String bytes = ESCAPE.matcher(piece.group(1)).replaceAll(escape -> Matcher.quoteReplacement(escape.group(1) != null
                        ? String.valueOf((char) Integer.parseInt(escape.group(1), 16))
                        : switch (escape.group(2)) {
                            case "n" -> "\n";
                            case "r" -> "\r";
                            default -> escape.group(2);
                        }));
                word.repeat(bytes, piece.group(2) == null ? 1 : Integer.parseInt(piece.group(2)));
            }
        }
        return word.toString();
    }

    private static String quoted(String bytes) {
        var text = new StringBuilder("\"");
        for (char each : bytes.toCharArray()) {
            switch (each) {
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '"', '\\' -> text.append('\\').append(each);
                default -> text.append(each < ' ' || each > '~' ? "\\x%02x".formatted((int) each) : String.valueOf(each));
            }
        }
        return text.append('"').toString();
    }

    /// Of an array without others in it.
    private static List<String> elements(String array) {
        String inner = array.substring(1, array.length() - 1);
        return inner.isEmpty() ? List.of() : Arrays.asList(inner.split(", "));
    }

    private static String shown(String reply) {
        return new ShownReply(reply).next();
    }

    /// A reply in the way of the scenarios.
    private static final class ShownReply {
        private final String bytes;
        private int at;

        ShownReply(String bytes) {
            this.bytes = bytes;
        }

        String next() {
            int end = bytes.indexOf("\r\n", at);
            char type = bytes.charAt(at);
            String head = bytes.substring(at + 1, end);
            at = end + 2;
            return switch (type) {
                case '+', ':' -> head;
                case '-' -> '-' + head.stripTrailing();
                case '_' -> "nil";
                case '$' -> bulk(Integer.parseInt(head));
                case '*' -> head.equals("-1") ? "nil" : '[' + elements(Integer.parseInt(head)) + ']';
                case '>' -> ">[" + elements(Integer.parseInt(head)) + ']';
                case '%' -> '{' + elements(2 * Integer.parseInt(head)) + '}';
                default -> throw new IllegalArgumentException("a reply of type " + type);
            };
        }

        private String bulk(int length) {
            if (length < 0) {
                return "nil";
            }
            at += length + 2;
            return quoted(bytes.substring(at - length - 2, at - 2));
        }

        private String elements(int count) {
            var elements = new ArrayList<String>();
            for (int i = 0; i < count; i++) {
                elements.add(next());
            }
            return String.join(", ", elements);
        }
    }
}
