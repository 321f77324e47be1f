package dev.cipherlink.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

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
}
