package dev.cipherlink.fault;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.fault.WireServer.Wire;
import dev.cipherlink.session.CloseReason;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Cases 54 to 56 of the fault catalogue: FIN and RST to either side in all 16 orders, one direction closed, a cable
/// pulled. A connection ends once, for the right reason, and every request has one outcome.
@Tag("slow")
class EndingOrdersIT {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final int BURST = 3_000;

    /// @param isServerFirst whether the server's connection ends before the client's
    /// @param isMidBurst    whether requests are under way
    record Order(Wire wire, Ending atServer, Ending atClient, boolean isServerFirst, boolean isMidBurst) {
    }

    static List<Order> orders() {
        var orders = new ArrayList<Order>();
        for (Wire wire : Wire.values()) {
            for (int i = 0; i < 16; i++) {
                orders.add(new Order(wire, Ending.values()[i & 1], Ending.values()[i >> 1 & 1], (i & 4) != 0,
                        (i & 8) != 0));
            }
        }
        return orders;
    }

    @ParameterizedTest
    @MethodSource("orders")
    void endsOnceForTheRightReasonInEveryOrder(Order order) throws Exception {
        try (var server = WireServer.start(order.wire); var proxy = FaultProxy.to(server.port());
             var client = Client.connect(server.through(proxy))) {
            var counting = new Counting();
            assertEquals("PONG", client.request("PING").text());
            int taken = 0;
            if (order.isMidBurst) {
                taken = counting.send(client, BURST);
                await().pollInterval(Duration.ofMillis(1)).until(() -> counting.answers() > 100);
            }
            proxy.refuse();
            ProxiedConnection connection = proxy.connections().getFirst();
            end(connection, order.isServerFirst ? Direction.TO_SERVER : Direction.TO_CLIENT, order);
            end(connection, order.isServerFirst ? Direction.TO_CLIENT : Direction.TO_SERVER, order);
            server.awaitConnections(0);
            assertEquals(1, server.endedInAll());
            assertEquals(1, order.atServer == Ending.RST ? server.ended(CloseReason.PEER_LOST)
                    : order.isMidBurst ? server.ended(CloseReason.PEER_CLOSED) + server.ended(CloseReason.PEER_LOST)
                    : server.ended(CloseReason.PEER_CLOSED));
            int sent = taken;
            await().until(() -> counting.outcomes() == sent);
            assertEquals("", counting.wrong());
            assertThrows(IOException.class, () -> client.request("PING"));
            assertServes(server, counting.answers(), taken);
        }
    }

    private static void end(ProxiedConnection connection, Direction direction, Order order) throws IOException {
        connection.end(direction, direction == Direction.TO_SERVER ? order.atServer : order.atClient);
    }

    /// Every request that was answered ran, and none ran that was not taken.
    private static void assertServes(WireServer server, int answered, int taken) throws Exception {
        try (var other = Client.connect(server.config())) {
            int count = Integer.parseInt(other.request("INCR n 0").text());
            assertTrue(answered <= count && count <= taken, answered + " answered, " + count + " ran, " + taken + " sent");
        }
    }

    @ParameterizedTest
    @EnumSource
    void drainsAndClosesWhenTheClientsDirectionEndsEarly(Wire wire) throws Exception {
        endEarly(wire, Direction.TO_SERVER);
    }

    @ParameterizedTest
    @EnumSource
    void endsWhenTheServersDirectionEndsEarly(Wire wire) throws Exception {
        endEarly(wire, Direction.TO_CLIENT);
    }

    private static void endEarly(Wire wire, Direction direction) throws Exception {
        try (var server = WireServer.start(wire); var proxy = FaultProxy.to(server.port(),
                FaultPlan.of(direction, Flow.CLEAN.with(Fault.HALF_CLOSE, 20_000)));
             var client = Client.connect(server.through(proxy))) {
            proxy.refuse();
            var counting = new Counting();
            int taken = counting.send(client, BURST);
            server.awaitConnections(0);
            await().until(() -> counting.outcomes() == taken);
            assertEquals("", counting.wrong());
            assertEquals(1, server.ended(CloseReason.PEER_CLOSED) + server.ended(CloseReason.PEER_LOST));
            assertServes(server, counting.answers(), taken);
        }
    }

    /// Case 54: an interval of silence, and three unanswered questions.
    @ParameterizedTest
    @EnumSource
    void findsOutOnBothSidesThatTheCableWasPulled(Wire wire) throws Exception {
        Duration interval = Duration.ofSeconds(1);
        try (var server = WireServer.start(wire, WireServer.times(LONG, interval));
             var proxy = FaultProxy.to(server.port());
             var client = Client.connect(server.through(proxy).withTimes(LONG, interval))) {
            proxy.refuse();
            var counting = new Counting();
            assertEquals("PONG", client.request("PING").text());
            proxy.swallowAll();
            long start = System.nanoTime();
            int taken = counting.send(client, 10);
            await().pollInterval(Duration.ofMillis(5)).until(() -> counting.outcomes() == taken);
            server.awaitEnded(CloseReason.KEEPALIVE_TIMEOUT, 1);
            assertTrue(System.nanoTime() - start >= interval.multipliedBy(3).toNanos());
            assertEquals(0, counting.answers());
            assertServes(server, 0, 0);
        }
    }

    /// The server also finds a client whose every request was answered, and which is silent now.
    @Test
    void anIdleConnectionStaysThroughAProxyThatIsSlow() throws Exception {
        Duration interval = Duration.ofMillis(500);
        try (var server = WireServer.start(Wire.NOISE, WireServer.times(LONG, interval));
             var proxy = FaultProxy.to(server.port(), FaultPlan.both(Flow.CLEAN.with(Duration.ofMillis(100))));
             var client = Client.connect(server.through(proxy).withTimes(LONG, interval))) {
            assertEquals("PONG", client.request("PING").text());
            await().during(interval.multipliedBy(5)).until(() -> server.endedInAll() == 0);
            assertEquals("PONG", client.request("PING").text());
        }
    }
}
