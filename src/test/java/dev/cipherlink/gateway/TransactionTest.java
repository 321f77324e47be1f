package dev.cipherlink.gateway;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.gateway.GatewayRig.RespClient;
import dev.cipherlink.session.Session;
import java.nio.channels.SocketChannel;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class TransactionTest {

    /// The bytes of refused commands were counted until the sum was negative, and then 2 GiB more were queued.
    @Test
    void refusesCommandsBeyondItsMemoryHoweverOftenTheyCome() throws Exception {
        try (GatewayRig rig = GatewayRig.start(); SocketChannel channel = SocketChannel.open()) {
            Transaction transaction = new RespConnection(rig.gateway(), 1, channel).transaction();
            List<byte[]> words = Collections.nCopies(1_000_000, new byte[0]);
            RedisCommand delete = RedisCommand.of(List.of(Ascii.of("DEL"), Ascii.of("k")));
            transaction.begin();
            for (int i = 0; i < 100; i++) {
                assertThrows(RespException.class, () -> transaction.add(delete, words));
            }
            assertEquals(0, transaction.size());
        }
    }

    /// A thousand clients could each keep 16 MiB of queued words, or 5,000 watched keys, that no budget counted.
    @Test
    void queuedWordsAndWatchedKeysAreCounted() throws Exception {
        try (GatewayRig rig = GatewayRig.start()) {
            try (RespClient client = rig.connect()) {
                String[] watch = new String[1_001];
                watch[0] = "WATCH";
                for (int i = 1; i < watch.length; i++) {
                    watch[i] = "k".repeat(400) + i;
                }
                assertEquals("+OK\r\n", client.ask(watch));
                await().until(() -> rig.gateway().totals().memoryInUse() >= 400_000);
                assertEquals("+OK\r\n", client.ask("UNWATCH"));
                await().until(() -> rig.gateway().totals().memoryInUse() == 0);
                assertEquals("+OK\r\n", client.ask("MULTI"));
                assertEquals("+QUEUED\r\n", client.ask("SET", "k", "v".repeat(1 << 20)));
                await().until(() -> rig.gateway().totals().memoryInUse() >= 1 << 20);
                assertEquals("*1\r\n+OK\r\n", client.ask("EXEC"));
                await().until(() -> rig.gateway().totals().memoryInUse() == 0);
                assertEquals("+OK\r\n", client.ask(watch));
            }
            await().until(() -> rig.gateway().totals().memoryInUse() == 0);
        }
    }

    @Test
    void manyNamesInOneCommandMakeNoLargeReply() throws Exception {
        try (GatewayRig rig = GatewayRig.start(); RespClient client = rig.connect()) {
            String id = client.ask("CLIENT", "ID").strip().substring(1);
            String[] list = Collections.nCopies(100_000, id).toArray(String[]::new);
            list[0] = "CLIENT";
            list[1] = "LIST";
            list[2] = "ID";
            assertTrue(client.ask(list).length() < 1_000);
            String[] info = Collections.nCopies(1_003, "GET").toArray(String[]::new);
            info[0] = "COMMAND";
            for (String subcommand : List.of("INFO", "DOCS")) {
                info[1] = subcommand;
                assertEquals("-ERR at most 1000 names of commands at once\r\n", client.ask(info));
            }
        }
    }

    /// EXEC said that nothing had run.
    @Test
    void anAnswerThatTheServerDidNotKeepIsNoRefusal() {
        assertTrue(Result.of(Session.NOT_KEPT).isLost());
        assertFalse(Result.of(Reply.NOT_FOUND).isLost());
    }
}
