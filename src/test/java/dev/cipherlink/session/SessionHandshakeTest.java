package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.HandshakeJson;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Both sides of the handshake against messages that were put on the line beforehand.
class SessionHandshakeTest {

    private static final SessionParameters WISHES = Peer.burst(9);
    private static final Syn SYN = new Syn(WISHES, "anna");
    private static final SynAck.Granted GRANTED = new SynAck.Granted("ab", WISHES, "anna");

    private final MemoryChannel.Pipe in = new MemoryChannel.Pipe(1 << 20);
    private final MemoryChannel.Pipe out = new MemoryChannel.Pipe(1 << 20);
    private final MemoryChannel channel = new MemoryChannel(in, out);
    private final MemoryChannel peer = new MemoryChannel(out, in);
    /// The handshake is always made with MD5.
    private final MessageCodec codec = new MessageCodec(Checksum.Algorithm.MD5);

    private void put(MessageType type, int sequence, byte[] payload) throws IOException {
        peer.reserve(MessageCodec.encodedBytes(payload.length));
        codec.encode(Message.of(type, sequence, Payload.of(payload)), peer.reserved(), 0);
        peer.stage();
        peer.writeStaged();
    }

    private Message next() throws IOException {
        assertTrue(peer.receive());
        return codec.decode(peer.received(), 0, peer.receivedBytes());
    }

    private SessionHandshake.Result accept() throws IOException {
        return SessionHandshake.accept(channel, (syn, id) -> new SynAck.Granted("ab", syn.wishes(), syn.clientId()));
    }

    private static byte[] echo(String sessionId) {
        return HandshakeJson.encode(new HandshakeJson.Echo(sessionId, false));
    }

    @Test
    void connectsInThreeMessages() throws IOException {
        put(MessageType.SYN_ACK, 0, HandshakeJson.encode(GRANTED));
        assertEquals(GRANTED, SessionHandshake.connect(channel, SYN));
        Message syn = next();
        assertEquals(MessageType.SYN, syn.type());
        Syn sent = HandshakeJson.decodeSyn(syn.payload());
        assertEquals(SYN, sent.challenging(""));
        assertTrue(sent.challenge().matches("[0-9a-f]{32}"), sent.challenge());
        Message echo = next();
        assertEquals(MessageType.ACK, echo.type());
        assertEquals("{\"session_id\":\"ab\"}", echo.payload().text(), "a server that does not answer challenges is told no more");
        assertFalse(channel.isOrderRequired());
    }

    @Test
    void acceptsInThreeMessages() throws IOException {
        put(MessageType.SYN, 0, HandshakeJson.encode(SYN));
        put(MessageType.ACK, 0, echo("ab"));
        var expected = GRANTED.answering("ab", "");
        assertEquals(new SessionHandshake.Result(expected, SYN), accept());
        assertEquals(expected, HandshakeJson.decodeSynAck(next().payload()));
        assertFalse(channel.isOrderRequired());
    }

    /// Issue 13.11: what a recording has is an answer to another challenge, or none.
    @Test
    void theAnswerToAnotherHandshakeIsRefused() throws IOException {
        for (String recorded : new String[] {"", "00".repeat(16)}) {
            put(MessageType.SYN_ACK, 0, HandshakeJson.encode(GRANTED.answering("ab", recorded)));
            assertThrows(ProtocolException.class, () -> SessionHandshake.connect(channel, SYN));
        }
    }

    /// Issue 13.11: from then on each side takes only the other's next packet.
    @Test
    void bothSidesRequireOrderIfTheOtherCounts() throws IOException {
        put(MessageType.SYN, 0, HandshakeJson.encode(SYN.challenging("x")));
        put(MessageType.ACK, 0, HandshakeJson.encode(new HandshakeJson.Echo("ab", true)));
        accept();
        assertEquals("x", ((SynAck.Granted) HandshakeJson.decodeSynAck(next().payload())).challenge());
        assertTrue(channel.isOrderRequired());
    }

    /// Issue 13.11: the ACK of a recorded resume was as good as a new one.
    @Test
    void offersFreshDigitsBehindTheIdOfASessionThatGoesOn() throws IOException {
        var echoes = new HashSet<String>();
        for (int i = 0; i < 50; i++) {
            put(MessageType.SYN, 0, HandshakeJson.encode(SYN));
            put(MessageType.ACK, 0, echo("ab"));
            assertThrows(ProtocolException.class, () -> SessionHandshake.accept(channel,
                    (syn, _) -> new SynAck.Granted("ab", syn.wishes(), syn.clientId(), 7)));
            echoes.add(((SynAck.Granted) HandshakeJson.decodeSynAck(next().payload())).sessionId());
        }
        assertEquals(50, echoes.size());
        assertTrue(echoes.stream().allMatch(echo -> echo.matches("ab[0-9a-f]{32}")), echoes::toString);
        String latest = "ab".repeat(16) + "cd".repeat(16);
        assertEquals("ab".repeat(16), SessionHandshake.sessionId(new Syn.Resume(latest, 0, -1)));
    }

    @Test
    void refusesEveryOtherMessageInTheClient() throws IOException {
        for (MessageType type : EnumSet.complementOf(EnumSet.of(MessageType.SYN_ACK))) {
            put(type, 0, HandshakeJson.encode(GRANTED));
            assertThrows(IOException.class, () -> SessionHandshake.connect(channel, SYN), type.name());
        }
        put(MessageType.SYN_ACK, 1, HandshakeJson.encode(GRANTED));
        assertThrows(ProtocolException.class, () -> SessionHandshake.connect(channel, SYN), "a number other than 0");
    }

    @Test
    void refusesEveryOtherMessageInTheServer() throws IOException {
        for (MessageType type : EnumSet.complementOf(EnumSet.of(MessageType.SYN))) {
            put(type, 0, HandshakeJson.encode(SYN));
            assertThrows(IOException.class, this::accept, type.name());
        }
        for (MessageType type : EnumSet.complementOf(EnumSet.of(MessageType.ACK))) {
            put(MessageType.SYN, 0, HandshakeJson.encode(SYN));
            put(type, 0, echo("ab"));
            assertThrows(IOException.class, this::accept, type.name());
        }
    }

    @Test
    void refusesAnotherSessionIdThanItsOwn() throws IOException {
        for (String echo : new String[] {"", "aB", "abc", "00"}) {
            put(MessageType.SYN, 0, HandshakeJson.encode(SYN));
            put(MessageType.ACK, 0, echo(echo));
            assertThrows(ProtocolException.class, this::accept, echo);
        }
    }

    @Test
    void offersARandomIdEachTime() throws IOException {
        var ids = new HashSet<String>();
        for (int i = 0; i < 50; i++) {
            put(MessageType.SYN, 0, HandshakeJson.encode(SYN));
            put(MessageType.ACK, 0, echo("not it"));
            assertThrows(ProtocolException.class, () -> SessionHandshake.accept(channel, (syn, id) -> {
                ids.add(id);
                return new SynAck.Granted(id, syn.wishes(), "");
            }));
        }
        assertEquals(50, ids.size());
        assertTrue(ids.stream().allMatch(id -> id.matches("[0-9a-f]{32}")), ids::toString);
    }

    @Test
    void tellsARefusalAndItsReasonOnBothSides() throws IOException {
        put(MessageType.SYN, 0, HandshakeJson.encode(SYN));
        assertThrows(ProtocolException.class,
                () -> SessionHandshake.accept(channel, (syn, id) -> new SynAck.Refused("no room")));
        assertEquals(new SynAck.Refused("no room"), HandshakeJson.decodeSynAck(next().payload()));
        put(MessageType.SYN_ACK, 0, HandshakeJson.encode(new SynAck.Refused("no room")));
        var refusal = assertThrows(RefusedException.class, () -> SessionHandshake.connect(channel, SYN));
        assertEquals("no room", refusal.getMessage());
    }

    @Test
    void tellsThatThePeerWentAway() {
        in.close();
        assertThrows(EOFException.class, this::accept);
        assertThrows(EOFException.class, () -> SessionHandshake.connect(channel, SYN));
    }

    static List<SessionParameters> grantsBeyondTheWishes() {
        return List.of(new SessionParameters(OperationMode.STEP_BY_STEP, 1_024, 1, Checksum.Algorithm.CRC32C),
                new SessionParameters(OperationMode.BURST, 1_025, 9, Checksum.Algorithm.CRC32C),
                new SessionParameters(OperationMode.BURST, 1_024, 10, Checksum.Algorithm.CRC32C));
    }

    @ParameterizedTest
    @MethodSource("grantsBeyondTheWishes")
    void refusesMoreThanItWishedFor(SessionParameters granted) throws IOException {
        put(MessageType.SYN_ACK, 0, HandshakeJson.encode(new SynAck.Granted("ab", granted, "anna")));
        var refusal = assertThrows(ProtocolException.class, () -> SessionHandshake.connect(channel, SYN));
        assertEquals("the server granted what was not asked for", refusal.getMessage());
    }

    /// A server need not know the checksum that was wished for, but not choose one itself.
    @Test
    void takesTheDefaultChecksumInPlaceOfItsOwn() throws IOException {
        var md5 = new SessionParameters(OperationMode.BURST, 1_024, 9, Checksum.Algorithm.MD5);
        put(MessageType.SYN_ACK, 0, HandshakeJson.encode(new SynAck.Granted("ab", md5, "anna")));
        assertEquals(md5, SessionHandshake.connect(channel, SYN).parameters());
        put(MessageType.SYN_ACK, 0, HandshakeJson.encode(GRANTED));
        assertThrows(ProtocolException.class, () -> SessionHandshake.connect(channel, new Syn(md5, "anna")));
    }

    @Test
    void knowsItsOwnSessionBehindFreshDigits() throws IOException {
        var resume = new Syn(WISHES, "anna", new Syn.Resume("ab", 3, -1));
        put(MessageType.SYN_ACK, 0, HandshakeJson.encode(new SynAck.Granted("ab" + "01".repeat(16), WISHES, "anna", 7)));
        assertEquals("ab", SessionHandshake.connect(channel, resume).sessionId());
        put(MessageType.SYN_ACK, 0, HandshakeJson.encode(new SynAck.Granted("cd", WISHES, "anna", 7)));
        assertEquals("cd", SessionHandshake.connect(channel, resume).sessionId());
        put(MessageType.SYN_ACK, 0, HandshakeJson.encode(new SynAck.Granted("ef", WISHES, "anna")));
        assertEquals("ef", SessionHandshake.connect(channel, resume).sessionId(), "a new session");
    }

    /// Only a whole ERROR 0 says that the key is not let in; others may be anything.
    @Test
    void refusesWhatIsDamagedOrHasBytesBehindIt() throws IOException {
        for (MessageType type : new MessageType[] {MessageType.SYN_ACK, MessageType.ERROR}) {
            byte[] payload = HandshakeJson.encode(GRANTED);
            int bytes = MessageCodec.encodedBytes(payload.length);
            peer.reserve(bytes);
            codec.encode(Message.of(type, 0, Payload.of(payload)), peer.reserved(), 0);
            peer.reserved()[bytes - 1] ^= 1;
            peer.stage();
            peer.writeStaged();
            assertThrows(ProtocolException.class, () -> SessionHandshake.connect(channel, SYN), "damaged " + type);
        }
        byte[] payload = HandshakeJson.encode(GRANTED);
        peer.reserve(MessageCodec.encodedBytes(payload.length) + 1);
        codec.encode(Message.of(MessageType.SYN_ACK, 0, Payload.of(payload)), peer.reserved(), 0);
        peer.stage();
        peer.writeStaged();
        assertThrows(ProtocolException.class, () -> SessionHandshake.connect(channel, SYN), "a byte behind it");
        put(MessageType.ERROR, 1, payload);
        assertThrows(ProtocolException.class, () -> SessionHandshake.connect(channel, SYN), "another number");
    }
}
