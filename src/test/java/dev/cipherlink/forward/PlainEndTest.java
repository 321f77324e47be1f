package dev.cipherlink.forward;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlainEndTest {

    @TempDir
    Path folder;

    /// A program that does not wait for the answer of the proxy has its first bytes read with the request.
    @Test
    void bytesReadWithTheRequestComeBeforeTheOthers() throws Exception {
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                     .bind(UnixDomainSocketAddress.of(folder.resolve("s")));
             var program = SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("s")));
             var accepted = listener.accept()) {
            InputStream input = PlainEnd.of(accepted, "first".getBytes(US_ASCII)).input();
            assertEquals(5, input.available());
            assertEquals("fir", new String(input.readNBytes(3), US_ASCII));
            assertEquals(2, input.available());
            byte[] target = new byte[10];
            assertEquals(2, input.read(target, 0, 10), "what there is, without waiting for more");
            assertEquals(0, input.available());
            program.write(ByteBuffer.wrap("second".getBytes(US_ASCII)));
            program.shutdownOutput();
            assertArrayEquals("second".getBytes(US_ASCII), input.readAllBytes());
        }
    }
}
