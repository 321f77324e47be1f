package dev.cipherlink.crypto;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// The known answers of `nacl_secretbox_kat.json`: from NaCl and libsodium, and made with another implementation.
final class SecretboxVectors {

    private SecretboxVectors() {
    }

    /// One known answer.
    record Case(String id, byte[] key, byte[] nonce, byte[] message, byte[] box) {
        @Override
        public String toString() {
            return "case " + id + " of " + message.length + " bytes";
        }
    }

    static List<Case> all() throws IOException {
        try (InputStream in = SecretboxVectors.class.getResourceAsStream("/vectors/nacl_secretbox_kat.json");
             JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), in)) {
            while (parser.nextToken() != JsonToken.START_ARRAY) {
                parser.currentToken();
            }
            var cases = new ArrayList<Case>();
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                var members = new HashMap<String, String>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    members.put(name, parser.getString());
                }
                cases.add(read(members));
            }
            return cases;
        }
    }

    private static Case read(Map<String, String> members) {
        HexFormat hex = HexFormat.of();
        return new Case(members.get("id"), hex.parseHex(members.get("key")), hex.parseHex(members.get("nonce")),
                hex.parseHex(members.get("message")), hex.parseHex(members.get("box")));
    }
}
