package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class SocketBudgetTest {

    @Test
    void keepsAShareOfTheDescriptorsFree() throws IOException {
        assertEquals(150 - 40 - 37, SocketBudget.maxSockets(150, 40));
        assertEquals(100 - 40 - 32, SocketBudget.maxSockets(100, 40));
        assertEquals(20_000 - 40 - 600, SocketBudget.maxSockets(20_000, 40));
        assertEquals(1, SocketBudget.maxSockets(73, 40));
        assertEquals(Integer.MAX_VALUE, SocketBudget.maxSockets(Long.MAX_VALUE, 40));
    }

    /// Issue 14, row 26: one place was given that no descriptor was left for.
    @Test
    void refusesAProcessThatHasNoneForAConnection() {
        var refusal = assertThrows(IOException.class, () -> SocketBudget.maxSockets(72, 40));
        assertEquals("the process may have 72 descriptors (ulimit -n), which is too few: 40 are open, 32 are kept for files, and "
                + "each connection needs one", refusal.getMessage());
    }

    @Test
    void hasRoomForNoMoreConnectionsThanSockets() {
        assertEquals(70, new SocketBudget(10_000, 70).maxConnections());
        assertTrue(new SocketBudget(10_000, 70).isLowered());
        assertEquals(50, new SocketBudget(50, 70).maxConnections());
        assertFalse(new SocketBudget(50, 70).isLowered());
    }

    @Test
    void countsTargetsAmongTheSockets() throws InterruptedException {
        var room = new SocketBudget(50, 2);
        room.enter();
        assertTrue(room.enterTarget());
        assertFalse(room.enterTarget());
        room.leave();
        assertTrue(room.enterTarget());
        room.leaveTarget();
        room.leaveTarget();
        room.enter();
        assertTrue(room.enterTarget());
    }
}
