package dev.cipherlink.channel;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.noise.HandshakeState;
import dev.cipherlink.noise.Suite;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One side of a version 2 handshake made by hand, message by message, so that it can break any rule.
///
/// @param suite what message 1 announces
/// @param noise the state that makes and takes the messages
public record NoisePeer(Suite suite, HandshakeState noise) {

    /// Bytes of a packet's header.
    public static final int HEADER_BYTES = 9;
    private static final byte[] NO_PAYLOAD = {};

    public static NoisePeer initiator(Suite suite, KeyPair keys) {
        return new NoisePeer(suite, HandshakeState.initiator(suite, prologue(suite.suiteByte()), keys));
    }

    public static NoisePeer responder(Suite suite, KeyPair keys) {
        return new NoisePeer(suite, HandshakeState.responder(suite, prologue(suite.suiteByte()), keys));
    }

    /// As `docs/protocol.md` has it, section 1.
    static byte[] prologue(int suiteByte) {
        byte[] prologue = Arrays.copyOf("cipherlink".getBytes(StandardCharsets.US_ASCII), 12);
        prologue[10] = 2;
        prologue[11] = (byte) suiteByte;
        return prologue;
    }

    /// A packet of version 2 around some data.
    public static byte[] packet(byte[]... data) {
        int size = Arrays.stream(data).mapToInt(part -> part.length).sum();
        var packet = ByteBuffer.allocate(HEADER_BYTES + size).put((byte) 2).putInt(0).putInt(size);
        for (byte[] part : data) {
            packet.put(part);
        }
        return packet.array();
    }

    /// The data of a packet.
    static byte[] data(byte[] packet) {
        return Arrays.copyOfRange(packet, HEADER_BYTES, packet.length);
    }

    /// The first packet.
    public byte[] packet1() throws IOException {
        return packet1(NO_PAYLOAD);
    }

    public byte[] packet1(byte[] payload) throws IOException {
        return packet(new byte[] {(byte) suite.suiteByte()}, noise.writeMessage(payload));
    }

    /// Takes the peer's first packet.
    NoisePeer take1(byte[] packet) throws IOException {
        noise.readMessage(Arrays.copyOfRange(packet, HEADER_BYTES + 1, packet.length));
        return this;
    }

    /// Takes any packet but the first.
    public NoisePeer take(byte[] packet) throws IOException {
        noise.readMessage(data(packet));
        return this;
    }

    /// The second or the third packet.
    public byte[] next() throws IOException {
        return next(NO_PAYLOAD);
    }

    public byte[] next(byte[] payload) throws IOException {
        return packet(noise.writeMessage(payload));
    }

    /// The channel after all three packets.
    public NoiseChannel channel(PacketReader reader, PacketWriter writer) {
        return new NoiseChannel(reader, writer, suite, noise.split());
    }

    /// Both sides after a whole handshake.
    public static NoisePeer[] pair(Suite suite, KeyPair initiatorKeys, KeyPair responderKeys) throws IOException {
        var initiator = initiator(suite, initiatorKeys);
        var responder = responder(suite, responderKeys);
        responder.take1(initiator.packet1());
        initiator.take(responder.next());
        responder.take(initiator.next());
        return new NoisePeer[] {initiator, responder};
    }

    /// The last packet in what was written, given that all before it have `skip` bytes.
    static byte[] written(ByteArrayOutputStream out, int skip) {
        byte[] all = out.toByteArray();
        return Arrays.copyOfRange(all, skip, all.length);
    }
}
