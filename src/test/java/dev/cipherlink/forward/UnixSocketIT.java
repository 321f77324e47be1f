package dev.cipherlink.forward;

import static dev.cipherlink.forward.ForwardRig.ascii;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.ForwardLimits;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Unix sockets at both ends of a forward.
class UnixSocketIT {

    @TempDir
    Path folder;

    private static ServerSocketChannel bind(Path path, int backlog) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path), backlog);
    }

    private static SocketChannel connect(Path path) throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(path));
    }

    @Test
    void carriesBothDirectionsAndBothEndsBetweenTwoPaths() throws Exception {
        Path near = folder.resolve("near");
        Path far = folder.resolve("far");
        byte[] sent = new byte[300_000];
        new Random(7).nextBytes(sent);
        try (var rig = new ForwardRig(far.toString(), ForwardLimits.DEFAULT, 0);
                var target = bind(far, 8);
                var listener = rig.listen(near + ":" + far)) {
            assertEquals(near + " -> " + far, listener.name());
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(near)));
            try (var client = connect(near); var accepted = target.accept()) {
                Thread.startVirtualThread(() -> {
                    try {
                        Channels.newOutputStream(client).write(sent);
                        client.shutdownOutput();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
                assertArrayEquals(sent, Channels.newInputStream(accepted).readAllBytes());
                Channels.newOutputStream(accepted).write(ascii("answer"));
                accepted.shutdownOutput();
                assertArrayEquals(ascii("answer"), Channels.newInputStream(client).readAllBytes());
            }
            rig.awaitRest();
            rig.awaitCounter("forwards_bytes_to_targets", 300_000);
        }
        assertFalse(Files.exists(near));
    }

    /// No rule for hosts and ports opens a path, and no rule for a path another one.
    @Test
    void aPathNeedsARuleThatNamesIt() throws Exception {
        Path far = folder.resolve("far");
        for (String rules : List.of("*:*,0.0.0.0/0:*,localhost:*", far + "x", folder.toString())) {
            try (var rig = new ForwardRig(rules, ForwardLimits.DEFAULT, 0); var _ = bind(far, 8)) {
                var refusal = assertThrows(TargetException.class, () -> rig.tunnels.open(ForwardTarget.parse(far.toString())));
                assertEquals(Refusal.NOT_ALLOWED, refusal.refusal());
                assertTrue(refusal.getMessage().contains("forward=" + far), refusal.getMessage());
            }
            Files.delete(far);
        }
    }

    @Test
    void eachFailureOfAPathIsTold() throws Exception {
        Path far = folder.resolve("far");
        try (var rig = new ForwardRig(far.toString(), ForwardLimits.DEFAULT, 0)) {
            ForwardTarget target = ForwardTarget.parse(far.toString());
            assertEquals(Refusal.UNREACHABLE, assertThrows(TargetException.class, () -> rig.tunnels.open(target)).refusal());
            bind(far, 8).close();
            assertEquals(Refusal.CONNECTION_REFUSED, assertThrows(TargetException.class, () -> rig.tunnels.open(target)).refusal());
        }
    }

    /// To connect to it waits for as long as the process accepts nothing.
    @Test
    void aProcessThatAcceptsNothingIsNotWaitedForWithoutEnd() throws Exception {
        Path full = folder.resolve("full");
        var waiting = new ArrayList<SocketChannel>();
        try (var _ = bind(full, 1)) {
            fill(full, waiting);
            var connector = new TargetConnector(Duration.ofMillis(300));
            var rules = ForwardRules.parse(full.toString());
            var refusal = assertThrows(TargetException.class, () -> connector.connect(ForwardTarget.parse(full.toString()), rules));
            assertEquals(Refusal.TIMEOUT, refusal.refusal());
            assertTrue(assertThrows(BindException.class, () -> UnixSocket.bind(full)).getMessage().contains("another process listens there"));
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }

    private static void fill(Path path, List<SocketChannel> waiting) throws IOException {
        try {
            while (true) {
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                waiting.add(channel);
                channel.configureBlocking(false);
                channel.connect(UnixDomainSocketAddress.of(path));
            }
        } catch (SocketException e) {
            assertEquals("Resource temporarily unavailable", e.getMessage());
        }
    }

    @Test
    void onlyTheSocketOfADeadProcessIsReplaced() throws Exception {
        Path path = folder.resolve("s");
        bind(path, 1).close();
        assertTrue(Files.exists(path), "as a killed process leaves it");
        UnixSocket first = UnixSocket.bind(path);
        assertTrue(assertThrows(BindException.class, () -> UnixSocket.bind(path)).getMessage().endsWith("another process listens there"));
        connect(path).close();
        Files.delete(path);
        try (var second = UnixSocket.bind(path)) {
            first.close();
            connect(path).close();
            assertEquals(path, second.path());
        }
        assertFalse(Files.exists(path));
        Files.writeString(path, "mine");
        assertTrue(assertThrows(BindException.class, () -> UnixSocket.bind(path)).getMessage().endsWith("which is no socket"));
        assertEquals("mine", Files.readString(path));
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
        assertThrows(BindException.class, () -> UnixSocket.bind(link));
        assertThrows(IOException.class, () -> UnixSocket.bind(folder.resolve("x".repeat(120))));
        try (var files = Files.list(folder)) {
            assertEquals(2, files.count(), "no folder of ours is left behind");
        }
    }
}
