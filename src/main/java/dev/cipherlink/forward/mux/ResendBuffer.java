package dev.cipherlink.forward.mux;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.channel.NoiseChannel;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayDeque;

/// The counted packets of one side that the peer has not acknowledged, in plaintext: made here, sealed from here, and
/// sent again from here after a lost connection.
///
/// Its memory is taken from a budget, a segment for one largest packet at a time, and given back when it is not needed. Used by one thread.
final class ResendBuffer {

    /// The most that one packet holds.
    static final int MAX_PACKET_BYTES = NoiseChannel.MAX_STREAM_BYTES;
    /// A packet is not begun in less room than this.
    static final int LEAST_ROOM = 2 * Frame.MAX_CONTROL_BYTES;

    private static final int LENGTH_BYTES = 4;
    private static final int SEGMENT_BYTES = LENGTH_BYTES + MAX_PACKET_BYTES;
    /// 8 MiB.
    private static final int MAX_SEGMENTS = (8 << 20) / SEGMENT_BYTES;
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

    private final MemoryBudget budget;
    private final String owner;
    private final ArrayDeque<Segment> spare = new ArrayDeque<>();
    /// Segments that exist, spare ones included.
    private int taken;
    private Segment first;
    private Segment last;
    /// Where the next packet to be acknowledged begins in the first segment.
    private int firstOffset;
    private Segment sending;
    /// Where the next packet to be sent begins in `sending`.
    private int sendingOffset;
    private long acknowledged;
    private long sent;
    private long made;

    private static final class Segment {
        private final byte[] bytes = new byte[SEGMENT_BYTES];
        private int used;
        private Segment next;
    }

    ResendBuffer(MemoryBudget budget, String owner) {
        this.budget = budget;
        this.owner = owner;
    }

    /// Finds room for a packet, which the caller then writes into [#array] at [#start].
    ///
    /// @return how many bytes the packet may have; 0 if there is no room until packets are acknowledged or memory is free
    int reserve() {
        if (last == null || room() < MAX_PACKET_BYTES / 2) {
            Segment added = free();
            if (added != null) {
                append(added);
            }
        }
        return last == null || room() < LEAST_ROOM ? 0 : room();
    }

    private int room() {
        return SEGMENT_BYTES - last.used - LENGTH_BYTES;
    }

    private Segment free() {
        Segment segment = spare.poll();
        if (segment == null && taken < MAX_SEGMENTS && budget.tryTake(owner, SEGMENT_BYTES, 0)) {
            taken++;
            segment = new Segment();
        }
        return segment;
    }

    private void append(Segment added) {
        if (last == null) {
            first = added;
            sending = added;
            firstOffset = 0;
            sendingOffset = 0;
        } else {
            last.next = added;
        }
        last = added;
    }

    /// Holds the packet that was reserved.
    byte[] array() {
        return last.bytes;
    }

    /// Where it begins.
    int start() {
        return last.used + LENGTH_BYTES;
    }

    /// Adds the packet that was reserved and written.
    void add(int length) {
        INT.set(last.bytes, last.used, length);
        last.used += LENGTH_BYTES + length;
        made++;
    }

    boolean hasUnsent() {
        return sent < made;
    }

    /// A packet to be sealed.
    record Packet(byte[] bytes, int offset, int length) {
    }

    /// The next packet to be sent, which then counts as sent.
    Packet next() {
        if (sendingOffset == sending.used) {
            sending = sending.next;
            sendingOffset = 0;
        }
        int length = (int) INT.get(sending.bytes, sendingOffset);
        var packet = new Packet(sending.bytes, sendingOffset + LENGTH_BYTES, length);
        sendingOffset += LENGTH_BYTES + length;
        sent++;
        return packet;
    }

    /// Whether a peer may say that it has received so many packets.
    boolean mayAcknowledge(long packets) {
        return packets >= acknowledged && packets <= sent;
    }

    /// Forgets what the peer has received. The packets of [#next] are valid until then.
    void acknowledge(long packets) {
        for (; acknowledged < packets; acknowledged++) {
            if (firstOffset == first.used) {
                removeFirst();
            }
            firstOffset += LENGTH_BYTES + (int) INT.get(first.bytes, firstOffset);
        }
        if (acknowledged == made && first != null) {
            while (first != last) {
                removeFirst();
            }
            first.used = 0;
            firstOffset = 0;
            sending = first;
            sendingOffset = 0;
        }
    }

    private void removeFirst() {
        Segment gone = first;
        first = gone.next;
        firstOffset = 0;
        if (sending == gone) {
            sending = first;
            sendingOffset = 0;
        }
        gone.next = null;
        gone.used = 0;
        spare.push(gone);
    }

    /// Goes back to the first packet that is not acknowledged.
    void rewind() {
        sent = acknowledged;
        sending = first;
        sendingOffset = firstOffset;
    }

    /// Gives back what is not in use.
    void trim() {
        if (acknowledged == made && first != null) {
            removeFirst();
            first = null;
            last = null;
            sending = null;
        }
        budget.giveBack(owner, (long) spare.size() * SEGMENT_BYTES);
        taken -= spare.size();
        spare.clear();
    }

    /// Forgets all packets, and counts from the first again.
    void restart() {
        close();
        acknowledged = 0;
        sent = 0;
        made = 0;
    }

    /// Gives all of it back.
    void close() {
        budget.giveBack(owner, (long) taken * SEGMENT_BYTES);
        taken = 0;
        spare.clear();
        first = null;
        last = null;
        sending = null;
    }

    /// Packets sent, the lost ones not counted twice.
    long sent() {
        return sent;
    }

    long bytesTaken() {
        return (long) taken * SEGMENT_BYTES;
    }
}
