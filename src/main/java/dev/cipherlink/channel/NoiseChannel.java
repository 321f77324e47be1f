package dev.cipherlink.channel;

import dev.cipherlink.channel.PacketReader.PacketLimits;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.noise.HandshakeState;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.noise.TransportState;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;

/// Version 2 of the wire: [NoiseHandshake] makes the channel; then each packet is a Noise transport message and carries as many
/// whole messages as are ready (`docs/protocol.md`, section 1).
///
/// Messages are written behind a packet's header and sealed in place, with one seal and one write for all that go together.
public final class NoiseChannel extends PacketChannel {

    public static final int VERSION = 2;
    static final int NONCE_BYTES = 0;
    /// The most raw bytes that are sent at once, as one packet: whole blocks of the cipher, and with header and tag one segment of
    /// the loopback interface (65,483 bytes of an IPv4 packet). A longer write would need a small second segment.
    public static final int MAX_STREAM_BYTES = 127 * 512;

    private static final int MIN_BUCKET_BYTES = 256;
    private static final int MAX_BUCKET_BYTES = 4_096;

    private final Suite suite;
    private final TransportState transport;
    /// The largest message that fills a packet up; 0 for none.
    private int maxPaddingBytes;
    /// Whether the packet that was begun takes more messages.
    private boolean isPacketOpen;

    NoiseChannel(PacketReader reader, PacketWriter writer, Suite suite, TransportState transport) {
        super(reader, writer, limits(MAX_UNESTABLISHED_BYTES));
        this.suite = suite;
        this.transport = transport;
    }

    private static PacketLimits limits(int maxDataBytes) {
        return new PacketLimits(VERSION, NONCE_BYTES, TransportState.TAG_BYTES, maxDataBytes);
    }

    @Override
    public int version() {
        return VERSION;
    }

    /// The suite that the handshake agreed on.
    public Suite suite() {
        return suite;
    }

    @Override
    public String protocolName() {
        return suite.protocolName();
    }

    @Override
    public String protection() {
        return suite.kind();
    }

    @Override
    public boolean isOneMessageAPacket() {
        return false;
    }

    @Override
    public void establish(int maxMessageBytes) {
        // A packet may carry several messages, so its limit is that of Noise.
        limit(limits(TransportState.MAX_PLAINTEXT_BYTES + TransportState.TAG_BYTES));
    }

    /// Noise requires it from the first packet on.
    @Override
    public void requireOrder() {
        // A packet out of order does not authenticate.
    }

    @Override
    void open() throws IOException {
        int needed = reader.dataSize() - TransportState.TAG_BYTES;
        if (received.length < needed) {
            Arrays.fill(received, (byte) 0);
            received = new byte[Math.clamp(received.length * 2L, needed, Math.max(needed, SessionParameters.MAX_MESSAGE_BYTES))];
        }
        receivedBytes = transport.open(reader.buffer(), reader.dataOffset(), reader.dataSize(), received, 0);
    }

    @Override
    public int reserve(int messageBytes) throws IOException {
        if (isPacketOpen && writer.dataBytes() + messageBytes > TransportState.MAX_PLAINTEXT_BYTES) {
            sealReserved();
        }
        if (!isPacketOpen) {
            writer.begin(VERSION, NONCE_BYTES);
            isPacketOpen = true;
        }
        return writer.extend(messageBytes);
    }

    @Override
    public byte[] reserved() {
        return writer.buffer();
    }

    @Override
    void sealReserved() throws IOException {
        if (!isPacketOpen) {
            return;
        }
        pad();
        int plaintextBytes = writer.dataBytes();
        writer.extend(TransportState.TAG_BYTES);
        int offset = writer.dataOffset();
        transport.seal(writer.buffer(), offset, plaintextBytes, writer.buffer(), offset);
        writer.end();
        isPacketOpen = false;
    }

    /// Fills a packet of at most 4,096 bytes up to a power of two, from 256 on.
    private void pad() {
        int bytes = writer.dataBytes();
        if (maxPaddingBytes == 0 || bytes == 0 || bytes > MAX_BUCKET_BYTES) {
            return;
        }
        int bucket = Math.max(MIN_BUCKET_BYTES, Integer.highestOneBit(Math.max(1, bytes - 1)) << 1);
        int missing = bucket - bytes;
        if (missing > 0 && missing < MessageCodec.HEADER_BYTES) {
            missing += bucket; // not even a header fits
        }
        if (missing > 0 && missing <= maxPaddingBytes) {
            int offset = writer.extend(missing);
            MessageCodec.encodePadding(writer.buffer(), offset, missing);
        }
    }

    /// What both sides agreed on.
    ///
    /// @param rekeysByTime    whether keys are replaced by time too
    /// @param paddingBytes the largest message that may fill a packet up, 0 if none does
    public void agree(boolean rekeysByTime, int paddingBytes) {
        maxPaddingBytes = paddingBytes;
        if (rekeysByTime) {
            transport.rekeyByTime();
        }
    }

    /// How many times the keys of this connection were replaced.
    public TransportState.Rekeys rekeys() {
        return transport.rekeys();
    }

    @Override
    public boolean isPadded() {
        return maxPaddingBytes > 0;
    }

    /// Receives the raw bytes of the next packet; [#received] then holds them. Blocks.
    ///
    /// @return 0 for the end of the stream, -1 if the peer closed the connection between two packets
    /// @throws java.net.ProtocolException if a packet is malformed or does not authenticate
    public int receiveStream() throws IOException {
        // At most one full packet, so that each read takes one write of a peer that keeps sending.
        reader.readAheadOnePacket(NONCE_BYTES + MAX_STREAM_BYTES + TransportState.TAG_BYTES);
        return receive() ? receivedBytes : -1;
    }

    /// Reserves space for raw bytes, which [#sendStream] sends. Not to be mixed with messages.
    ///
    /// @param maxBytes 0 .. [#MAX_STREAM_BYTES]
    /// @return where the bytes start in [#reserved]
    /// @throws IOException if the channel is closed
    public int reserveStream(int maxBytes) throws IOException {
        if (!isPacketOpen) {
            writer.begin(VERSION, NONCE_BYTES);
            isPacketOpen = true;
        }
        int missing = maxBytes - writer.dataBytes();
        if (missing > 0) {
            // With space for the tag, so that sealing does not move them.
            writer.extend(missing + TransportState.TAG_BYTES);
            writer.truncate(maxBytes);
        }
        return writer.dataOffset();
    }

    /// Seals the first of the bytes reserved by [#reserveStream], in place, and writes them with one call. Blocks while
    /// the peer does not read. Only one thread sends a stream.
    public void sendStream(int bytes) throws IOException {
        writer.truncate(bytes);
        sealReserved();
        writer.writePending();
    }

    // For streams that do not block: packets are made from the caller's bytes.

    /// Reads once what the stream has ready; [#hasPacket] then says whether [#receive] finds a packet.
    ///
    /// @return bytes that were read; 0 if there are none, -1 at the end of the stream
    public int readReady(ReadableByteChannel stream) throws IOException {
        reader.readAheadOnePacket(NONCE_BYTES + MAX_STREAM_BYTES + TransportState.TAG_BYTES);
        return reader.readReady(stream, limits());
    }

    /// Adds a packet with these bytes to those that [#writeReady] writes.
    ///
    /// @param length 1 .. [#MAX_STREAM_BYTES]
    public void seal(byte[] plaintext, int offset, int length) throws IOException {
        writer.begin(VERSION, NONCE_BYTES);
        int start = writer.extend(length + TransportState.TAG_BYTES);
        transport.seal(plaintext, offset, length, writer.buffer(), start);
        writer.end();
    }

    /// Writes the packets that were sealed, as far as the stream takes them. No other may be sealed before all are written.
    ///
    /// @return whether all are written
    public boolean writeReady(WritableByteChannel stream) throws IOException {
        return writer.writeReady(stream);
    }

    @Override
    public int pendingBytes() {
        return writer.pendingBytes();
    }

    @Override
    public void rest() {
        super.rest();
        transport.rest();
    }

    @Override
    public void close() {
        transport.close();
        super.close();
    }

    /// The first three packets of a version 2 connection: Noise XX or XXhfs (`docs/protocol.md`, section 1). The two sides are
    /// mirror images.
    ///
    /// Both block without a time limit of their own. Sizes are exact, since handshake payloads are empty, and
    /// are checked before anything is allocated; a packet that is wrong gets no answer.
    public static final class NoiseHandshake {

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
                handshake.readMessage(receive(reader, exactly(suite.messageBytes(2))));
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
                handshake.readMessage(Arrays.copyOfRange(packet1, SUITE_BYTES, packet1.length));
                send(writer, handshake.writeMessage(NO_PAYLOAD));
                handshake.readMessage(receive(reader, exactly(suite.messageBytes(3))));
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
    }
}
