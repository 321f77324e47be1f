package dev.cipherlink.noise;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// One value of a vector file: an object, an array, a text, a number or null.
public record VectorValue(Object value) {

    /// Published vectors lie beside the project and are not part of it.
    private static final Path PUBLIC_FOLDER = Path.of("..", "shared", "vectors", "public");

    /// A vector file among the test resources.
    public static VectorValue resource(String name) throws IOException {
        try (InputStream in = VectorValue.class.getResourceAsStream("/vectors/" + name)) {
            return parse(in);
        }
    }

    /// A published vector file; skips the test where it is absent.
    static VectorValue published(String name) throws IOException {
        Path file = PUBLIC_FOLDER.resolve(name);
        Assumptions.assumeTrue(Files.isReadable(file), () -> "skipped: " + file + " is not here");
        try (InputStream in = Files.newInputStream(file)) {
            return parse(in);
        }
    }

    private static VectorValue parse(InputStream in) {
        try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), in)) {
            parser.nextToken();
            return new VectorValue(read(parser));
        }
    }

    private static Object read(JsonParser parser) {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT) {
            Map<String, Object> members = new LinkedHashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                members.put(name, read(parser));
            }
            return members;
        }
        if (token == JsonToken.START_ARRAY) {
            List<Object> elements = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                elements.add(read(parser));
            }
            return elements;
        }
        return token == JsonToken.VALUE_NULL ? null : parser.getString();
    }

    public VectorValue get(String name) {
        return new VectorValue(((Map<?, ?>) value).get(name));
    }

    boolean isNull() {
        return value == null;
    }

    public List<VectorValue> elements() {
        return ((List<?>) value).stream().map(VectorValue::new).toList();
    }

    public String text() {
        return (String) value;
    }

    public byte[] bytes() {
        return HexFormat.of().parseHex(text());
    }
}
