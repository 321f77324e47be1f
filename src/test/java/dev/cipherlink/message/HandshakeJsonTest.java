package dev.cipherlink.message;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn.SynAck;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HandshakeJsonTest {

    private static final String REQUIRED = "\"operation_mode\":\"burst\",\"max_packet_size\":1024";
    private static final SessionParameters DEFAULTS =
            new SessionParameters(OperationMode.BURST, 1_024, 64, Checksum.Algorithm.MD5);

    private static Payload json(String text) {
        return Payload.of(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Syn syn(String members) throws ProtocolException {
        return HandshakeJson.decodeSyn(json("{" + members + "}"));
    }

    private static void assertRefused(String text) {
        assertThrows(ProtocolException.class, () -> HandshakeJson.decodeSyn(json(text)), text.length() + " bytes");
        assertThrows(ProtocolException.class, () -> HandshakeJson.decodeSynAck(json(text)), text.length() + " bytes");
        assertThrows(ProtocolException.class, () -> HandshakeJson.decodeEcho(json(text)), text.length() + " bytes");
    }

    @Test
    void readsBackEverySynThatItWrites() throws ProtocolException {
        for (OperationMode mode : OperationMode.values()) {
            for (Checksum.Algorithm checksum : Checksum.Algorithm.values()) {
                int window = mode == OperationMode.BURST ? 32_767 : 1;
                var syn = new Syn(new SessionParameters(mode, 65_519, window, checksum), "Anna \"1\" \\ \u00fc\n",
                        mode == OperationMode.STREAM ? "[::1]:80" : "");
                assertEquals(syn, HandshakeJson.decodeSyn(Payload.of(HandshakeJson.encode(syn))));
            }
        }
    }

    @Test
    void readsBackASynThatResumes() throws ProtocolException {
        var resume = new Syn.Resume("0123456789abcdef0123456789abcdef", 65_535, 7);
        var syn = new Syn(DEFAULTS, "anna", resume, "", "challenge");
        assertEquals(syn, HandshakeJson.decodeSyn(Payload.of(HandshakeJson.encode(syn))));
        var untold = new Syn(DEFAULTS, "anna", new Syn.Resume("00", 0, -1), "", "");
        assertEquals(untold, HandshakeJson.decodeSyn(Payload.of(HandshakeJson.encode(untold))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"session_id\":\"00\",\"received\":-1", "\"session_id\":\"00\",\"received\":65536",
            "\"session_id\":\"00\",\"acknowledged\":-2"})
    void refusesANumberThatIsNoSequenceNumber(String members) {
        assertThrows(ProtocolException.class, () -> syn(REQUIRED + "," + members));
    }

    @Test
    void refusesAChallengeOfMoreThan64Characters() throws ProtocolException {
        assertEquals(64, syn(REQUIRED + ",\"challenge\":\"" + "c".repeat(64) + "\"").challenge().length());
        assertThrows(ProtocolException.class, () -> syn(REQUIRED + ",\"challenge\":\"" + "c".repeat(65) + "\""));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 32_767})
    void takesTheSmallestAndTheLargestWindowOfASynAck(int window) throws ProtocolException {
        var granted = (SynAck.Granted) HandshakeJson.decodeSynAck(json("{\"status\":\"ok\",\"session_id\":\"00\"," + REQUIRED
                + ",\"window_size\":" + window + "}"));
        assertEquals(window, granted.parameters().windowSize());
    }

    @Test
    void refusesASynAckWithAWordForResumed() {
        assertThrows(ProtocolException.class, () -> HandshakeJson.decodeSynAck(json("{\"status\":\"ok\",\"session_id\":\"00\","
                + REQUIRED + ",\"resumed\":\"yes\"}")));
    }

    @Test
    void readsBackEverySynAckAndEchoThatItWrites() throws ProtocolException {
        var granted = new SynAck.Granted("00ff", new SessionParameters(OperationMode.BURST, 1_024, 5,
                Checksum.Algorithm.CRC32C), "anna");
        assertEquals(granted, HandshakeJson.decodeSynAck(Payload.of(HandshakeJson.encode(granted))));
        var resumed = new SynAck.Granted("00ff", granted.parameters(), "anna", 65_535);
        assertEquals(resumed, HandshakeJson.decodeSynAck(Payload.of(HandshakeJson.encode(resumed))));
        SynAck.Granted announcing = granted.announcing("j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8=");
        assertEquals(announcing, HandshakeJson.decodeSynAck(Payload.of(HandshakeJson.encode(announcing))));
        var refused = new SynAck.Refused("no \"room\"\u0007");
        assertEquals(refused, HandshakeJson.decodeSynAck(Payload.of(HandshakeJson.encode(refused))));
        var noTarget = new SynAck.Refused("nobody listens", "connection-refused");
        assertEquals(noTarget, HandshakeJson.decodeSynAck(Payload.of(HandshakeJson.encode(noTarget))));
        for (boolean isCounted : new boolean[] {true, false}) {
            var echo = new HandshakeJson.Echo("00ff", isCounted);
            assertEquals(echo, HandshakeJson.decodeEcho(Payload.of(HandshakeJson.encode(echo))));
        }
        var challenged = granted.answering("00ff", "abc");
        assertEquals(challenged, HandshakeJson.decodeSynAck(Payload.of(HandshakeJson.encode(challenged))));
        for (var extras : List.of(new Syn.Extras(true, false), new Syn.Extras(false, true), new Syn.Extras(true, true))) {
            var extended = granted.with(extras);
            assertEquals(extended, HandshakeJson.decodeSynAck(Payload.of(HandshakeJson.encode(extended))));
            var offering = new Syn(DEFAULTS, "").with(extras);
            assertEquals(offering, HandshakeJson.decodeSyn(Payload.of(HandshakeJson.encode(offering))));
        }
        assertThrows(ProtocolException.class, () -> syn(REQUIRED + ",\"padding\":\"yes\""));
        var challenging = new Syn(DEFAULTS, "").challenging("abc");
        assertEquals(challenging, HandshakeJson.decodeSyn(Payload.of(HandshakeJson.encode(challenging))));
    }

    @Test
    void writesAndReadsTheTargetOfAForward() throws ProtocolException {
        var wishes = new SessionParameters(OperationMode.STREAM, 65_519, 1, Checksum.Algorithm.CRC32C);
        assertEquals("{\"operation_mode\":\"stream\",\"max_packet_size\":65519,\"window_size\":1,\"checksum\":\"crc32c\","
                        + "\"target\":\"db:5432\"}",
                new String(HandshakeJson.encode(new Syn(wishes, "", "db:5432")), StandardCharsets.UTF_8));
        assertEquals("{\"status\":\"error\",\"reason\":\"no\",\"code\":\"not-allowed\"}",
                new String(HandshakeJson.encode(new SynAck.Refused("no", "not-allowed")), StandardCharsets.UTF_8));
        String stream = "\"operation_mode\":\"stream\",\"max_packet_size\":1024,\"target\":\"";
        assertEquals("x".repeat(262), syn(stream + "x".repeat(262) + "\"").target());
        assertThrows(ProtocolException.class, () -> syn(stream + "x".repeat(263) + "\""));
        assertEquals("", syn(REQUIRED + ",\"target\":\"db:5432\"").target());
        assertEquals(1, syn(stream + "db:5432\",\"window_size\":7").wishes().windowSize());
    }

    @Test
    void writesTheMembersOfTheProtocol() {
        var wishes = new SessionParameters(OperationMode.STEP_BY_STEP, 1_024, 1, Checksum.Algorithm.MD5);
        assertEquals("{\"operation_mode\":\"step-by-step\",\"max_packet_size\":1024,\"window_size\":1,\"checksum\":\"md5\"}",
                new String(HandshakeJson.encode(new Syn(wishes, "")), StandardCharsets.UTF_8));
        assertEquals("{\"status\":\"ok\",\"session_id\":\"ab\",\"max_packet_size\":1024,\"operation_mode\":\"step-by-step\","
                        + "\"window_size\":1,\"checksum\":\"md5\",\"resumed\":false,\"client_id\":\"anna\"}",
                new String(HandshakeJson.encode(new SynAck.Granted("ab", wishes, "anna")), StandardCharsets.UTF_8));
        assertEquals("{\"status\":\"error\",\"reason\":\"why\"}",
                new String(HandshakeJson.encode(new SynAck.Refused("why")), StandardCharsets.UTF_8));
        assertEquals("{\"session_id\":\"ab\"}", new String(HandshakeJson.encode(new HandshakeJson.Echo("ab", false)), StandardCharsets.UTF_8));
    }

    @Test
    void takesTheDefaultsForMissingMembers() throws ProtocolException {
        assertEquals(new Syn(DEFAULTS, ""), syn(REQUIRED));
        assertEquals(new SynAck.Granted("ab", DEFAULTS, ""),
                HandshakeJson.decodeSynAck(json("{\"status\":\"ok\",\"session_id\":\"ab\"," + REQUIRED + "}")));
        assertEquals(new SynAck.Refused("no reason given"), HandshakeJson.decodeSynAck(json("{\"status\":\"error\"}")));
    }

    @Test
    void ignoresUnknownMembersOfAnyKind() throws ProtocolException {
        assertEquals(new Syn(DEFAULTS, ""), syn("\"x\":null,\"y\":[1,[2,{}]],\"z\":{\"window_size\":5},\"w\":1e400,\"v\":true,"
                + "\"u\":99999999999999999999," + REQUIRED));
    }

    @Test
    void clampsALargerPacketSize() throws ProtocolException {
        assertEquals(65_519, syn("\"operation_mode\":\"burst\",\"max_packet_size\":65519").wishes().maxMessageBytes());
        assertEquals(65_519, syn("\"operation_mode\":\"burst\",\"max_packet_size\":65520").wishes().maxMessageBytes());
        assertEquals(65_519,
                syn("\"operation_mode\":\"burst\",\"max_packet_size\":9223372036854775807").wishes().maxMessageBytes());
        assertEquals(3, new SessionParameters(OperationMode.BURST, 1_024, 64, Checksum.Algorithm.MD5).clampedTo(3)
                .windowSize());
        assertEquals(64, DEFAULTS.clampedTo(1_000).windowSize());
    }

    @Test
    void grantsAWindowOfOneInStepByStepMode() throws ProtocolException {
        assertEquals(1, syn("\"operation_mode\":\"step-by-step\",\"max_packet_size\":1024,\"window_size\":99").wishes()
                .windowSize());
        assertEquals(1, syn("\"operation_mode\":\"step-by-step\",\"max_packet_size\":1024").wishes().windowSize());
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "\"max_packet_size\":1024",
            "\"operation_mode\":\"burst\"",
            "\"operation_mode\":\"stream\",\"max_packet_size\":1024",
            "\"operation_mode\":\"stream\",\"max_packet_size\":1024,\"target\":7",
            "\"operation_mode\":\"Burst\",\"max_packet_size\":1024",
            "\"operation_mode\":1,\"max_packet_size\":1024",
            "\"operation_mode\":null,\"max_packet_size\":1024",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1023",
            "\"operation_mode\":\"burst\",\"max_packet_size\":-1",
            "\"operation_mode\":\"burst\",\"max_packet_size\":\"1024\"",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1024.5",
            "\"operation_mode\":\"burst\",\"max_packet_size\":9223372036854775808",
            "\"operation_mode\":\"burst\",\"max_packet_size\":NaN",
            "\"operation_mode\":\"burst\",\"max_packet_size\":Infinity",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"window_size\":0",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"window_size\":32768",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"window_size\":-1",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"checksum\":\"sha1\"",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"checksum\":\"MD5\"",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"client_id\":null",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"window_size\":[1]",
            "\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"client_id\":7"})
    void refusesASynThatIsNotAllowed(String members) {
        assertThrows(ProtocolException.class, () -> syn(members));
    }

    @Test
    void refusesAClientIdOfMoreThan64Characters() throws ProtocolException {
        assertEquals("x".repeat(64), syn(REQUIRED + ",\"client_id\":\"" + "x".repeat(64) + "\"").clientId());
        assertThrows(ProtocolException.class, () -> syn(REQUIRED + ",\"client_id\":\"" + "x".repeat(65) + "\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "{\"status\":\"maybe\"}",
            "{\"status\":\"ok\",\"operation_mode\":\"burst\",\"max_packet_size\":1024}",
            "{\"status\":\"ok\",\"session_id\":\"a\",\"operation_mode\":\"x\",\"max_packet_size\":1024}",
            "{\"status\":\"ok\",\"session_id\":\"a\",\"operation_mode\":\"burst\",\"max_packet_size\":1023}",
            "{\"status\":\"ok\",\"session_id\":\"a\",\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"window_size\":0}",
            "{\"status\":\"ok\",\"session_id\":\"a\",\"operation_mode\":\"burst\",\"max_packet_size\":1024,\"window_size\":32768}"})
    void refusesASynAckThatIsNotAllowed(String text) {
        assertThrows(ProtocolException.class, () -> HandshakeJson.decodeSynAck(json(text)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "null", "[]", "\"x\"", "1", "{", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
            "{'a':1}", "{\"a\":1}{\"a\":1}", "{\"a\":1} x", "{\"a\":NaN}", "{\"a\":+1}", "{\"a\":01}", "{/**/\"a\":1}",
            "{\"a\":\"\u0001\"}"})
    void refusesWhatIsNotOneJsonObject(String text) {
        assertRefused(text);
    }

    @Test
    void refusesAMemberThatStandsThereTwice() {
        assertThrows(ProtocolException.class, () -> syn(REQUIRED + ",\"max_packet_size\":2048"));
        assertThrows(ProtocolException.class, () -> syn(REQUIRED + ",\"x\":1,\"\\u0078\":1"));
        assertThrows(ProtocolException.class, () -> syn(REQUIRED + ",\"x\":{\"y\":1,\"y\":1}"));
    }

    @Test
    void refusesASynCutAtEachLength() {
        String whole = "{" + REQUIRED + ",\"client_id\":\"\u00fc\"}";
        byte[] bytes = whole.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
            int length = i;
            assertThrows(ProtocolException.class,
                    () -> HandshakeJson.decodeSyn(new Payload(bytes, 0, length)), "cut at " + length);
        }
        assertDoesNotThrow(() -> HandshakeJson.decodeSyn(Payload.of(bytes)));
    }

    @Test
    void acceptsTwoThousandFortyEightBytesAndNotOneMore() throws ProtocolException {
        String start = REQUIRED + ",\"x\":\"";
        String fits = start + "y".repeat(HandshakeJson.MAX_BYTES - start.length() - 3) + "\"";
        assertEquals(HandshakeJson.MAX_BYTES, fits.length() + 2);
        assertEquals(new Syn(DEFAULTS, ""), syn(fits));
        assertThrows(ProtocolException.class, () -> syn(fits + " "));
    }

    @Test
    void refusesDeepNestingWithoutOverflowingTheStack() throws ProtocolException {
        assertRefused("[".repeat(1_000_000));
        assertRefused("{\"a\":".repeat(200_000));
        assertRefused("{\"a\":" + "[".repeat(2_000));
        assertEquals(new Syn(DEFAULTS, ""), syn(REQUIRED + ",\"x\":" + "[".repeat(7) + "]".repeat(7)));
        assertThrows(ProtocolException.class, () -> syn(REQUIRED + ",\"x\":" + "[".repeat(8) + "]".repeat(8)));
    }

    @Test
    void refusesHugeStringsNumbersAndManyMembers() {
        assertRefused("{\"a\":\"" + "x".repeat(1_000_000) + "\"}");
        assertRefused("{\"a\":" + "9".repeat(1_000_000) + "}");
        assertRefused("{\"operation_mode\":\"burst\",\"session_id\":\"a\",\"status\":\"ok\",\"max_packet_size\":"
                + "9".repeat(1_500) + "}");
        var members = new StringBuilder("{");
        for (int i = 0; i < 1_000_000; i++) {
            members.append('"').append(i).append("\":0,");
        }
        assertRefused(members.append("\"x\":0}").toString());
    }

    @Test
    void bothSidesUseWhatBothWishFor() {
        for (int bits = 0; bits < 16; bits++) {
            var one = new Syn.Extras((bits & 1) != 0, (bits & 2) != 0);
            var other = new Syn.Extras((bits & 4) != 0, (bits & 8) != 0);
            assertEquals(new Syn.Extras((bits & 5) == 5, (bits & 10) == 10), one.and(other));
        }
    }
}
