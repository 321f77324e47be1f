package dev.cipherlink.server;

import dev.cipherlink.channel.PacketReader;
import dev.cipherlink.channel.PacketWriter;
import dev.cipherlink.channel.SharedKeyChannel;
import dev.cipherlink.crypto.SharedKey;
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
import dev.cipherlink.session.SessionHandshake;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/// One end of a version 1 connection driven by hand, message by message: it need not keep to any rule.
public final class RawPeer implements AutoCloseable {

    private final Socket socket;
    private final SharedKeyChannel channel;
    private SynAck.Granted granted;
    private final MessageCodec codec = new MessageCodec(Checksum.Algorithm.MD5);

    public RawPeer(Socket socket, SharedKey key) throws IOException {
        this(socket, key, socket.getOutputStream());
    }

    /// @param out where its packets go, in place of the socket
    public RawPeer(Socket socket, SharedKey key, OutputStream out) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        channel = new SharedKeyChannel(new PacketReader(socket.getInputStream()), new PacketWriter(out), key);
    }

    public Socket socket() {
        return socket;
    }

    public void send(MessageType type, int sequence, String payload) throws IOException {
        send(Message.of(type, sequence, Payload.of(payload.getBytes(StandardCharsets.UTF_8))));
    }

    public void send(Message message) throws IOException {
        add(message);
        flush();
    }

    public void add(Message message) throws IOException {
        int offset = channel.reserve(MessageCodec.encodedBytes(message.payload().length()));
        codec.encode(message, channel.reserved(), offset);
    }

    public void flush() throws IOException {
        if (channel.stage()) {
            channel.writeStaged();
        }
    }

    /// @return null at the end of the stream
    public Message receive() throws IOException {
        return channel.receive() ? codec.decode(channel.received(), 0, channel.receivedBytes()) : null;
    }

    public void sendSyn(int windowSize) throws IOException {
        send(MessageType.SYN, 0, "{\"operation_mode\":\"burst\",\"max_packet_size\":65519,\"window_size\":" + windowSize + "}");
    }

    public SynAck.Granted receiveSynAck() throws IOException {
        Message answer = receive();
        if (answer == null) {
            throw new EOFException("closed instead of an answer");
        }
        return (SynAck.Granted) HandshakeJson.decodeSynAck(answer.payload());
    }

    public void sendEcho(String sessionId) throws IOException {
        send(MessageType.ACK, 0, "{\"session_id\":\"" + sessionId + "\"}");
    }

    /// The client's side of the handshake.
    public RawPeer establish(int windowSize) throws IOException {
        sendSyn(windowSize);
        granted = receiveSynAck();
        sendEcho(granted.sessionId());
        channel.establish(granted.parameters().maxMessageBytes());
        return this;
    }

    /// Of the session that was established.
    public String sessionId() {
        return granted.sessionId();
    }

    /// The client's side of the handshake as our own client does it: its nonces count, and it says so.
    public RawPeer establishCounted() throws IOException {
        granted = SessionHandshake.connect(channel, new Syn(new SessionParameters(OperationMode.BURST,
                SessionParameters.MAX_MESSAGE_BYTES, 64, Checksum.Algorithm.MD5), ""));
        return this;
    }

    /// The client's side of the handshake for a session that has had another connection.
    ///
    /// @param received the last number that the client accepted
    public SynAck.Granted resume(String sessionId, int received) throws IOException {
        send(MessageType.SYN, 0, "{\"operation_mode\":\"burst\",\"max_packet_size\":65519,\"session_id\":\"" + sessionId
                + "\",\"received\":" + received + "}");
        granted = receiveSynAck();
        sendEcho(granted.sessionId());
        channel.establish(granted.parameters().maxMessageBytes());
        return granted;
    }

    /// The server's side of the handshake.
    public RawPeer accept() throws IOException {
        receive();
        send(MessageType.SYN_ACK, 0, "{\"status\":\"ok\",\"session_id\":\"00\",\"operation_mode\":\"burst\","
                + "\"max_packet_size\":65519,\"window_size\":64}");
        receive();
        channel.establish(65_519);
        return this;
    }

    /// Sends a request and receives its answer.
    public String request(int sequence, String command) throws IOException {
        send(MessageType.DATA, sequence, command);
        return receive().payload().text();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
