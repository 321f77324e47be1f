package dev.cipherlink.forward.mux;

import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import java.net.ProtocolException;

/// What the peer says in a session: its frames, checked against the rules, and what becomes of them. Used by the session's thread.
final class PeerFrames implements Frame.Receiver {

    private final Mux mux;

    PeerFrames(Mux mux) {
        this.mux = mux;
    }

    @Override
    public void open(int number, String target) throws ProtocolException {
        if (!isPeers(number) || mux.channels.containsKey(number)) {
            throw new ProtocolException("OPEN with the number " + Integer.toUnsignedString(number));
        }
        if (mux.peersOpening >= Mux.MAX_OPENING) {
            throw new ProtocolException("more than " + Mux.MAX_OPENING + " OPENs without an answer");
        }
        mux.peersOpening++;
        var channel = new MuxChannel(mux, number, false, target, null);
        mux.channels.put(number, channel);
        mux.acceptor.open(channel);
    }

    private MuxChannel opening(int number, String frame) throws ProtocolException {
        MuxChannel channel = mux.channels.get(number);
        boolean isAnswer = channel == null || channel.isOurs && channel.isOpening && !channel.isOpenDue;
        if (!isAnswer) {
            throw new ProtocolException(frame + " that answers nothing");
        }
        return channel;
    }

    @Override
    public void opened(int number) throws ProtocolException {
        MuxChannel channel = opening(number, "OPENED");
        if (channel != null) {
            mux.ownAnswered(channel);
            if (!channel.isOver()) {
                channel.listener().opened();
            }
        }
    }

    @Override
    public void refused(int number, String text) throws ProtocolException {
        MuxChannel channel = opening(number, "REFUSED");
        if (channel != null) {
            int space = text.indexOf(' ');
            mux.remove(channel);
            channel.refused(Refusal.ofCode(space < 0 ? text : text.substring(0, space)), text.substring(space + 1));
        }
    }

    /// @return null if the peer had not heard yet that its channel was refused
    private MuxChannel sending(int number, String frame) throws ProtocolException {
        MuxChannel channel = mux.channels.get(number);
        boolean isLate = channel == null && isPeers(number);
        if (!isLate && (channel == null || channel.isEndReceived || channel.isResetReceived)) {
            throw new ProtocolException(frame + " for a channel that takes none");
        }
        return channel;
    }

    private boolean isPeers(int number) {
        return (number & 1) == (mux.isClient ? 0 : 1) && number != 0;
    }

    @Override
    public void data(int number, byte[] bytes, int offset, int length) throws ProtocolException {
        MuxChannel channel = sending(number, "DATA");
        if (channel != null && !channel.deliver(bytes, offset, length)) {
            throw new ProtocolException("DATA without credit");
        }
    }

    @Override
    public void end(int number) throws ProtocolException {
        MuxChannel channel = sending(number, "END");
        if (channel != null) {
            channel.endReceived();
            mux.removeIfGone(channel);
        }
    }

    @Override
    public void reset(int number) throws ProtocolException {
        MuxChannel channel = mux.channels.get(number);
        if (channel == null) {
            return;
        }
        if (channel.isResetReceived) {
            throw new ProtocolException("a second RESET");
        }
        channel.resetReceived();
        mux.removeIfGone(channel);
    }

    @Override
    public void credit(int number, int bytes) throws ProtocolException {
        MuxChannel channel = mux.channels.get(number);
        if (channel == null) {
            return;
        }
        long more = Integer.toUnsignedLong(bytes);
        if (more == 0 || channel.credit + more > Integer.MAX_VALUE) {
            throw new ProtocolException("credit of " + more + " bytes beside " + channel.credit);
        }
        channel.addCredit(more);
    }

    @Override
    public void ack(long packets) throws ProtocolException {
        if (!mux.resend.mayAcknowledge(packets)) {
            throw new ProtocolException("ACK of " + Long.toUnsignedString(packets) + " packets where " + mux.resend.sent() + " were sent");
        }
        mux.resend.acknowledge(packets);
        mux.isAckAwaited = false;
        if (mux.awaitsFirstAck) {
            mux.awaitsFirstAck = false;
            mux.resend.rewind();
        }
    }

    @Override
    public void ping() {
        mux.isPongDue = true;
        mux.rest();
    }

    @Override
    public void pong() {
        // Whatever is received is a sign of life.
    }

    @Override
    public void bye() {
        mux.isByeReceived = true;
    }
}
