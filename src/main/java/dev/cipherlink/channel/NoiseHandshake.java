package dev.cipherlink.channel;

import dev.cipherlink.channel.PacketReader.PacketLimits;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.noise.HandshakeState;
import dev.cipherlink.noise.Suite;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The first three packets of a version 2 connection: Noise XX (`docs/protocol.md`, section 1). The two sides are
/// mirror images.
///
/// Both block, and keep no time themselves: the caller bounds them. Sizes are exact, since handshake payloads are
/// empty: nothing else is read, and nothing is ever sent in answer to a packet that is wrong.
public final class NoiseHandshake {

    private static final int KEY_BYTES = KeyPair.KEY_BYTES;
    private static final int TAG_BYTES = 16;
    private static final int SUITE_BYTES = 1;
    /// `-> e`, behind the suite byte.
    private static final int PACKET_1_BYTES = SUITE_BYTES + KEY_BYTES;
    /// `<- e, ee, s, es`.
    private static final int PACKET_2_BYTES = KEY_BYTES + KEY_BYTES + TAG_BYTES + TAG_BYTES;
    /// `-> s, se`.
    private static final int PACKET_3_BYTES = KEY_BYTES + TAG_BYTES + TAG_BYTES;
    private static final byte[] PROLOGUE = "cipherlink".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NO_PAYLOAD = {};

    private NoiseHandshake() {
    }

    /// Looks at the peer's static key as soon as the peer has proved that it holds it.
    @FunctionalInterface
    public interface KeyCheck {
        /// @param publicKey 32 bytes
        /// @throws IOException if the handshake must not go on
        void accept(byte[] publicKey) throws IOException;
    }

    /// A channel and the static key that the peer proved to hold.
    public record Result(NoiseChannel channel, byte[] remoteStatic) {
    }

    /// The client's side.
    ///
    /// @param serverKey is asked after message 2; if it throws, message 3, and with it our own key, is not sent
    /// @throws ProtocolException if the server broke the rules
    public static Result initiate(PacketReader reader, PacketWriter writer, Initiator initiator, KeyCheck serverKey)
            throws IOException {
        Suite suite = initiator.suite();
        try (var handshake = HandshakeState.initiator(suite, prologue(suite), initiator.keyPair())) {
            byte[] message1 = handshake.writeMessage(NO_PAYLOAD);
            byte[] packet1 = new byte[PACKET_1_BYTES];
            packet1[0] = (byte) suite.suiteByte();
            System.arraycopy(message1, 0, packet1, SUITE_BYTES, message1.length);
            send(writer, packet1);
            requireEmpty(handshake.readMessage(receive(reader, PACKET_2_BYTES)));
            byte[] remoteStatic = handshake.remoteStatic();
            serverKey.accept(remoteStatic);
            send(writer, handshake.writeMessage(NO_PAYLOAD));
            return new Result(new NoiseChannel(reader, writer, handshake.split()), remoteStatic);
        }
    }

    /// Who initiates, and with which suite.
    ///
    /// @param keyPair the client's static key, which stays the caller's
    public record Initiator(Suite suite, KeyPair keyPair) {
    }

    /// The server's side. Who the client may be is for the caller to decide, by the key in the result, before anything
    /// else is received.
    ///
    /// @param keyPair the server's static key, which stays the caller's
    /// @throws ProtocolException if the client broke the rules
    public static Result accept(PacketReader reader, PacketWriter writer, KeyPair keyPair) throws IOException {
        byte[] packet1 = receive(reader, PACKET_1_BYTES);
        Suite suite = Suite.of(packet1[0] & 0xff);
        try (var handshake = HandshakeState.responder(suite, prologue(suite), keyPair)) {
            requireEmpty(handshake.readMessage(Arrays.copyOfRange(packet1, SUITE_BYTES, packet1.length)));
            send(writer, handshake.writeMessage(NO_PAYLOAD));
            requireEmpty(handshake.readMessage(receive(reader, PACKET_3_BYTES)));
            return new Result(new NoiseChannel(reader, writer, handshake.split()), handshake.remoteStatic());
        }
    }

    /// `cipherlink`, the version byte, the suite byte: what was agreed on in the clear before the first message.
    private static byte[] prologue(Suite suite) {
        byte[] prologue = Arrays.copyOf(PROLOGUE, PROLOGUE.length + 2);
        prologue[PROLOGUE.length] = (byte) NoiseChannel.VERSION;
        prologue[PROLOGUE.length + 1] = (byte) suite.suiteByte();
        return prologue;
    }

    private static void send(PacketWriter writer, byte[] data) throws IOException {
        writer.begin(NoiseChannel.VERSION, 0);
        int offset = writer.extend(data.length);
        System.arraycopy(data, 0, writer.buffer(), offset, data.length);
        writer.end();
        writer.stage();
        writer.writeStaged();
    }

    private static byte[] receive(PacketReader reader, int dataBytes) throws IOException {
        if (!reader.read(new PacketLimits(NoiseChannel.VERSION, 0, dataBytes, dataBytes))) {
            throw new EOFException("the connection was closed during the handshake");
        }
        return Arrays.copyOfRange(reader.buffer(), reader.dataOffset(), reader.dataOffset() + reader.dataSize());
    }

    private static void requireEmpty(byte[] payload) throws ProtocolException {
        if (payload.length > 0) {
            throw new ProtocolException("a handshake payload where none is allowed");
        }
    }
}
