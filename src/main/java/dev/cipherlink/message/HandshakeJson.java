package dev.cipherlink.message;

import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn.SynAck;
import java.io.StringWriter;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/// The JSON objects of the session handshake (`docs/protocol.md`, section 3). Pure, thread-safe.
///
/// Everything that arrives here is hostile until proven otherwise: at most [#MAX_BYTES], a nesting of
/// [#MAX_DEPTH], no member twice. Unknown members are ignored.
public final class HandshakeJson {

    /// Largest object accepted.
    public static final int MAX_BYTES = 2_048;
    private static final String REKEY_BY_TIME = "rekey_by_time";
    private static final String PADDING = "padding";
    private static final int MAX_DEPTH = 8;
    private static final int MAX_CLIENT_ID_CHARACTERS = 64;
    private static final int MAX_CHALLENGE_CHARACTERS = 64;
    /// A host name of 253 characters, a port, and brackets.
    private static final int MAX_TARGET_CHARACTERS = 262;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private HandshakeJson() {
    }

    /// Loads the JSON library now, so that its cost does not fall into the first handshake.
    public static void load() {
        JSON.createParser(ObjectReadContext.empty(), "").close();
        new Members();
    }

    public static byte[] encode(Syn syn) {
        var members = new Members();
        SessionParameters wishes = syn.wishes();
        members.put("operation_mode", wishes.mode().wireName());
        members.put("max_packet_size", wishes.maxMessageBytes());
        members.put("window_size", wishes.windowSize());
        members.put("checksum", wishes.checksum().wireName());
        if (!syn.clientId().isEmpty()) {
            members.put("client_id", syn.clientId());
        }
        if (!syn.target().isEmpty()) {
            members.put("target", syn.target());
        }
        if (syn.resume() != null) {
            members.put("session_id", syn.resume().sessionId());
            members.put("received", syn.resume().received());
            members.put("acknowledged", syn.resume().acknowledged());
        }
        if (!syn.challenge().isEmpty()) {
            members.put("challenge", syn.challenge());
        }
        members.put(syn.extras());
        return members.toBytes();
    }

    public static byte[] encode(SynAck answer) {
        var members = new Members();
        switch (answer) {
            case SynAck.Granted granted -> {
                members.put("status", "ok");
                members.put("session_id", granted.sessionId());
                members.put("max_packet_size", granted.parameters().maxMessageBytes());
                members.put("operation_mode", granted.parameters().mode().wireName());
                members.put("window_size", granted.parameters().windowSize());
                members.put("checksum", granted.parameters().checksum().wireName());
                members.put("resumed", granted.isResumed());
                if (granted.isResumed()) {
                    members.put("received", granted.received());
                }
                members.put("client_id", granted.clientId());
                if (granted.challenge() != null) {
                    members.put("challenge", granted.challenge());
                }
                if (!granted.nextKey().isEmpty()) {
                    members.put("next_key", granted.nextKey());
                }
                members.put(granted.extras());
            }
            case SynAck.Refused refused -> {
                members.put("status", "error");
                members.put("reason", refused.reason());
                if (!refused.code().isEmpty()) {
                    members.put("code", refused.code());
                }
            }
        }
        return members.toBytes();
    }

    /// The client's last word of the handshake.
    ///
    /// @param sessionId that of the answer to SYN
    /// @param isCounted whether the nonces of the client's packets count from here on
    public record Echo(String sessionId, boolean isCounted) {
    }

    public static byte[] encode(Echo echo) {
        var members = new Members();
        members.put("session_id", echo.sessionId());
        if (echo.isCounted()) {
            members.put("counted", true);
        }
        return members.toBytes();
    }

    /// @throws ProtocolException if it is no such object, a required member is missing or a value is not allowed
    public static Syn decodeSyn(Payload json) throws ProtocolException {
        Map<String, Object> members = parse(json);
        String modeName = text(members, "operation_mode", null);
        OperationMode mode = OperationMode.ofWireName(modeName).orElseThrow(() -> new ProtocolException(
                "operation_mode must be step-by-step, burst, stream or channels"));
        long size = number(members, "max_packet_size", -1);
        if (size < SessionParameters.MIN_MESSAGE_BYTES) {
            throw new ProtocolException("max_packet_size must be at least " + SessionParameters.MIN_MESSAGE_BYTES);
        }
        long window = number(members, "window_size", SessionParameters.DEFAULT_WINDOW_SIZE);
        if (window < 1 || window > SessionParameters.MAX_WINDOW_SIZE) {
            throw new ProtocolException("window_size must be 1 to " + SessionParameters.MAX_WINDOW_SIZE);
        }
        String clientId = text(members, "client_id", "");
        if (clientId.length() > MAX_CLIENT_ID_CHARACTERS) {
            throw new ProtocolException("client_id must have at most " + MAX_CLIENT_ID_CHARACTERS + " characters");
        }
        String challenge = text(members, "challenge", "");
        if (challenge.length() > MAX_CHALLENGE_CHARACTERS) {
            throw new ProtocolException("challenge must have at most " + MAX_CHALLENGE_CHARACTERS + " characters");
        }
        return new Syn(parameters(mode, size, window, members), clientId, resume(members),
                target(mode, members), challenge, extras(members));
    }

    private static Syn.Extras extras(Map<String, Object> members) throws ProtocolException {
        return new Syn.Extras(flag(members, REKEY_BY_TIME), flag(members, PADDING));
    }

    private static Syn.Resume resume(Map<String, Object> members) throws ProtocolException {
        String sessionId = text(members, "session_id", "");
        return sessionId.isEmpty() ? null
                : new Syn.Resume(sessionId, sequence(members, "received", 0), sequence(members, "acknowledged", -1));
    }

    private static int sequence(Map<String, Object> members, String name, int absent) throws ProtocolException {
        long number = members.containsKey(name) ? number(members, name, 0) : absent;
        if (number < absent || number >= Message.SEQUENCE_MODULUS) {
            throw new ProtocolException(name + " must be a sequence number");
        }
        return (int) number;
    }

    /// @throws ProtocolException if it is no such object, a required member is missing or a value is not allowed
    public static SynAck decodeSynAck(Payload json) throws ProtocolException {
        Map<String, Object> members = parse(json);
        String status = text(members, "status", null);
        if (status.equals("error")) {
            return new SynAck.Refused(text(members, "reason", "no reason given"), text(members, "code", ""));
        }
        if (!status.equals("ok")) {
            throw new ProtocolException("status must be ok or error");
        }
        OperationMode mode = OperationMode.ofWireName(text(members, "operation_mode", null))
                .orElseThrow(() -> new ProtocolException("the server granted an unknown operation_mode"));
        long size = number(members, "max_packet_size", -1);
        long window = number(members, "window_size", SessionParameters.DEFAULT_WINDOW_SIZE);
        if (size < SessionParameters.MIN_MESSAGE_BYTES || window < 1 || window > SessionParameters.MAX_WINDOW_SIZE) {
            throw new ProtocolException("the server granted sizes that are not allowed");
        }
        return new SynAck.Granted(text(members, "session_id", null), parameters(mode, size, window, members),
                text(members, "client_id", ""), flag(members, "resumed") ? sequence(members, "received", 0)
                        : SynAck.Granted.NOT_RESUMED, members.containsKey("challenge") ? text(members, "challenge", null) : null,
                text(members, "next_key", ""), extras(members));
    }

    /// @throws ProtocolException if it is no such object
    public static Echo decodeEcho(Payload json) throws ProtocolException {
        Map<String, Object> members = parse(json);
        return new Echo(text(members, "session_id", null), flag(members, "counted"));
    }

    /// The server parses the target when it connects; here it only has to be there.
    private static String target(OperationMode mode, Map<String, Object> members) throws ProtocolException {
        if (mode != OperationMode.STREAM) {
            return "";
        }
        String target = text(members, "target", null);
        if (target.length() > MAX_TARGET_CHARACTERS) {
            throw new ProtocolException("target must have at most " + MAX_TARGET_CHARACTERS + " characters");
        }
        return target;
    }

    private static SessionParameters parameters(OperationMode mode, long size, long window, Map<String, Object> members)
            throws ProtocolException {
        Checksum.Algorithm checksum = Checksum.Algorithm.ofWireName(text(members, "checksum", "md5"))
                .orElseThrow(() -> new ProtocolException("checksum must be md5 or crc32c"));
        return new SessionParameters(mode, (int) Math.min(size, SessionParameters.MAX_MESSAGE_BYTES),
                mode == OperationMode.BURST ? (int) window : 1, checksum);
    }

    /// Members of the outermost object: strings as `String`, integers as `Long`, `true` and `false` as `Boolean`, anything
    /// else as an empty `Object`.
    private static Map<String, Object> parse(Payload json) throws ProtocolException {
        if (json.length() > MAX_BYTES) {
            throw new ProtocolException("a handshake message has at most " + MAX_BYTES + " bytes");
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json.text())) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new ProtocolException("a handshake message is a JSON object");
            }
            var members = new HashMap<String, Object>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                members.put(name, value(parser));
            }
            if (parser.nextToken() != null) {
                throw new ProtocolException("a handshake message is one JSON object");
            }
            return members;
        } catch (JacksonException e) {
            var failure = new ProtocolException("a handshake message is not valid JSON");
            failure.initCause(e);
            throw failure;
        }
    }

    private static Object value(JsonParser parser) {
        JsonToken token = parser.nextToken();
        if (token == JsonToken.VALUE_STRING) {
            return parser.getString();
        }
        if (token == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
            return parser.getLongValue();
        }
        if (token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
            return token == JsonToken.VALUE_TRUE;
        }
        parser.skipChildren();
        return new Object();
    }

    /// @param absent what a missing member counts as; null if the member is required
    private static String text(Map<String, Object> members, String name, String absent) throws ProtocolException {
        return switch (members.get(name)) {
            case String text -> text;
            case null -> {
                if (absent == null) {
                    throw new ProtocolException(name + " is missing");
                }
                yield absent;
            }
            default -> throw new ProtocolException(name + " must be a string");
        };
    }

    /// @param absent what a missing member counts as; -1 if the member is required
    private static long number(Map<String, Object> members, String name, long absent) throws ProtocolException {
        return switch (members.get(name)) {
            case Long number -> number;
            case null -> {
                if (absent == -1) {
                    throw new ProtocolException(name + " is missing");
                }
                yield absent;
            }
            default -> throw new ProtocolException(name + " must be a whole number");
        };
    }

    /// A missing member counts as false.
    private static boolean flag(Map<String, Object> members, String name) throws ProtocolException {
        return switch (members.get(name)) {
            case Boolean flag -> flag;
            case null -> false;
            default -> throw new ProtocolException(name + " must be true or false");
        };
    }

    /// Writes one flat JSON object.
    private static final class Members {
        private final StringWriter text = new StringWriter();
        private final tools.jackson.core.JsonGenerator json =
                JSON.createGenerator(ObjectWriteContext.empty(), text);

        Members() {
            json.writeStartObject();
        }

        void put(String name, String value) {
            json.writeName(name).writeString(value);
        }

        void put(String name, int value) {
            json.writeName(name).writeNumber(value);
        }

        void put(String name, boolean value) {
            json.writeName(name).writeBoolean(value);
        }

        /// Only those that hold.
        void put(Syn.Extras extras) {
            if (extras.rekeysByTime()) {
                put(REKEY_BY_TIME, true);
            }
            if (extras.pads()) {
                put(PADDING, true);
            }
        }

        byte[] toBytes() {
            json.writeEndObject().close();
            return text.toString().getBytes(StandardCharsets.UTF_8);
        }
    }
}
