package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.ForwardListener.ForwardSpec;
import dev.cipherlink.forward.ForwardRig.Pair;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.Relay.Tunnel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// One forwarded connection, and each way in which it can end.
@Timeout(60)
class ForwardIT {

    /// Bytes of a large transfer: `-Dcipherlink.forward.transfer=1073741824` for a longer run.
    private static final long TRANSFER_BYTES = Long.getLong("cipherlink.forward.transfer", 64L << 20);

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static <T> FutureTask<T> async(Callable<T> work) {
        var task = new FutureTask<>(work);
        Thread.startVirtualThread(task);
        return task;
    }

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
            assertEquals(1, rig.server.counter("closed_stream_ended"));
            assertEquals(7, rig.server.counter("forwards_bytes_to_targets"));
            assertEquals(6, rig.server.counter("forwards_bytes_from_targets"));
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
            assertEquals(1, rig.server.counter("closed_target_lost"));
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
            }).get(20, TimeUnit.SECONDS));
            FutureTask<byte[]> received = async(() -> pair.client().getInputStream().readNBytes(answer.length));
            pair.target().getOutputStream().write(answer);
            pair.target().close();
            assertArrayEquals(answer, received.get(20, TimeUnit.SECONDS));
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
            assertEquals(1, rig.server.counter("forwards_refused"));
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
                target.setSoTimeout(20_000);
                tunnel.socket().close();
                assertReset(target);
            }
            rig.awaitRest();
            assertEquals(1, rig.server.counter("closed_peer_lost"));
        }
    }

    @Test
    void bytesBehindTheEndOfAStreamEndTheConnection() throws Exception {
        try (var rig = new ForwardRig();
             Tunnel tunnel = rig.tunnels.open(new ForwardTarget("127.0.0.1", rig.target.getLocalPort()));
             Socket target = rig.target.accept()) {
            target.setSoTimeout(20_000);
            for (int bytes : new int[] {3, 0, 1}) {
                int offset = tunnel.channel().reserveStream(bytes);
                Arrays.fill(tunnel.channel().reserved(), offset, offset + bytes, (byte) 0);
                tunnel.channel().sendStream(bytes);
            }
            assertArrayEquals(new byte[3], target.getInputStream().readAllBytes());
            rig.awaitRest();
            assertEquals(1, rig.server.counter("closed_protocol_error"));
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

    /// Nobody between the two ends holds more than their sockets do.
    @Test
    void aReaderThatDoesNotReadStallsTheSender() throws Exception {
        try (var rig = new ForwardRig(); Pair pair = rig.connect()) {
            long[] written = {0};
            FutureTask<Void> writing = async(() -> {
                OutputStream out = pair.client().getOutputStream();
                byte[] block = new byte[64 * 1024];
                while (true) {
                    out.write(block);
                    written[0] += block.length;
                }
            });
            long[] seen = {-1};
            Awaitility.await().pollInterval(Duration.ofMillis(500)).atMost(Duration.ofSeconds(30)).until(() -> {
                long before = seen[0];
                seen[0] = written[0];
                return before == seen[0];
            });
            assertTrue(written[0] < 64 << 20, written[0] + " bytes are somewhere in between");
            int stalledAt = (int) seen[0];
            assertEquals(stalledAt, pair.target().getInputStream().readNBytes(stalledAt).length);
            pair.client().close();
            pair.target().close();
            assertThrows(Exception.class, () -> writing.get(20, TimeUnit.SECONDS));
            rig.awaitRest();
        }
    }

    private static String sendRandom(OutputStream out, long bytes, long seed) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        Random random = new Random(seed);
        byte[] block = new byte[1 << 20];
        random.nextBytes(block);
        for (long left = bytes; left > 0; ) {
            int count = (int) Math.min(left, 1 + random.nextInt(block.length));
            block[0] = (byte) left;
            digest.update(block, 0, count);
            out.write(block, 0, count);
            left -= count;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String digestOf(InputStream in) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] block = new byte[1 << 16];
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
            digest.update(block, 0, count);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    @Test
    @Timeout(300)
    void largeTransfersBothWaysAtOnceArriveAsTheyWereSent() throws Exception {
        try (var rig = new ForwardRig(); Pair pair = rig.connect()) {
            FutureTask<String> up = async(() -> digestOf(pair.target().getInputStream()));
            FutureTask<String> down = async(() -> digestOf(pair.client().getInputStream()));
            FutureTask<String> sentDown = async(() -> {
                String digest = sendRandom(pair.target().getOutputStream(), TRANSFER_BYTES, 2);
                pair.target().shutdownOutput();
                return digest;
            });
            String sentUp = sendRandom(pair.client().getOutputStream(), TRANSFER_BYTES, 1);
            pair.client().shutdownOutput();
            assertEquals(sentUp, up.get());
            assertEquals(sentDown.get(), down.get());
            rig.awaitRest();
            assertEquals(TRANSFER_BYTES, rig.server.counter("forwards_bytes_to_targets"));
            assertEquals(TRANSFER_BYTES, rig.server.counter("forwards_bytes_from_targets"));
        }
    }

    @Test
    void manyConnectionsAtOnceAreKeptApart() throws Exception {
        int count = Integer.getInteger("cipherlink.forward.connections", 200);
        try (var rig = new ForwardRig()) {
            FutureTask<Void> echo = async(() -> {
                while (true) {
                    Socket accepted = rig.target.accept();
                    Thread.startVirtualThread(() -> {
                        try (accepted) {
                            accepted.getInputStream().transferTo(accepted.getOutputStream());
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    });
                }
            });
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                clients.add(new Socket("127.0.0.1", rig.local.address().getPort()));
            }
            for (int i = 0; i < count; i++) {
                clients.get(i).setSoTimeout(30_000);
                clients.get(i).getOutputStream().write(ascii("hello " + i));
            }
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> rig.local.forwards().totals().live() == count);
            for (int i = 0; i < count; i++) {
                clients.get(i).shutdownOutput();
                assertEquals("hello " + i, new String(clients.get(i).getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
                clients.get(i).close();
            }
            rig.awaitRest();
            assertEquals(List.of(), rig.failures);
            rig.target.close();
            assertThrows(Exception.class, echo::get);
        }
    }

    /// 65,536 packets are where the keys of a direction are replaced.
    @Test
    void theKeysAreReplacedInTheMiddleOfAStream() throws Exception {
        int packets = 70_000;
        try (var rig = new ForwardRig();
             Tunnel tunnel = rig.tunnels.open(new ForwardTarget("127.0.0.1", rig.target.getLocalPort()));
             Socket target = rig.target.accept()) {
            FutureTask<byte[]> received = async(() -> target.getInputStream().readAllBytes());
            byte[] sent = new byte[packets];
            for (int i = 0; i < packets; i++) {
                sent[i] = (byte) (i * 31 >> 3);
                int offset = tunnel.channel().reserveStream(1);
                tunnel.channel().reserved()[offset] = sent[i];
                tunnel.channel().sendStream(1);
            }
            tunnel.channel().reserveStream(0);
            tunnel.channel().sendStream(0);
            assertArrayEquals(sent, received.get(40, TimeUnit.SECONDS));
            target.shutdownOutput();
            rig.awaitRest();
            assertEquals(1, rig.server.counter("closed_stream_ended"));
        }
    }

    @Test
    void aPoolKeepsConnectionsReadyAndRenewsThem() throws Exception {
        try (var rig = new ForwardRig("127.0.0.1:*", ForwardLimits.DEFAULT, 3)) {
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> rig.server.counter("connections") == 3);
            for (int i = 0; i < 20; i++) {
                try (Pair pair = rig.connect()) {
                    pair.client().getOutputStream().write(i);
                    assertEquals(i, pair.target().getInputStream().read());
                }
            }
            rig.awaitRest();
            long begun = rig.server.counter("connections_accepted");
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() ->
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
                    client.setSoTimeout(20_000);
                    try (Socket accepted = rig.target.accept()) {
                        accepted.getOutputStream().write(7);
                        assertEquals(7, client.getInputStream().read(), host);
                    }
                }
            }
            int port = rig.local.address().getPort();
            rig.local.close();
            for (String host : List.of("127.0.0.1", "::1")) {
                Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(
                        () -> assertThrows(IOException.class, () -> new Socket(host, port).close(), host));
            }
        }
    }

    /// Whoever listens on the other address would get the connections of programs that try it first.
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
