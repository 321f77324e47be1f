package dev.cipherlink.forward.mux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketEndTest {

    @TempDir
    Path folder;

    private static String read(SocketEnd end, int length) throws IOException {
        byte[] bytes = new byte[length];
        int count = end.read(bytes, 0, length);
        return count < 0 ? "end" : new String(bytes, 0, count, US_ASCII);
    }

    /// A program that does not wait for the answer of the proxy has its first bytes read with the request.
    @Test
    void bytesReadWithTheRequestComeBeforeTheOthers() throws Exception {
        try (var selector = Selector.open();
             var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                     .bind(UnixDomainSocketAddress.of(folder.resolve("s")));
             var program = SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("s")));
             var accepted = listener.accept()) {
            program.write(ByteBuffer.wrap("second".getBytes(US_ASCII)));
            program.shutdownOutput();
            var end = new SocketEnd(accepted, "first".getBytes(US_ASCII), selector, null);
            assertEquals("fir", read(end, 3));
            assertEquals("st", read(end, 10));
            assertEquals("second", read(end, 10));
            assertEquals("end", read(end, 10));
            end.awaitInput(true);
            assertEquals(1, selector.select());
            end.close();
            end.awaitRoom(true);
            assertEquals(0, selector.selectNow(), "it is not waited for any more");
            assertThrows(IOException.class, () -> read(end, 10));
        }
    }
}
