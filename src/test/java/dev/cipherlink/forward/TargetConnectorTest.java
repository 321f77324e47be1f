package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class TargetConnectorTest {
    private static final ForwardRules LOOPBACK = ForwardRules.parse("127.0.0.0/8:*");
    private final TargetConnector connector = new TargetConnector(Duration.ofSeconds(60));

    private static TargetException refusal(Refusal kind, org.junit.jupiter.api.function.Executable connect) {
        var refusal = assertThrows(TargetException.class, connect);
        assertEquals(kind, refusal.refusal(), refusal.getMessage());
        return refusal;
    }

    @Test
    void onlyAddressesOfTheLoopbackInterfaceAreBegunWithoutBlocking() throws IOException {
        var all = ForwardRules.parse("/run/x,*:*,127.0.0.0/8:*");
        for (String other : new String[] {"/run/x", "localhost:80", "192.0.2.1:80", "[2001:db8::1]:80"}) {
            assertNull(connector.begin(ForwardTarget.parse(other), all), other);
        }
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
             var begun = connector.begin(ForwardTarget.parse("127.0.0.1:" + server.getLocalPort()), all);
             var connected = connector.finish(ForwardTarget.parse("127.0.0.1:" + server.getLocalPort()), begun)) {
            assertTrue(connected.isConnected());
        }
    }

    @Test
    void aLoopbackTargetThatNoRuleAdmitsIsRefusedBeforeItIsConnectedTo() {
        ForwardTarget target = ForwardTarget.parse("127.0.0.1:80");
        for (String rules : new String[] {"db:80", "*:80"}) {
            refusal(Refusal.NOT_ALLOWED, () -> connector.begin(target, ForwardRules.parse(rules)));
        }
    }

    @Test
    void theOperatorIsToldWhereARefusedNameLeads() {
        var rules = ForwardRules.parse("[fd00::/8]:80");
        // A name for us, and an address for the resolver.
        var plain = refusal(Refusal.NOT_ALLOWED, () -> connector.connect(ForwardTarget.parse("10.1:80"), rules));
        assertEquals("10.1:80 leads to 10.0.0.1", plain.detail());
        var guarded = refusal(Refusal.NOT_ALLOWED, () -> connector.connect(ForwardTarget.parse("127.1:80"), rules));
        assertEquals("127.1:80 leads to 127.0.0.1, which only a rule for this address or its network admits", guarded.detail());
        assertFalse(plain.getMessage().contains("10.0.0.1"), "not the client");
    }

    @Test
    void withoutTimeNothingIsConnectedTo() throws IOException {
        var hasty = new TargetConnector(Duration.ZERO);
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String target = "127.0.0.1:" + server.getLocalPort();
            var late = refusal(Refusal.TIMEOUT, () -> hasty.connect(ForwardTarget.parse(target), LOOPBACK));
            assertEquals(target + " does not answer", late.getMessage());
        }
    }

    /// Its queue is full, so that the kernel drops what would open another connection.
    @Test
    void aLoopbackTargetThatAcceptsNothingIsNotWaitedForWithoutEnd() throws IOException {
        var waiting = new ArrayList<SocketChannel>();
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 10; i++) {
                SocketChannel channel = SocketChannel.open();
                waiting.add(channel);
                channel.configureBlocking(false);
                channel.connect(new InetSocketAddress(server.getInetAddress(), server.getLocalPort()));
            }
            ForwardTarget target = ForwardTarget.parse("127.0.0.1:" + server.getLocalPort());
            SocketChannel begun = connector.begin(target, LOOPBACK);
            var late = refusal(Refusal.TIMEOUT, () -> new TargetConnector(Duration.ofMillis(50)).finish(target, begun));
            assertEquals(target + " does not answer", late.getMessage());
            assertFalse(begun.isOpen());
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }
}
