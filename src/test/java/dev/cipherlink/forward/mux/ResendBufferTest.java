package dev.cipherlink.forward.mux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.budget.MemoryBudget;
import org.junit.jupiter.api.Test;

class ResendBufferTest {

    private final MemoryBudget budget = new MemoryBudget(1 << 20);
    private final ResendBuffer buffer = new ResendBuffer(budget, "client");

    private void add(int length) {
        assertTrue(buffer.reserve() >= length);
        buffer.array()[buffer.start()] = (byte) length;
        buffer.add(length);
    }

    @Test
    void hasNoRoomWithoutMemory() {
        budget.force("other", budget.bytes());
        assertEquals(0, buffer.reserve());
        budget.giveBack("other", budget.bytes());
        assertEquals(ResendBuffer.MAX_PACKET_BYTES, buffer.reserve());
    }

    /// Room was reserved behind a packet, and there was nothing to say.
    @Test
    void aSegmentWithoutAPacketIsNotInTheWay() {
        add(ResendBuffer.MAX_PACKET_BYTES - 10);
        buffer.next();
        assertEquals(ResendBuffer.MAX_PACKET_BYTES, buffer.reserve(), "in a second segment");
        buffer.acknowledge(1);
        add(7);
        ResendBuffer.Packet packet = buffer.next();
        assertEquals(7, packet.length());
        assertEquals(7, packet.bytes()[packet.offset()]);
        buffer.acknowledge(2);
        buffer.trim();
        assertEquals(0, buffer.bytesTaken());
        assertEquals(budget.bytes(), budget.freeBytes());
    }

    @Test
    void goesBackToTheFirstPacketThatIsNotAcknowledged() {
        add(1);
        add(2);
        add(3);
        for (int i = 0; i < 3; i++) {
            buffer.next();
        }
        assertFalse(buffer.hasUnsent());
        assertFalse(buffer.mayAcknowledge(4));
        buffer.acknowledge(1);
        assertFalse(buffer.mayAcknowledge(0));
        buffer.rewind();
        assertEquals(2, buffer.next().length());
        assertEquals(3, buffer.next().length());
        assertFalse(buffer.hasUnsent());
    }
}
