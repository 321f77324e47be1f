package dev.cipherlink.client;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.fault.Ending;
import dev.cipherlink.fault.FaultProxy;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.server.PersonalServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

/// The connection of channels, lost between two steps of a forward.
class ChannelClientIT {

    /// The only forward, whose connection is lost before it has said anything: it connects again.
    @Test
    void aForwardThatFoundAConnectionGetsAnotherOne() throws Exception {
        try (var target = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
             PersonalServer server = PersonalServer.start(PersonalServer.forwards(ForwardRules.parse("127.0.0.1:*"), ForwardLimits.DEFAULT));
             FaultProxy proxy = FaultProxy.to(server.port());
             var listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
             var program = SocketChannel.open(listener.getLocalAddress());
             var client = new ChannelClient(ClientConfig.to("127.0.0.1", proxy.port(), server.clientConfig().credentials()))) {
            RunnableForward forward = client.open(ForwardTarget.parse("127.0.0.1:" + target.getLocalPort()),
                    new Accepted(listener.accept(), new byte[0], ForwardLimits.DEFAULT, false));
            proxy.endAll(Ending.RST);
            await().until(() -> server.connections() == 0);
            Thread running = Thread.startVirtualThread(() -> {
                try {
                    forward.run(Thread.ofVirtual().factory());
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            target.setSoTimeout(60_000);
            try (Socket accepted = target.accept()) {
                program.socket().getOutputStream().write(7);
                assertEquals(7, accepted.getInputStream().read());
            }
            running.interrupt();
        }
    }
}
