package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.NoiseChannel.NoiseHandshake;
import dev.cipherlink.channel.PacketReader;
import dev.cipherlink.channel.PacketWriter;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StreamConnectionIT {

    private static NoiseChannel shakeHands(Socket socket, PersonalServer server) throws IOException {
        return NoiseHandshake.initiate(new PacketReader(socket.getInputStream()), new PacketWriter(socket.getOutputStream()),
                new NoiseHandshake.Initiator(Suite.AES_GCM, server.ann().keyPair()), key -> { }).channel();
    }

    @Test
    void leavesNoConnectionToTheTargetOfAClientThatWasCutOff() throws Exception {
        try (var target = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
             var server = PersonalServer.start(PersonalServer.forwards(ForwardRules.parse("127.0.0.1:*"),
                     ForwardLimits.DEFAULT))) {
            Socket socket = server.connect();
            NoiseChannel channel = shakeHands(socket, server);
            var client = new ClientIdentity("ann", Optional.of(server.ann().publicKey()), true);
            var syn = new Syn(new SessionParameters(OperationMode.STREAM, SessionParameters.MAX_MESSAGE_BYTES, 1,
                    Checksum.Algorithm.CRC32C), "", "127.0.0.1:" + target.getLocalPort());
            socket.close();
            assertThrows(IOException.class, () -> StreamConnection.open(syn,
                    new StreamConnection.Opening(server.server(), client, socket, channel)));
            channel.close();
            // Connections are accepted in the order in which they came.
            try (var probe = new Socket(target.getInetAddress(), target.getLocalPort()); Socket first = target.accept()) {
                assertEquals(probe.getLocalPort(), first.getPort());
            }
        }
    }

    /// Clients that had proved who they are, and waited for slow targets, had all handshakes of their address.
    @Test
    void aClientThatAsksForATargetTakesNoPlaceOfOtherHandshakes() throws Exception {
        var forwards = PersonalServer.forwards(ForwardRules.parse("127.0.0.1:*"), ForwardLimits.DEFAULT);
        var limits = new HandshakeLimits(1, 8, 1_000, 1_000);
        try (var target = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
             var server = PersonalServer.start(forwards.andThen(to -> to.handshakes = limits));
             var first = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
            first.shakeHands().send(MessageType.SYN, 0, "{\"operation_mode\":\"stream\",\"max_packet_size\":1024,\"target\":\"127.0.0.1:"
                    + target.getLocalPort() + "\"}");
            target.accept().close();
            try (var second = new RawNoisePeer(server.connect(), server.ann().keyPair())) {
                assertEquals("ann", second.open("").clientId(), "though the first has not sent its ACK");
            }
        }
    }
}
