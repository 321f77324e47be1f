package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SocketRoomTest {

    @Test
    void keepsAShareOfTheDescriptorsFree() {
        assertEquals(150 - 40 - 37, SocketRoom.maxSockets(150, 40));
        assertEquals(100 - 40 - 32, SocketRoom.maxSockets(100, 40));
        assertEquals(20_000 - 40 - 600, SocketRoom.maxSockets(20_000, 40));
        assertEquals(1, SocketRoom.maxSockets(64, 40));
        assertEquals(Integer.MAX_VALUE, SocketRoom.maxSockets(Long.MAX_VALUE, 40));
    }

    @Test
    void hasRoomForNoMoreConnectionsThanSockets() {
        assertEquals(70, new SocketRoom(10_000, 70).maxConnections());
        assertTrue(new SocketRoom(10_000, 70).isLowered());
        assertEquals(50, new SocketRoom(50, 70).maxConnections());
        assertFalse(new SocketRoom(50, 70).isLowered());
    }

    @Test
    void countsTargetsAmongTheSockets() throws InterruptedException {
        var room = new SocketRoom(50, 2);
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
