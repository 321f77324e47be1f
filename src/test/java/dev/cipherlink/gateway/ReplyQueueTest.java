package dev.cipherlink.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.gateway.GatewayRig.RespClient;
import dev.cipherlink.gateway.ReplyQueue.MemoryLimit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReplyQueueTest {

    private static final int LARGE = 100_000;

    private final Limit memory = new Limit();
    private RespClient client;
    private SocketChannel channel;
    private ReplyQueue queue;

    private static final class Limit implements MemoryLimit {
        private long left = 1_000_000;

        @Override
        public boolean take(long bytes) {
            if (bytes > left) {
                return false;
            }
            left -= bytes;
            return true;
        }

        @Override
        public void give(long bytes) {
            left += bytes;
        }

        @Override
        public long forOneClient() {
            return 250_000;
        }
    }

    @BeforeEach
    void open() throws IOException {
        try (var listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            client = new RespClient(listener.getLocalAddress());
            channel = listener.accept();
        }
        queue = new ReplyQueue(channel, memory);
    }

    @AfterEach
    void close() throws IOException {
        queue.end();
        client.close();
    }

    private ReplyQueue.Request sent(String reply) {
        assertTrue(queue.mayStart());
        return queue.new Request((_, out) -> out.bulk(reply), true, false, false);
    }

    private String written() throws Exception {
        queue.complete();
        Thread writer = Thread.ofVirtual().start(() -> {
            try {
                queue.write();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        String all = client.rest();
        writer.join();
        return all;
    }

    /// The first publication does not come before the replies that the confirmation of its subscription waits for.
    @Test
    void pushesBehindTheConfirmation() throws Exception {
        ReplyQueue.Request first = sent("1");
        ReplyQueue.Request second = sent("2");
        queue.reply(out -> out.status("subscribed"), false);
        queue.push(out -> out.status("published"), false);
        first.answered(Reply.OK);
        second.answered(Reply.OK);
        queue.push(out -> out.status("again"), false);
        assertEquals("$1\r\n1\r\n$1\r\n2\r\n+subscribed\r\n+published\r\n+again\r\n", written());
    }

    @Test
    void saysThatThereIsNoMemoryForAReply() throws Exception {
        String value = "v".repeat(LARGE);
        ReplyQueue.Request[] requests = {sent("small"), sent(value), sent(value), sent(value)};
        queue.reply(out -> out.status("held"), false);
        for (ReplyQueue.Request request : requests) {
            request.answered(Reply.OK);
        }
        String large = "$" + LARGE + "\r\n" + value + "\r\n";
        String all = written();
        assertTrue(all.startsWith("$5\r\nsmall\r\n" + large + large + "-ERR outcome unknown: there is no memory for the reply"), "behind " + all.length() + " bytes");
        assertEquals(all.length() - 1, all.indexOf('\n', 2 * LARGE + 50), "nothing behind the error");
        assertEquals(1_000_000, memory.left);
    }

    @Test
    void closesASubscriberForWhichThereIsNoMemory() throws Exception {
        for (int i = 0; i < 3; i++) {
            queue.push(out -> out.bulk("v".repeat(LARGE)), false);
        }
        assertEquals("", written());
        assertEquals(1_000_000, memory.left);
    }

    @Test
    void cutsRepliesOfEverySize() {
        int[] sizes = {1, 20_000, 0, 16_383, 16_384, 300};
        for (int kept = 0; kept <= sizes.length; kept++) {
            var cut = new RespWriter();
            var expected = new RespWriter();
            for (int i = 0; i < kept; i++) {
                cut.bulk(new byte[sizes[i]]);
                expected.bulk(new byte[sizes[i]]);
            }
            for (int i = kept; i < sizes.length; i++) {
                cut.bulk(new byte[sizes[i]]);
            }
            cut.cut(expected.bytes());
            assertEquals(text(expected.ok()), text(cut.ok()));
            assertEquals(expected.bytes(), cut.bytes());
        }
    }

    private static String text(RespWriter writer) {
        var text = new StringBuilder();
        for (var part : writer.parts()) {
            text.append(StandardCharsets.ISO_8859_1.decode(part));
        }
        return text.toString();
    }
}
