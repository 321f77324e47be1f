package dev.cipherlink.forward.mux;

import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.mux.ForwardedChannel.Listener;
import java.io.IOException;
import java.util.Arrays;

/// One forwarded TCP connection in a session of channels: what it may send and receive, and what waits for its unencrypted side.
///
/// Used by the session's thread, but for the counters.
final class MuxChannel {

    /// Credit that each direction begins with.
    static final int FIRST_CREDIT = 16 * 1024;
    private static final int MAX_WINDOW = 2 << 20;
    /// A channel that uses half of its credit in less time than this gets more.
    private static final long GROWTH_NANOS = 250_000_000;

    final int number;
    final boolean isOurs;
    final String target;
    /// Null until an acceptor has set it.
    private Listener listener;
    /// Null until the target is connected.
    private Plain plain;
    private final Mux mux;

    // What is to be said with the next packet.
    boolean isOpenDue;
    boolean isOpenedDue;
    boolean isResetDue;
    boolean isEndDue;
    byte[] refusalDue;
    long creditDue;

    // Where it stands.
    /// Between OPEN and its answer.
    boolean isOpening = true;
    boolean isEndSent;
    boolean isEndReceived;
    boolean isResetSent;
    boolean isResetReceived;
    /// Waits in a queue of the session.
    boolean isTalking;
    boolean isReading;
    private boolean isOver;
    private boolean isRemoved;
    /// The unencrypted side takes no more; what still comes is dropped.
    private boolean plainRefuses;

    /// Bytes of DATA that we may send.
    long credit = FIRST_CREDIT;
    /// Bytes of DATA that the peer may send.
    private long receivable = FIRST_CREDIT;
    private int window = FIRST_CREDIT;
    /// Bytes that were taken and for which no credit was given back yet.
    private int unreturned;
    private long creditedAt;
    /// What the unencrypted side has not taken yet; null if there is nothing.
    private ByteQueue pending;

    private volatile long bytesToTunnel;
    private volatile long bytesToPlain;
    private volatile boolean isHalfClosed;

    MuxChannel(Mux mux, int number, boolean isOurs, String target, Listener listener) {
        this.mux = mux;
        this.number = number;
        this.isOurs = isOurs;
        this.target = target;
        this.listener = listener;
    }

    /// Sets what is told of it.
    void listen(Listener told) {
        listener = told;
    }

    Listener listener() {
        return listener;
    }

    long bytesToTunnel() {
        return bytesToTunnel;
    }

    long bytesToPlain() {
        return bytesToPlain;
    }

    /// Whether one direction has ended.
    boolean isHalfClosed() {
        return isHalfClosed;
    }

    /// Whether the peer forgets the channel with what we have said and heard.
    boolean isGone() {
        return (isEndSent || isResetSent) && (isEndReceived || isResetReceived);
    }

    boolean isOver() {
        return isOver;
    }

    /// Begins to move bytes.
    void connect(Plain connected) {
        plain = connected;
        if (isOver) {
            plain.reset();
            return;
        }
        flush();
        if (!isOver) {
            mux.addReader(this);
        }
    }

    /// Goes on with another unencrypted side.
    ///
    /// @param taken what the one before has taken and the new one gets, before all else
    void replace(Plain next, byte[] taken) {
        var waiting = new ByteQueue();
        waiting.add(taken, 0, taken.length, 0);
        if (pending != null) {
            waiting.add(pending.bytes(), pending.start(), pending.size(), 0);
        }
        pending = waiting;
        unreturned -= taken.length; // had its credit back
        connect(next);
    }

    // From the unencrypted side.

    void awaitInput(boolean isAwaited) {
        plain.awaitInput(isAwaited);
    }

    /// Reads what there is into a packet, as DATA or as END.
    ///
    /// @param limit where the packet has to end
    /// @return where the packet ends now
    int readInto(byte[] packet, int offset, int limit) {
        if (isOver || isOpenDue || isEndSent || isEndDue || isResetReceived || credit == 0) {
            return offset; // no input is awaited; OPEN and CREDIT come back to it
        }
        int start = offset + Frame.HEADER_BYTES;
        int most = (int) Math.min(limit - start, credit);
        int count;
        try {
            count = plain.read(packet, start, most);
        } catch (IOException e) {
            breakOff(new RelayEnd(RelayEnd.Reason.PLAIN_RESET, String.valueOf(e.getMessage())));
            return offset;
        }
        if (count < 0) {
            endSending();
            return offset;
        }
        if (count == 0) {
            plain.awaitInput(true);
            return offset;
        }
        credit -= count;
        bytesToTunnel += count;
        if (count == most && credit > 0) {
            mux.addReader(this);
        } else {
            plain.awaitInput(credit > 0);
        }
        Frame.putHeader(packet, offset, Frame.DATA, number, count);
        return start + count;
    }

    private void endSending() {
        isEndDue = true;
        mux.addTalker(this);
        if (plainRefuses) {
            breakOff(new RelayEnd(RelayEnd.Reason.PLAIN_RESET, "it takes no more"));
        }
    }

    /// OPEN was sent.
    void openSent() {
        isOpenDue = false;
        if (plain != null && !isOver) {
            mux.addReader(this);
        }
    }

    /// The peer has given credit.
    void addCredit(long more) {
        boolean isStarved = credit == 0;
        credit += more;
        if (isStarved && plain != null && !isOver) {
            mux.addReader(this);
        }
    }

    // To the unencrypted side.

    /// @return false if the peer had no credit for it
    boolean deliver(byte[] bytes, int offset, int length) {
        if (length > receivable) {
            return false;
        }
        receivable -= length;
        if (isOver) {
            return true;
        }
        bytesToPlain += length;
        if (plainRefuses) {
            taken(length);
            return true;
        }
        int count = plain == null || pending != null ? 0 : write(bytes, offset, length);
        if (count < length && !plainRefuses && !isOver) {
            keep(bytes, offset + count, length - count);
        }
        return true;
    }

    private int write(byte[] bytes, int offset, int length) {
        try {
            int count = plain.write(bytes, offset, length);
            taken(count);
            return count;
        } catch (IOException e) {
            // Bytes that it sent before are still on their way to the tunnel.
            plainRefuses = true;
            pending = null;
            if (isEndSent || isEndDue) {
                breakOff(new RelayEnd(RelayEnd.Reason.PLAIN_RESET, "it takes no more"));
            } else {
                taken(length);
            }
            return length;
        }
    }

    private void keep(byte[] bytes, int offset, int length) {
        if (pending == null) {
            pending = new ByteQueue();
            if (plain != null) {
                plain.awaitRoom(true);
            }
        }
        pending.add(bytes, offset, length, window);
    }

    /// Writes what waits, and then the end of the stream if that has come.
    void flush() {
        if (isOver) {
            return;
        }
        if (pending != null) {
            ByteQueue waiting = pending;
            waiting.remove(write(waiting.bytes(), waiting.start(), waiting.size()));
            if (pending != null && waiting.size() > 0) {
                plain.awaitRoom(true);
                return;
            }
            pending = null;
            if (isOver) {
                return;
            }
            plain.awaitRoom(false);
        }
        if (isResetReceived) {
            over(new RelayEnd(RelayEnd.Reason.TUNNEL_LOST, "the other side was reset"), true);
        } else if (isEndReceived) {
            endOutput();
        }
    }

    private void endOutput() {
        if (isEndSent) {
            over(new RelayEnd(RelayEnd.Reason.ENDED, ""), false);
            return;
        }
        try {
            plain.endOutput();
        } catch (IOException e) {
            plainRefuses = true;
        }
    }

    /// Gives credit for bytes that need no memory any more, and more of it to a channel that is fast.
    private void taken(int count) {
        unreturned += count;
        if (unreturned < window / 2 || isEndReceived || isResetReceived) {
            return;
        }
        long now = mux.now;
        if (pending == null && now - creditedAt < GROWTH_NANOS && window < MAX_WINDOW && mux.takeMemory(window)) {
            unreturned += window;
            window *= 2;
        }
        creditedAt = now;
        receivable += unreturned;
        creditDue += unreturned;
        unreturned = 0;
        mux.addTalker(this);
    }

    // The end.

    void endReceived() {
        isEndReceived = true;
        isHalfClosed = true;
        if (plain != null && pending == null && !isOver) {
            flush();
        }
    }

    void resetReceived() {
        isResetReceived = true;
        if (!isEndSent && !isResetSent) {
            isResetDue = true;
            mux.addTalker(this);
        }
        if (!isOver && (plain == null || pending == null)) {
            over(new RelayEnd(RelayEnd.Reason.TUNNEL_LOST, "the other side was reset"), true);
        } else if (!isOver) {
            plain.awaitInput(false);
        }
    }

    /// Tells the peer that this is broken, and ends it here.
    void breakOff(RelayEnd why) {
        if (!isOver) {
            if (!isResetReceived && !isGone()) {
                isResetDue = true;
                mux.addTalker(this);
            }
            over(why, true);
        }
    }

    /// The end of the stream was said.
    void endSent() {
        isEndSent = true;
        isHalfClosed = true;
        if (isEndReceived && pending == null && !isOver) {
            over(new RelayEnd(RelayEnd.Reason.ENDED, ""), false);
        }
    }

    /// Closes the unencrypted side.
    void over(RelayEnd why, boolean isBroken) {
        if (isOver) {
            return;
        }
        close(isBroken);
        listener.ended(why);
        forget();
    }

    /// The session has no channel of that number any more.
    void removed() {
        isRemoved = true;
        forget();
    }

    private void forget() {
        if (isOver && isRemoved) {
            mux.draining.remove(this);
            listener.forgotten();
        }
    }

    /// It was not connected: by the peer's word, or by ours.
    void refused(Refusal refusal, String reason) {
        if (!isOver) {
            close(true);
            listener.refused(refusal, reason);
            forget();
        }
    }

    private void close(boolean isBroken) {
        isOver = true;
        pending = null;
        mux.giveMemoryBack(window - FIRST_CREDIT);
        if (plain != null && isBroken) {
            plain.reset();
        } else if (plain != null) {
            plain.close();
        }
    }
}
