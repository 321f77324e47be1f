package dev.cipherlink.cli.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class AdminSocketTest {

    @TempDir
    Path folder;

    /// Issue 13.19: it held up others who asked, and the end of the server for as long as it liked.
    @Test
    @Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aSilentClientHoldsUpNobody() throws Exception {
        Path path = folder.resolve("store");
        try (RocksStore store = RocksStore.open(path, RocksConfig.of(StoreLimits.ofDisk(1_000), Durability.OS));
             SocketChannel silent = SocketChannel.open(startDoor(path, store));
             SocketChannel half = SocketChannel.open(UnixDomainSocketAddress.of(path.resolve("door")))) {
            half.write(ByteBuffer.wrap("sta".getBytes(StandardCharsets.US_ASCII)));
            assertTrue(AdminSocket.askStats(path).orElseThrow().startsWith("keys: 0\n"), "others are answered");
            var closing = new Thread(door::close);
            closing.start();
            assertTrue(closing.join(java.time.Duration.ofSeconds(40)), "the door closes");
            assertEquals(-1, silent.read(ByteBuffer.allocate(1)));
            assertEquals(-1, half.read(ByteBuffer.allocate(1)));
            assertTrue(Files.notExists(path.resolve("door")));
        }
    }

    /// The command had changed the file by then, and ended with a trace.
    @Test
    void anOlderServerThatDoesNotKnowTheRequestIsNoFailure() throws Exception {
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(folder.resolve("door")));
            Thread older = Thread.startVirtualThread(() -> {
                try (SocketChannel peer = listener.accept()) {
                    peer.read(ByteBuffer.allocate(1_000));
                    peer.write(ByteBuffer.wrap("unknown request\n".getBytes(StandardCharsets.US_ASCII)));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertEquals("the server says: unknown request", AdminSocket.askKeys(folder, folder.resolve("keys")).orElseThrow());
            older.join();
        }
    }

    private AdminSocket door;

    private UnixDomainSocketAddress startDoor(Path path, RocksStore store) {
        door = AdminSocket.open(path, store);
        return UnixDomainSocketAddress.of(path.resolve("door"));
    }
}
