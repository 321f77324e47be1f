package dev.cipherlink.server;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.NoisePeer;
import dev.cipherlink.channel.PacketReader;
import dev.cipherlink.channel.PacketWriter;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.message.HandshakeJson;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.noise.Suite;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The client's end of a version 2 connection driven by hand: it need not keep to any rule.
public final class RawNoisePeer implements AutoCloseable {

    /// Bytes of the server's first packet.
    private static final int PACKET_2_BYTES = 9 + 96;

    private final Socket socket;
    private final NoisePeer noise;
    private final MessageCodec codec = new MessageCodec(Checksum.Algorithm.MD5);
    private SecureChannel channel;

    public RawNoisePeer(Socket socket, KeyPair keys) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(60_000);
        noise = NoisePeer.initiator(Suite.AES_GCM, keys);
    }

    public Socket socket() {
        return socket;
    }

    NoisePeer noise() {
        return noise;
    }

    public void sendRaw(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    public void send1() throws IOException {
        sendRaw(noise.packet1());
    }

    public byte[] receive2() throws IOException {
        byte[] packet = socket.getInputStream().readNBytes(PACKET_2_BYTES);
        if (packet.length < PACKET_2_BYTES) {
            throw new EOFException("closed instead of an answer");
        }
        noise.take(packet);
        return packet;
    }

    public byte[] packet3() throws IOException {
        byte[] packet = noise.next();
        channel = noise.channel(new PacketReader(socket.getInputStream()), new PacketWriter(socket.getOutputStream()));
        return packet;
    }

    /// All three packets.
    public RawNoisePeer shakeHands() throws IOException {
        send1();
        receive2();
        sendRaw(packet3());
        return this;
    }

    /// The packets, and then the session.
    public RawNoisePeer establish() throws IOException {
        open("");
        return this;
    }

    /// The packets, and then a session.
    ///
    /// @param members more of SYN, each behind a comma
    public SynAck.Granted open(String members) throws IOException {
        shakeHands();
        send(MessageType.SYN, 0, "{\"operation_mode\":\"burst\",\"max_packet_size\":65519,\"window_size\":64" + members + "}");
        Message answer = receive();
        if (answer == null) {
            throw new EOFException("closed instead of an answer");
        }
        var granted = (SynAck.Granted) HandshakeJson.decodeSynAck(answer.payload());
        send(MessageType.ACK, 0, "{\"session_id\":\"" + granted.sessionId() + "\"}");
        channel.establish(granted.parameters().maxMessageBytes());
        return granted;
    }

    public void add(MessageType type, int sequence, byte[] payload) throws IOException {
        int offset = channel.reserve(MessageCodec.encodedBytes(payload.length));
        codec.encode(Message.of(type, sequence, Payload.of(payload)), channel.reserved(), offset);
    }

    public void flush() throws IOException {
        if (channel.stage()) {
            channel.writeStaged();
        }
    }

    public void send(MessageType type, int sequence, String payload) throws IOException {
        add(type, sequence, payload.getBytes(StandardCharsets.UTF_8));
        flush();
    }

    /// A packet of raw bytes.
    void sendStream(byte[] bytes) throws IOException {
        var stream = (NoiseChannel) channel;
        int offset = stream.reserveStream(bytes.length);
        System.arraycopy(bytes, 0, stream.reserved(), offset, bytes.length);
        stream.sendStream(bytes.length);
    }

    /// The raw bytes of the next packet.
    byte[] receiveStream() throws IOException {
        int bytes = ((NoiseChannel) channel).receiveStream();
        return Arrays.copyOf(channel.received(), bytes);
    }

    /// The first message of the next packet; null at the end of the stream.
    public Message receive() throws IOException {
        return channel.receive() ? codec.decode(channel.received(), 0, channel.receivedBytes()) : null;
    }

    /// How many messages the next packet has; 0 at the end of the stream.
    public int receiveAll() throws IOException {
        if (!channel.receive()) {
            return 0;
        }
        int messages = 0;
        for (int offset = 0; offset < channel.receivedBytes(); messages++) {
            Message message = codec.decode(channel.received(), offset, channel.receivedBytes() - offset);
            offset += MessageCodec.encodedBytes(message.payload().length());
        }
        return messages;
    }

    /// Reads until the server closes, by FIN or RST.
    ///
    /// @return what came
    byte[] readToEnd() throws IOException {
        try {
            return socket.getInputStream().readAllBytes();
        } catch (SocketException e) {
            return new byte[0];
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
