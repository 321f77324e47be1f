package dev.cipherlink.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.message.HandshakeJson;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Syn.SynAck;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/// A server and a client of channels that keeps to no rule.
class ChannelSessionIT {

    private static final int OPEN = 1;
    private static final int CREDIT = 7;
    private static final int PING = 9;
    private static final int PONG = 10;

    private static RawNoisePeer establish(PersonalServer server) throws IOException {
        var socket = new Socket();
        socket.setReceiveBufferSize(16 * 1024);
        socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
        var peer = new RawNoisePeer(socket, server.ann().keyPair()).shakeHands();
        peer.send(MessageType.SYN, 0, "{\"operation_mode\":\"channels\",\"max_packet_size\":65519,\"window_size\":1}");
        var granted = (SynAck.Granted) HandshakeJson.decodeSynAck(peer.receive().payload());
        peer.send(MessageType.ACK, 0, "{\"session_id\":\"" + granted.sessionId() + "\"}");
        return peer;
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> "cipherlink-session".equals(thread.getName())).count();
    }

    /// Clients cannot have the server start any number of platform threads.
    @Test
    void sessionsThatGetNoPlatformThreadAreServedToo() throws Exception {
        var peers = new ArrayList<RawNoisePeer>();
        try (PersonalServer server = PersonalServer.start(PersonalServer.forwards(ForwardRules.parse("127.0.0.1:*"), ForwardLimits.DEFAULT))) {
            for (int i = 0; i < ChannelSessions.MAX_THREADS + 2; i++) {
                RawNoisePeer peer = establish(server);
                peers.add(peer);
                peer.sendStream(new byte[] {PING});
                assertArrayEquals(new byte[] {PONG}, peer.receiveStream());
            }
            await().until(() -> threads() == ChannelSessions.MAX_THREADS);
            peers.getFirst().close();
            await().until(() -> threads() == ChannelSessions.MAX_THREADS - 1);
            peers.getLast().sendStream(new byte[] {PING});
            assertArrayEquals(new byte[] {PONG}, peers.getLast().receiveStream());
            for (RawNoisePeer peer : peers) {
                peer.close();
            }
            await().until(() -> threads() == 0);
        }
    }

    /// One that may not stay any longer, reads nothing, and so cannot be told.
    @Test
    void aClientThatDoesNotReadCannotPutOffItsEnd() throws Exception {
        try (var target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
             PersonalServer server = PersonalServer.start(to -> {
                 PersonalServer.forwards(ForwardRules.parse("127.0.0.1:*"), ForwardLimits.DEFAULT).accept(to);
                 to.keepaliveInterval = Duration.ofMinutes(5);
             });
             RawNoisePeer peer = establish(server)) {
            byte[] text = ("127.0.0.1:" + target.getLocalPort()).getBytes(US_ASCII);
            peer.sendStream(ByteBuffer.allocate(7 + text.length + 9).put((byte) OPEN).putInt(1).putShort((short) text.length).put(text)
                    .put((byte) CREDIT).putInt(1).putInt(1 << 30).array());
            try (Socket accepted = target.accept()) {
                Thread.startVirtualThread(() -> {
                    try {
                        for (var bytes = new byte[65_536]; true; ) {
                            accepted.getOutputStream().write(bytes);
                        }
                    } catch (IOException e) {
                        // It has ended.
                    }
                });
                Connection connection = server.live().getFirst();
                var before = new long[] {-1};
                // Until its connection takes no more.
                await().pollInterval(Duration.ofMillis(300)).until(() -> {
                    long last = before[0];
                    before[0] = connection.bytesOut();
                    return last > 1 << 20 && last == before[0];
                });
                connection.endByOperator("ann");
                await().until(() -> server.connections() == 0);
                assertEquals(0, server.counter("forwards_in_channels"));
            }
        }
    }
}
