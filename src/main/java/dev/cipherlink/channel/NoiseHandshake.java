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
import java.util.Set;

/// The first three packets of a version 2 connection: Noise XX or XXhfs (`docs/protocol.md`, section 1). The two sides are
/// mirror images.
///
/// Both block without a time limit of their own. Sizes are exact, since handshake payloads are empty, and
/// are checked before anything is allocated; a packet that is wrong gets no answer.
public final class NoiseHandshake {

    private static final int SUITE_BYTES = 1;
    private static final byte[] PROLOGUE = "cipherlink".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NO_PAYLOAD = {};

    private NoiseHandshake() {
    }

    /// Checks the peer's static key, after the peer has proved that it holds it.
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
        Suite suite = initiator.suite;
        try (var handshake = HandshakeState.initiator(suite, prologue(suite), initiator.keyPair)) {
            byte[] message1 = handshake.writeMessage(NO_PAYLOAD);
            byte[] packet1 = new byte[SUITE_BYTES + message1.length];
            packet1[0] = (byte) suite.suiteByte();
            System.arraycopy(message1, 0, packet1, SUITE_BYTES, message1.length);
            send(writer, packet1);
            requireEmpty(handshake.readMessage(receive(reader, exactly(suite.messageBytes(2)))));
            byte[] remoteStatic = handshake.remoteStatic();
            serverKey.accept(remoteStatic);
            send(writer, handshake.writeMessage(NO_PAYLOAD));
            return new Result(new NoiseChannel(reader, writer, suite, handshake.split()), remoteStatic);
        }
    }

    /// The key and the suite of an initiator.
    ///
    /// @param keyPair the client's static key, which stays the caller's
    public record Initiator(Suite suite, KeyPair keyPair) {
    }

    /// The server's side. The caller decides by the key in the result, before it receives anything else, whether the client may come
    /// in.
    ///
    /// @throws ProtocolException if the client broke the rules, or chose a suite that is not accepted
    public static Result accept(PacketReader reader, PacketWriter writer, Responder responder) throws IOException {
        byte[] packet1 = receive(reader, responder.packet1);
        Suite suite = Suite.of(packet1[0] & 0xff);
        if (!responder.suites.contains(suite)) {
            throw new ProtocolException(suite.protocolName() + " is not accepted here");
        }
        if (packet1.length != packet1Bytes(suite)) {
            throw new ProtocolException("a first packet of " + packet1.length + " bytes under " + suite.protocolName());
        }
        try (var handshake = HandshakeState.responder(suite, prologue(suite), responder.keyPair)) {
            requireEmpty(handshake.readMessage(Arrays.copyOfRange(packet1, SUITE_BYTES, packet1.length)));
            send(writer, handshake.writeMessage(NO_PAYLOAD));
            requireEmpty(handshake.readMessage(receive(reader, exactly(suite.messageBytes(3)))));
            return new Result(new NoiseChannel(reader, writer, suite, handshake.split()), handshake.remoteStatic());
        }
    }

    /// The responder and its suites. One serves all connections of a server.
    public static final class Responder {
        private final Set<Suite> suites;
        private final KeyPair keyPair;
        private final PacketLimits packet1;

        /// @param suites  those that are accepted; at least one
        /// @param keyPair the server's static key, which stays the caller's
        public Responder(Set<Suite> suites, KeyPair keyPair) {
            this.suites = Set.copyOf(suites);
            this.keyPair = keyPair;
            var sizes = suites.stream().mapToInt(NoiseHandshake::packet1Bytes).summaryStatistics();
            packet1 = new PacketLimits(NoiseChannel.VERSION, NoiseChannel.NONCE_BYTES, sizes.getMin(), sizes.getMax(),
                    sizes.getMin() != sizes.getMax());
        }
    }

    private static int packet1Bytes(Suite suite) {
        return SUITE_BYTES + suite.messageBytes(1);
    }

    private static PacketLimits exactly(int dataBytes) {
        return new PacketLimits(NoiseChannel.VERSION, NoiseChannel.NONCE_BYTES, dataBytes, dataBytes);
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

    private static byte[] receive(PacketReader reader, PacketLimits limits) throws IOException {
        if (!reader.read(limits)) {
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
