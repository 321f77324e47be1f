package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.fault.Fault;
import dev.cipherlink.fault.FaultPlan;
import dev.cipherlink.fault.FaultProxy;
import dev.cipherlink.fault.Flow;
import dev.cipherlink.forward.ForwardListener.ForwardEvents;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.server.PersonalServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntFunction;

/// A server, and a client of channels whose connections to it are cut. After so many bytes of a connection, rather than of
/// time: a fast machine has as many cuts as a slow one.
final class CutRig implements AutoCloseable {

    /// A loss that nothing tells of is found after four of these.
    private static final Duration KEEPALIVE = Duration.ofMillis(250);
    /// The ways in which networks do it.
    private static final List<Fault> FAULTS = List.of(Fault.RESET, Fault.CUT, Fault.BLACK_HOLE);

    final PersonalServer server;
    final FaultProxy proxy;
    private final TunnelClient tunnels;
    private final List<String> failures = new CopyOnWriteArrayList<>();

    /// @param plans as of [FaultProxy]
    CutRig(IntFunction<FaultPlan> plans) throws IOException {
        server = PersonalServer.start(to -> {
            PersonalServer.forwards(ForwardRules.parse("127.0.0.1:*"), ForwardLimits.DEFAULT).accept(to);
            to.keepaliveInterval = KEEPALIVE;
            to.handshakeTimeout = Duration.ofMinutes(1);
        });
        proxy = FaultProxy.to(server.port(), plans);
        tunnels = new TunnelClient(ClientConfig.to("127.0.0.1", proxy.port(), server.clientConfig().credentials())
                .withTimes(Duration.ofMinutes(1), KEEPALIVE), 0);
        tunnels.start();
    }

    /// The first so many connections are cut, each after this many bytes in one direction.
    static CutRig cutting(int cuts, long bytes) throws IOException {
        return new CutRig(number -> number >= cuts ? FaultPlan.CLEAN
                : FaultPlan.both(Flow.CLEAN.with(FAULTS.get(number % FAULTS.size()), bytes)));
    }

    ForwardListener forwardTo(int port) throws IOException {
        return tunnels.listen(ForwardSpec.parseLocal("0:127.0.0.1:" + port), new ForwardEvents() {
            @Override
            public void failed(String listener, IOException cause) {
                failures.add(cause.toString());
            }

            @Override
            public void ended(String listener, ForwardTarget target, RelayEnd end, long bytesOut, long bytesIn) {
                if (end.reason() != RelayEnd.Reason.ENDED) {
                    failures.add(end.toString());
                }
            }
        });
    }

    /// At least so many connections were lost.
    void assertCut(int times) {
        assertTrue(proxy.accepted() > times, proxy.accepted() + " connections");
    }

    /// At least so many connections were lost, and no forward ended otherwise than by its programs.
    void assertUnnoticed(int cuts) {
        assertCut(cuts);
        assertEquals(List.of(), failures);
    }

    @Override
    public void close() throws IOException {
        tunnels.close();
        proxy.close();
        server.close();
    }
}
