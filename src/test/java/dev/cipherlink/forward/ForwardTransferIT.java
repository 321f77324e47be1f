package dev.cipherlink.forward;

import static dev.cipherlink.forward.ForwardRig.ascii;
import static dev.cipherlink.forward.ForwardRig.async;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.ForwardRig.Pair;
import dev.cipherlink.forward.Relay.Tunnel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/// Many bytes, and many connections at once, through forwards.
class ForwardTransferIT {

    /// Bytes of a large transfer: `-Dcipherlink.forward.transfer=1073741824` for a longer run.
    private static final long TRANSFER_BYTES = Long.getLong("cipherlink.forward.transfer", 64L << 20);

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
            Awaitility.await().pollInterval(Duration.ofMillis(500)).until(() -> {
                long before = seen[0];
                seen[0] = written[0];
                return before == seen[0];
            });
            assertTrue(written[0] < 64 << 20, written[0] + " bytes are somewhere in between");
            int stalledAt = (int) seen[0];
            assertEquals(stalledAt, pair.target().getInputStream().readNBytes(stalledAt).length);
            pair.client().close();
            pair.target().close();
            assertThrows(Exception.class, () -> writing.get(60, TimeUnit.SECONDS));
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
            rig.awaitCounter("forwards_bytes_to_targets", TRANSFER_BYTES);
            rig.awaitCounter("forwards_bytes_from_targets", TRANSFER_BYTES);
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
                clients.get(i).setSoTimeout(60_000);
                clients.get(i).getOutputStream().write(ascii("hello " + i));
            }
            Awaitility.await().until(() -> rig.local.forwards().totals().live() == count);
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
            assertArrayEquals(sent, received.get(60, TimeUnit.SECONDS));
            target.shutdownOutput();
            rig.awaitRest();
            rig.awaitCounter("closed_stream_ended", 1);
        }
    }
}
