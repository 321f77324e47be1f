package dev.cipherlink.forward;

import static dev.cipherlink.forward.ForwardRig.ascii;
import static dev.cipherlink.forward.ForwardRig.async;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.ForwardRig.Pair;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.Relay.Tunnel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/// One forwarded connection, and each way in which it can end.
class ForwardIT {

    private static void assertReset(Socket socket) {
        var failure = assertThrows(IOException.class, () -> {
            while (socket.getInputStream().read() >= 0) {
                socket.getOutputStream().write(0);
            }
        });
        assertTrue(failure.getMessage().contains("reset"), failure.toString());
    }

    @Test
    void carriesBothDirectionsAndBothEnds() throws Exception {
        try (var rig = new ForwardRig()) {
            try (Pair pair = rig.connect()) {
                pair.client().getOutputStream().write(ascii("request"));
                pair.client().shutdownOutput();
                assertEquals("request", new String(pair.target().getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
                pair.target().getOutputStream().write(ascii("answer"));
                pair.target().close();
                assertEquals("answer", new String(pair.client().getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            }
            rig.awaitEnds(1);
            rig.awaitRest();
            assertEquals(RelayEnd.Reason.ENDED, rig.ends.getFirst().reason());
            rig.awaitCounter("closed_stream_ended", 1);
            rig.awaitCounter("forwards_bytes_to_targets", 7);
            rig.awaitCounter("forwards_bytes_from_targets", 6);
            assertEquals(new Forwards.Totals(0, 1, 0, 7, 6), rig.local.forwards().totals());
        }
    }

    @Test
    void theTargetMayEndItsDirectionFirstAndStillRead() throws Exception {
        try (var rig = new ForwardRig(); Pair pair = rig.connect()) {
            pair.target().getOutputStream().write(ascii("banner"));
            pair.target().shutdownOutput();
            assertEquals("banner", new String(pair.client().getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            for (int i = 0; i < 3; i++) {
                pair.client().getOutputStream().write(i);
                assertEquals(i, pair.target().getInputStream().read());
            }
            pair.client().close();
            assertEquals(-1, pair.target().getInputStream().read());
            rig.awaitEnds(1);
            rig.awaitRest();
            assertEquals(RelayEnd.Reason.ENDED, rig.ends.getFirst().reason());
        }
    }

    @Test
    void passesAResetOfTheClientOn() throws Exception {
        try (var rig = new ForwardRig(); Pair pair = rig.connect()) {
            pair.client().getOutputStream().write(1);
            assertEquals(1, pair.target().getInputStream().read());
            pair.client().setSoLinger(true, 0);
            pair.client().close();
            assertReset(pair.target());
            rig.awaitEnds(1);
            rig.awaitRest();
            assertEquals(RelayEnd.Reason.PLAIN_RESET, rig.ends.getFirst().reason());
        }
    }

    @Test
    void passesAResetOfTheTargetOn() throws Exception {
        try (var rig = new ForwardRig(); Pair pair = rig.connect()) {
            pair.target().getOutputStream().write(1);
            assertEquals(1, pair.client().getInputStream().read());
            pair.target().setSoLinger(true, 0);
            pair.target().close();
            assertReset(pair.client());
            rig.awaitRest();
            rig.awaitCounter("closed_target_lost", 1);
        }
    }

    /// As a web server does that refuses an upload: its answer must not be lost although nobody takes the upload.
    @Test
    void anAnswerArrivesThoughTheTargetClosesWhileTheClientIsSending() throws Exception {
        try (var rig = new ForwardRig(); Pair pair = rig.connect()) {
            byte[] answer = new byte[200_000];
            new Random(1).nextBytes(answer);
            assertEquals(0, async(() -> {
                pair.client().getOutputStream().write(0);
                return pair.target().getInputStream().read();
            }).get(60, TimeUnit.SECONDS));
            FutureTask<byte[]> received = async(() -> pair.client().getInputStream().readNBytes(answer.length));
            pair.target().getOutputStream().write(answer);
            pair.target().close();
            assertArrayEquals(answer, received.get(60, TimeUnit.SECONDS));
            assertEquals(-1, pair.client().getInputStream().read());
            assertThrows(IOException.class, () -> {
                while (true) {
                    pair.client().getOutputStream().write(new byte[10_000]);
                }
            });
            rig.awaitRest();
        }
    }

    @Test
    void aTargetThatIsDownIsToldAndBreaksTheConnection() throws Exception {
        try (var rig = new ForwardRig(); var client = new Socket()) {
            rig.target.close();
            client.connect(rig.local.address());
            assertReset(client);
            rig.awaitFailures(1);
            var failure = assertInstanceOf(TargetException.class, rig.failures.getFirst());
            assertEquals(Refusal.CONNECTION_REFUSED, failure.refusal());
            assertEquals("127.0.0.1:" + rig.target.getLocalPort() + " refuses connections", failure.getMessage());
            rig.awaitCounter("forwards_refused", 1);
        }
    }

    @Test
    void withoutARuleNothingIsConnectedAndTheMissingRuleIsNamed() throws Exception {
        try (var rig = new ForwardRig("127.0.0.2:*,*.example.org:*", ForwardLimits.DEFAULT, 0); var client = new Socket()) {
            client.connect(rig.local.address());
            assertReset(client);
            rig.awaitFailures(1);
            var failure = assertInstanceOf(TargetException.class, rig.failures.getFirst());
            assertEquals(Refusal.NOT_ALLOWED, failure.refusal());
            assertTrue(failure.getMessage().contains("forward=127.0.0.1:" + rig.target.getLocalPort()), failure.getMessage());
            assertTrue(failure.getMessage().contains("forward.allow"), failure.getMessage());
            rig.target.setSoTimeout(1);
            assertThrows(IOException.class, rig.target::accept);
        }
    }

    /// A name that leads to an address for which there is no rule: what counts is where the connection would go.
    /// Issue 13.18: the answer told that address.
    @Test
    void aNameIsCheckedByTheAddressThatItLeadsTo() throws Exception {
        try (var rig = new ForwardRig("10.0.0.0/8:*", ForwardLimits.DEFAULT, 0)) {
            var failure = assertThrows(TargetException.class,
                    () -> rig.tunnels.open(new ForwardTarget("localhost", rig.target.getLocalPort())));
            assertEquals(Refusal.NOT_ALLOWED, failure.refusal());
            assertFalse(failure.getMessage().contains("127.0.0.1") || failure.getMessage().contains("::1")
                    || failure.getMessage().contains("0:0:1"), failure.getMessage());
            assertEquals(Refusal.NO_SUCH_HOST, assertThrows(TargetException.class,
                    () -> rig.tunnels.open(new ForwardTarget("no-such-host.invalid", 80))).refusal());
        }
        try (var rig = new ForwardRig("127.0.0.0/8:*", ForwardLimits.DEFAULT, 0)) {
            rig.tunnels.open(new ForwardTarget("localhost", rig.target.getLocalPort())).close();
        }
    }

    /// Issue 13.18: `*` reached the server itself.
    @Test
    void onlyARuleThatNamesLoopbackReachesTheServersOwnPorts() throws Exception {
        try (var rig = new ForwardRig("*:*", ForwardLimits.DEFAULT, 0)) {
            for (String host : List.of("localhost", "127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1")) {
                var failure = assertThrows(TargetException.class,
                        () -> rig.tunnels.open(new ForwardTarget(host, rig.target.getLocalPort())), host);
                assertEquals(Refusal.NOT_ALLOWED, failure.refusal(), host);
            }
        }
        try (var rig = new ForwardRig("localhost:*", ForwardLimits.DEFAULT, 0)) {
            rig.tunnels.open(new ForwardTarget("localhost", rig.target.getLocalPort())).close();
        }
    }

    @Test
    void aServerThatStopsAtOnceBreaksItsForwards() throws Exception {
        try (var rig = new ForwardRig(); Pair pair = rig.connect()) {
            pair.client().getOutputStream().write(1);
            assertEquals(1, pair.target().getInputStream().read());
            Thread stopping = Thread.startVirtualThread(rig.server::close);
            assertReset(pair.client());
            assertReset(pair.target());
            stopping.join();
        }
    }

    @Test
    void aClientThatVanishesBreaksTheConnectionToTheTarget() throws Exception {
        try (var rig = new ForwardRig()) {
            Tunnel tunnel = rig.tunnels.open(new ForwardTarget("127.0.0.1", rig.target.getLocalPort()));
            try (Socket target = rig.target.accept()) {
                target.setSoTimeout(60_000);
                tunnel.socket().close();
                assertReset(target);
            }
            rig.awaitRest();
            rig.awaitCounter("closed_peer_lost", 1);
        }
    }

    @Test
    void bytesBehindTheEndOfAStreamEndTheConnection() throws Exception {
        try (var rig = new ForwardRig();
             Tunnel tunnel = rig.tunnels.open(new ForwardTarget("127.0.0.1", rig.target.getLocalPort()));
             Socket target = rig.target.accept()) {
            target.setSoTimeout(60_000);
            for (int bytes : new int[] {3, 0, 1}) {
                int offset = tunnel.channel().reserveStream(bytes);
                Arrays.fill(tunnel.channel().reserved(), offset, offset + bytes, (byte) 0);
                tunnel.channel().sendStream(bytes);
            }
            assertArrayEquals(new byte[3], target.getInputStream().readAllBytes());
            rig.awaitRest();
            rig.awaitCounter("closed_protocol_error", 1);
        }
    }

    @Test
    void anIdleConnectionIsEndedWhereThereIsALimit() throws Exception {
        try (var rig = new ForwardRig("127.0.0.1:*", new ForwardLimits(Duration.ofMillis(700), Duration.ZERO), 0);
             Pair pair = rig.connect()) {
            pair.client().getOutputStream().write(1);
            assertEquals(1, pair.target().getInputStream().read());
            assertReset(pair.client());
            assertReset(pair.target());
            rig.awaitRest();
        }
    }

    @Test
    void aHalfClosedConnectionIsEndedAfterItsOwnLimit() throws Exception {
        try (var rig = new ForwardRig("127.0.0.1:*", new ForwardLimits(Duration.ZERO, Duration.ofMillis(500)), 0);
             Pair pair = rig.connect()) {
            pair.client().shutdownOutput();
            assertEquals(-1, pair.target().getInputStream().read());
            assertReset(pair.client());
            rig.awaitRest();
        }
    }

    @Test
    void aPoolKeepsConnectionsReadyAndRenewsThem() throws Exception {
        try (var rig = new ForwardRig("127.0.0.1:*", ForwardLimits.DEFAULT, 3)) {
            Awaitility.await().until(() -> rig.server.counter("connections") == 3);
            for (int i = 0; i < 20; i++) {
                try (Pair pair = rig.connect()) {
                    pair.client().getOutputStream().write(i);
                    assertEquals(i, pair.target().getInputStream().read());
                }
            }
            rig.awaitRest();
            long begun = rig.server.counter("connections_accepted");
            Awaitility.await().until(() ->
                    rig.server.counter("connections_accepted") >= begun + 3 && rig.server.counter("connections") == 3);
            assertEquals(0, rig.server.counter("closed_handshake_timeout"));
            try (Pair pair = rig.connect()) {
                pair.client().getOutputStream().write(7);
                assertEquals(7, pair.target().getInputStream().read());
            }
            assertEquals(List.of(), rig.failures);
        }
    }

    /// Issue 14, case 27: a program that takes `localhost` for `::1` was refused.
    @Test
    void bothLoopbackAddressesAreListenedOn() throws Exception {
        try (var rig = new ForwardRig()) {
            for (String host : List.of("127.0.0.1", "::1")) {
                try (var client = new Socket(host, rig.local.address().getPort())) {
                    client.setSoTimeout(60_000);
                    try (Socket accepted = rig.target.accept()) {
                        accepted.getOutputStream().write(7);
                        assertEquals(7, client.getInputStream().read(), host);
                    }
                }
            }
            int port = rig.local.address().getPort();
            rig.local.close();
            for (String host : List.of("127.0.0.1", "::1")) {
                Awaitility.await().untilAsserted(
                        () -> assertThrows(IOException.class, () -> new Socket(host, port).close(), host));
            }
        }
    }

    /// A listener on the other address would get the connections of programs that try it first.
    @Test
    void aPortThatIsTakenOnOneLoopbackAddressCannotBeListenedOn() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.ofLiteral("::1")); var rig = new ForwardRig()) {
            var config = new ForwardListener.Config(rig.tunnels, ForwardLimits.DEFAULT, Optional.empty(), null);
            int port = taken.getLocalPort();
            var failure = assertThrows(IOException.class,
                    () -> ForwardListener.bind(ForwardSpec.parseLocal(port + ":web:80"), config));
            assertTrue(failure.getMessage().startsWith("[0:0:0:0:0:0:0:1]:" + port + ": "), failure.getMessage());
            ForwardListener.bind(ForwardSpec.parseLocal("127.0.0.1:" + port + ":web:80"), config).close();
        }
    }

    @Test
    void aPortThatIsTakenCannotBeListenedOn() throws Exception {
        try (var rig = new ForwardRig(); var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var config = new ForwardListener.Config(rig.tunnels, ForwardLimits.DEFAULT, java.util.Optional.empty(), null);
            assertThrows(IOException.class, () -> ForwardListener.bind(
                    ForwardSpec.parseDynamic(String.valueOf(taken.getLocalPort())), config));
        }
    }
}
