package dev.cipherlink.forward.mux;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.mux.ForwardedChannel.Listener;
import java.net.ProtocolException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A session of channels (`docs/protocol.md`, section 6.1): packets of the peer in, packets for it out, over one connection after the other.
///
/// Has no socket, thread or clock. Used by one thread. A [ProtocolException] is a violation: the session is over.
final class Mux {

    /// OPENs of one side that wait for their answer.
    static final int MAX_OPENING = 1_024;
    /// DATA is not begun in less room than this, so that a busy channel sends few small frames.
    private static final int LEAST_DATA_ROOM = 1_024;
    private static final int ACK_PACKETS = 1_024;
    private static final int ACK_BYTES = 256 * 1024;
    private static final int MAX_LINK_FRAME_BYTES = 16;

    final boolean isClient;
    final Acceptor acceptor;
    private final MemoryBudget budget;
    private final String owner;
    final ResendBuffer resend;
    final Map<Integer, MuxChannel> channels = new HashMap<>();
    /// Ended on the wire, while the unencrypted side has not taken all bytes.
    final Set<MuxChannel> draining = new HashSet<>();
    /// Channels with something to say, those with bytes to be read, and those whose OPEN waits for answers to others.
    private final ArrayDeque<MuxChannel> talkers = new ArrayDeque<>();
    private final ArrayDeque<MuxChannel> readers = new ArrayDeque<>();
    private final ArrayDeque<MuxChannel> openers = new ArrayDeque<>();
    private final byte[] linkFrame = new byte[MAX_LINK_FRAME_BYTES];
    private final PeerFrames received = new PeerFrames(this);
    private int nextNumber;
    private int ownOpening;
    int peersOpening;
    long now;

    private long receivedPackets;
    private long acknowledgedPackets;
    private int unacknowledgedBytes;
    /// The connection is that of a resumed session, and the peer has not said yet how far it came.
    boolean awaitsFirstAck;
    boolean isAckDue;
    private boolean isPingDue;
    boolean isAckAwaited;
    boolean isPongDue;
    boolean isByeDue;
    private boolean isByeSent;
    boolean isByeReceived;
    private boolean isDestroyed;

    /// Decides about channels that the peer wants to open. Called by the session's thread; must not block.
    @FunctionalInterface
    interface Acceptor {
        /// Sets what is told of the channel, and answers sooner or later by [Mux#connected] or [Mux#refuse].
        void open(MuxChannel channel);
    }

    /// @param owner the client, whose share of the memory is used
    Mux(boolean isClient, Acceptor acceptor, MemoryBudget budget, String owner) {
        this.isClient = isClient;
        this.acceptor = acceptor;
        this.budget = budget;
        this.owner = owner;
        resend = new ResendBuffer(budget, owner);
        nextNumber = isClient ? 1 : 2;
    }

    /// Sets the clock, in nanoseconds.
    void at(long nanoTime) {
        now = nanoTime;
    }

    // Connections.

    /// A new connection takes the place of the last one.
    void attach(boolean isResumed) {
        isPingDue = false;
        isPongDue = false;
        isAckAwaited = false;
        isAckDue = isResumed;
        awaitsFirstAck = isResumed;
    }

    /// Ends the session and all channels. Idempotent.
    void destroy(String why) {
        isDestroyed = true;
        end(channels.values(), why);
        List.copyOf(draining).forEach(channel -> channel.over(new RelayEnd(RelayEnd.Reason.TUNNEL_LOST, why), true));
        talkers.clear();
        readers.clear();
        openers.clear();
        resend.close();
    }

    private void end(Collection<MuxChannel> ending, String why) {
        for (MuxChannel channel : List.copyOf(ending)) {
            channels.remove(channel.number);
            channel.over(new RelayEnd(RelayEnd.Reason.TUNNEL_LOST, why), true);
            channel.removed();
        }
    }

    /// Begins a new session: nothing was sent or received. Channels of which the peer does not know go on, or not any more; the others end.
    void restart(String why) {
        end(channels.values().stream().filter(channel -> !channel.isOpenDue).toList(), why);
        talkers.clear();
        readers.clear();
        openers.clear();
        resend.restart();
        receivedPackets = 0;
        acknowledgedPackets = 0;
        unacknowledgedBytes = 0;
        ownOpening = 0;
        isByeDue = false;
        isByeSent = false;
        isByeReceived = false;
        for (MuxChannel channel : channels.values()) {
            channel.isTalking = false;
            channel.isReading = false;
            addTalker(channel);
        }
    }

    // Channels.

    /// Asks the peer to connect to a target.
    MuxChannel open(String target, Listener listener) {
        while (channels.containsKey(nextNumber)) {
            nextNumber += 2;
        }
        var channel = new MuxChannel(this, nextNumber, true, target, listener);
        nextNumber += 2;
        channel.isOpenDue = true;
        channels.put(channel.number, channel);
        addTalker(channel);
        if (isDestroyed) {
            destroy("the session is over");
        }
        return channel;
    }

    /// The target of the peer's channel is connected.
    void connected(MuxChannel channel, Plain plain) {
        if (!channel.isOver()) {
            channel.isOpenedDue = true;
            addTalker(channel);
            channel.listener().opened();
        }
        channel.connect(plain);
    }

    /// The target of the peer's channel is not connected.
    void refuse(MuxChannel channel, Refusal refusal, String reason) {
        if (!channel.isOver()) {
            channel.refused(refusal, reason);
            channel.refusalDue = Frame.refusal(refusal.code(), reason);
            addTalker(channel);
        }
    }

    /// There is something to be read for a channel.
    void readable(MuxChannel channel) {
        if (!isDestroyed) {
            addReader(channel);
        }
    }

    void addReader(MuxChannel channel) {
        if (!channel.isReading) {
            channel.isReading = true;
            channel.awaitInput(false);
            readers.add(channel);
        }
    }

    void addTalker(MuxChannel channel) {
        if (!channel.isTalking) {
            channel.isTalking = true;
            talkers.add(channel);
        }
    }

    boolean takeMemory(long bytes) {
        return budget.tryTake(owner, bytes, 0);
    }

    void giveMemoryBack(long bytes) {
        budget.giveBack(owner, bytes);
    }

    /// Channels of which something is still to be said, heard or written.
    int size() {
        return channels.size() + draining.size();
    }

    /// Gives up the channels for which the peer has not been asked yet.
    void failUnsent(String why) {
        for (MuxChannel channel : List.copyOf(channels.values())) {
            if (channel.isOpenDue) {
                remove(channel);
                channel.isOpenDue = false;
                channel.refused(Refusal.FAILED, why);
            }
        }
        openers.clear();
    }

    // Packets for the peer.

    /// Has the peer asked for a sign of life.
    void ping() {
        isPingDue = true;
    }

    /// Ends the session with the next packet.
    void bye() {
        isByeDue = true;
    }

    /// Whether one side has said that the session is over.
    boolean isOver() {
        return isByeSent || isByeReceived;
    }

    /// Has what was received acknowledged, and gives back memory that is not in use. To be called now and then.
    void rest() {
        isAckDue |= receivedPackets > acknowledgedPackets;
        resend.trim();
    }

    /// The next packet to be sealed; null if there is none now. Its bytes are valid until the next call.
    ResendBuffer.Packet next() {
        if (isByeSent) {
            return null;
        }
        if (isAckDue || isPongDue || isPingDue || isByeDue) {
            return nextLinkPacket();
        }
        boolean isMade = !awaitsFirstAck && (resend.hasUnsent() || make());
        return isMade ? resend.next() : isPingDue ? nextLinkPacket() : null;
    }

    private ResendBuffer.Packet nextLinkPacket() {
        int length = 1;
        if (isAckDue) {
            isAckDue = false;
            acknowledgedPackets = receivedPackets;
            unacknowledgedBytes = 0;
            length = Frame.putAck(linkFrame, 0, receivedPackets);
        } else if (isPongDue) {
            isPongDue = false;
            linkFrame[0] = Frame.PONG;
        } else if (isPingDue) {
            isPingDue = false;
            linkFrame[0] = Frame.PING;
        } else {
            isByeSent = true;
            linkFrame[0] = Frame.BYE;
        }
        return new ResendBuffer.Packet(linkFrame, 0, length);
    }

    /// Puts what channels have to say and to send into a packet, each in its turn.
    private boolean make() {
        if (talkers.isEmpty() && readers.isEmpty()) {
            return false;
        }
        int room = resend.reserve();
        if (room == 0) {
            isPingDue = !isAckAwaited; // behind PING comes an ACK, which makes room
            isAckAwaited = true;
            return false;
        }
        byte[] packet = resend.array();
        int start = resend.start();
        int limit = start + room;
        int end = start;
        while (true) {
            if (!talkers.isEmpty() && limit - end >= Frame.MAX_CONTROL_BYTES) {
                end = talk(talkers.poll(), packet, end);
            } else if (talkers.isEmpty() && !readers.isEmpty() && limit - end >= LEAST_DATA_ROOM) {
                MuxChannel channel = readers.poll();
                channel.isReading = false;
                end = channel.readInto(packet, end, limit);
            } else {
                break;
            }
        }
        if (end > start) {
            resend.add(end - start);
        }
        return end > start;
    }

    private int talk(MuxChannel channel, byte[] packet, int start) {
        channel.isTalking = false;
        int end = start;
        if (channel.isOpenDue) {
            if (ownOpening >= MAX_OPENING) {
                openers.add(channel);
                return end;
            }
            ownOpening++;
            end = Frame.putText(packet, end, Frame.OPEN, channel.number, channel.target.getBytes(UTF_8));
            channel.openSent();
        }
        if (channel.refusalDue != null) {
            end = Frame.putText(packet, end, Frame.REFUSED, channel.number, channel.refusalDue);
            answered(channel);
            remove(channel);
            return end;
        }
        if (channel.isOpenedDue) {
            channel.isOpenedDue = false;
            end = Frame.put(packet, end, Frame.OPENED, channel.number);
            answered(channel);
        }
        if (channel.creditDue > 0 && !channel.isOver()) {
            end = Frame.putCredit(packet, end, channel.number, (int) channel.creditDue);
            channel.creditDue = 0;
        }
        if (channel.isEndDue) {
            channel.isEndDue = false;
            end = Frame.put(packet, end, Frame.END, channel.number);
            channel.endSent();
        }
        if (channel.isResetDue) {
            channel.isResetDue = false;
            end = Frame.put(packet, end, Frame.RESET, channel.number);
            channel.isResetSent = true;
            answered(channel);
        }
        removeIfGone(channel);
        return end;
    }

    /// An OPEN of the peer has its answer, be it RESET.
    private void answered(MuxChannel channel) {
        if (!channel.isOurs && channel.isOpening) {
            channel.isOpening = false;
            peersOpening--;
        }
    }

    void removeIfGone(MuxChannel channel) {
        if (channel.isGone()) {
            remove(channel);
        }
    }

    void remove(MuxChannel channel) {
        if (channels.remove(channel.number, channel)) {
            if (channel.isOurs && channel.isOpening && !channel.isOpenDue) {
                ownAnswered(channel);
            }
            if (!channel.isOver()) {
                draining.add(channel);
            }
            channel.removed();
        }
    }

    /// Our OPEN is answered: another one may be sent.
    void ownAnswered(MuxChannel channel) {
        channel.isOpening = false;
        ownOpening--;
        if (!openers.isEmpty()) {
            addTalker(openers.poll());
        }
    }

    // Packets of the peer.

    /// Does what a packet says.
    void receive(byte[] packet, int length) throws ProtocolException {
        if (awaitsFirstAck && !Frame.isLink(packet, length)) {
            throw new ProtocolException("a packet of a resumed session before ACK");
        }
        if (Frame.parse(packet, length, received)) {
            return;
        }
        receivedPackets++;
        unacknowledgedBytes += length;
        isAckDue |= unacknowledgedBytes >= ACK_BYTES || receivedPackets - acknowledgedPackets >= ACK_PACKETS;
    }
}
