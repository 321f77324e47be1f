package dev.cipherlink.forward.mux;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.channel.BulkYield;
import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.PlainEnd;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.forward.mux.ForwardedChannel.Listener;
import dev.cipherlink.forward.mux.Opening.Targets;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link.LinkEnd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProtocolException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// A session of channels with its sockets (`docs/protocol.md`, section 6.1): one thread at a time serves one connection to the peer and the
/// unencrypted sides of all channels, with a selector, and hands nothing to another thread.
///
/// Without a connection nothing moves. [#open], [#post] and [#channels] are for any thread.
public final class MuxSession {

    /// Packets and writes that are served before the other direction has its turn.
    private static final int TURN = 16;
    /// Packets are sealed until they are this large together, then written with one call.
    private static final int BATCH_BYTES = 48 * 1024;
    /// After a read of so many bytes there is likely more to read.
    private static final int BULK_BYTES = 16 * 1024;
    private static final int MAX_PINGS = 3;
    /// How often times are looked at: fractions of the keepalive interval.
    private static final int TICKS = 4;

    private final Mux mux;
    private final Selector selector;
    private final Queue<Runnable> posted = new ConcurrentLinkedQueue<>();
    /// Held by the thread that runs the session, and to end it.
    private final ReentrantLock running = new ReentrantLock();
    private volatile boolean isEnded;
    private volatile int channels;

    // Of the connection that is served.
    private SocketChannel socket;
    private NoiseChannel noise;
    private final BulkYield turn = new BulkYield();
    private boolean isReadable;
    private boolean isPeerDone;
    /// It takes nothing more at the moment.
    private boolean isBlocked;
    private long receivedAt;
    private int pings;
    private long restedAt;

    private MuxSession(boolean isClient, Targets targets, MemoryBudget budget, String owner) throws IOException {
        mux = new Mux(isClient, channel -> targets.open(new Opening(this, channel)), budget, owner);
        selector = Selector.open();
    }

    /// The side that connects.
    ///
    /// @param targets for what the server's listeners accept
    public static MuxSession ofClient(Targets targets, MemoryBudget budget) throws IOException {
        return new MuxSession(true, targets, budget, "");
    }

    /// The side that is connected to.
    ///
    /// @param owner the client, whose share of the budget is used
    public static MuxSession ofServer(Targets targets, MemoryBudget budget, String owner) throws IOException {
        return new MuxSession(false, targets, budget, owner);
    }

    // For any thread.

    /// Opens a channel as soon as there is a connection.
    ///
    /// @param accepted its unencrypted side, which then belongs to the channel, unless it is awaited: then [ForwardedChannel#connect]
    ///                 or [ForwardedChannel#pipe] gives it
    public ForwardedChannel open(String target, Listener listener, Accepted accepted) {
        var opened = new ForwardedChannel(this, target, accepted.limits(), listener);
        post(() -> opened.open(mux, accepted));
        return opened;
    }

    /// Channels of which something is still to be said, heard or written; at least 1 if something was posted that was not done yet.
    public int channels() {
        return posted.isEmpty() ? channels : Math.max(1, channels);
    }

    /// Has the session's thread do something; if there is none and the session goes on, the next one does.
    void post(Runnable work) {
        posted.add(work);
        if (isEnded) {
            end("");
        } else if (!running.isHeldByCurrentThread()) {
            selector.wakeup();
        }
    }

    /// Has [#run] look whether the connection is still open.
    public void wakeUp() {
        selector.wakeup();
    }

    /// Tells the peer that the session is over; [#run] then returns.
    public void sayBye() {
        post(mux::bye);
    }

    // For the session's thread.

    void connect(MuxChannel channel, SocketChannel connected, byte[] first) {
        try {
            if (channel.isOver()) {
                PlainEnd.reset(connected);
                return;
            }
            connect(channel, new SocketEnd(connected, first, selector, channel));
        } catch (IOException e) {
            PlainEnd.reset(connected);
            channel.breakOff(new RelayEnd(RelayEnd.Reason.PLAIN_RESET, String.valueOf(e.getMessage())));
        }
    }

    void connect(MuxChannel channel, Plain plain) {
        if (channel.isOurs) {
            channel.connect(plain);
        } else {
            mux.connected(channel, plain);
        }
    }

    /// Puts a socket in the place of streams.
    void replace(MuxChannel channel, PipeEnd pipe, byte[] read, SocketChannel socket) {
        try {
            if (channel.isOver()) {
                PlainEnd.reset(socket);
                return;
            }
            byte[] unread = pipe.unread(read);
            channel.replace(new SocketEnd(socket, pipe.unsent(), selector, channel), unread);
        } catch (IOException e) {
            PlainEnd.reset(socket);
            channel.breakOff(new RelayEnd(RelayEnd.Reason.PLAIN_RESET, String.valueOf(e.getMessage())));
        }
    }

    /// For any thread.
    void readable(MuxChannel channel) {
        if (running.isHeldByCurrentThread()) {
            mux.readable(channel);
        } else {
            post(() -> mux.readable(channel));
        }
    }

    void refuse(MuxChannel channel, TargetException refusal) {
        mux.refuse(channel, refusal.refusal(), refusal.getMessage());
    }

    /// Gives up channels that were asked for and of which the peer does not know. Not to be called while [#run] is.
    public void failUnsent(String why) {
        change(() -> mux.failUnsent(why));
    }

    /// Begins a new session in place of one that the peer has lost or ended. Channels of which the peer does not know go on. Not to be
    /// called while [#run] is.
    ///
    /// @param why in one line, for the ends of the other channels
    public void restart(String why) {
        change(() -> mux.restart(why));
    }

    private void change(Runnable work) {
        running.lock();
        try {
            runPosted();
            work.run();
            selector.selectNow();
            takeUpSelected(null);
            channels = mux.size();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            running.unlock();
        }
    }

    /// Ends the session and all its channels, once [#run] has returned. Idempotent.
    ///
    /// @param why in one line, for the ends of channels
    public void end(String why) {
        running.lock();
        try {
            isEnded = true;
            mux.destroy(why);
            runPosted();
            channels = 0;
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            running.unlock();
        }
    }

    private void runPosted() {
        for (Runnable work = posted.poll(); work != null; work = posted.poll()) {
            work.run();
        }
    }

    /// Serves a connection until it is lost or the session is over. Blocks. The caller closes the connection.
    ///
    /// @param isResumed whether the session had another connection before
    /// @param keepalive silence after which the peer is asked for a sign of life
    /// @throws InterruptedException if it was interrupted; the peer has been told that the session is over
    /// @return why it ended: after `PROTOCOL_ERROR`, `PEER_DISCONNECTED` and `DISCONNECTED` the session is over
    public LinkEnd run(SocketChannel connection, NoiseChannel channel, boolean isResumed, Duration keepalive) throws InterruptedException {
        while (!running.tryLock(1, TimeUnit.SECONDS)) {
            if (!connection.isOpen()) {
                return LinkEnd.of(CloseReason.PEER_LOST); // another one was given the session since
            }
        }
        try {
            if (isEnded) {
                return LinkEnd.of(CloseReason.DISCONNECTED);
            }
            socket = connection;
            noise = channel;
            isReadable = false;
            isPeerDone = false;
            pings = 0;
            mux.at(System.nanoTime());
            receivedAt = mux.now;
            restedAt = mux.now;
            mux.attach(isResumed);
            return serve(keepalive);
        } catch (InterruptedException e) {
            sayLastWord();
            throw e;
        } catch (ProtocolException e) {
            return LinkEnd.of(CloseReason.PROTOCOL_ERROR, e);
        } catch (IOException | CancelledKeyException e) {
            return LinkEnd.of(CloseReason.PEER_LOST, e);
        } finally {
            running.unlock();
        }
    }

    /// So that the peer does not wait for us to come back.
    private void sayLastWord() {
        try {
            mux.bye();
            socket.configureBlocking(false);
            send();
        } catch (IOException e) {
            // The peer finds out.
        }
    }

    private LinkEnd serve(Duration keepalive) throws IOException, InterruptedException {
        socket.configureBlocking(false);
        SelectionKey key = socket.register(selector, SelectionKey.OP_READ);
        try {
            long tick = Math.max(1, keepalive.toMillis() / TICKS);
            while (true) {
                runPosted();
                boolean isInputLeft = receive();
                boolean isOutputLeft = send();
                channels = mux.size();
                // A peer that does not read cannot put off the end.
                boolean isOver = mux.isOver() || mux.isByeDue && isBlocked;
                if (isOver || isPeerDone) {
                    return LinkEnd.of(mux.isByeReceived ? CloseReason.PEER_DISCONNECTED
                            : isOver ? CloseReason.DISCONNECTED : CloseReason.PEER_CLOSED);
                }
                if (Thread.currentThread().isVirtual()) {
                    turn.ran(System.nanoTime() - mux.now);
                    turn.give();
                }
                if (isInputLeft || isOutputLeft || !posted.isEmpty()) {
                    selector.selectNow();
                } else {
                    key.interestOps(isBlocked ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
                    selector.select(tick);
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                mux.at(System.nanoTime());
                takeUpSelected(key);
                if (isSilent(keepalive.toNanos())) {
                    return LinkEnd.of(CloseReason.KEEPALIVE_TIMEOUT);
                }
            }
        } finally {
            key.cancel();
            selector.selectNow(); // a socket that belonged to the selector is closed for the system only now
            if (socket.isOpen()) {
                socket.configureBlocking(true);
            }
        }
    }

    /// Reads what there is, and does what whole packets say; once an ACK is due, no more than one.
    ///
    /// @return whether there may be more
    private boolean receive() throws IOException {
        for (int i = 0; i < TURN && (i == 0 || !mux.isAckDue); i++) {
            if (isReadable && !noise.hasPacket()) {
                int count = noise.readReady(socket);
                isPeerDone = count < 0;
                isReadable = count >= BULK_BYTES; // behind fewer there is seldom more, and the selector tells
                if (count > 0) {
                    receivedAt = mux.now;
                    pings = 0;
                }
            }
            if (!noise.hasPacket() || mux.isOver()) {
                break;
            }
            noise.receive();
            turn.count(noise.receivedBytes());
            mux.receive(noise.received(), noise.receivedBytes());
        }
        return isReadable || noise.hasPacket();
    }

    /// Writes what there is, as far as the connection takes it.
    ///
    /// @return whether there is more that it would take
    private boolean send() throws IOException {
        for (int i = 0; i < TURN; i++) {
            isBlocked = !noise.writeReady(socket);
            if (isBlocked || !seal()) {
                return false;
            }
        }
        return true;
    }

    /// @return whether there was something
    private boolean seal() throws IOException {
        int sealed = 0;
        while (sealed < BATCH_BYTES) {
            ResendBuffer.Packet packet = mux.next();
            if (packet == null) {
                break;
            }
            noise.seal(packet.bytes(), packet.offset(), packet.length());
            sealed += packet.length();
            turn.count(packet.length());
        }
        return sealed > 0;
    }

    /// @param connection null if there is none
    private void takeUpSelected(SelectionKey connection) {
        for (SelectionKey key : selector.selectedKeys()) {
            if (key == connection) {
                isReadable |= key.isValid() && key.isReadable();
            } else if (key.isValid() && key.attachment() instanceof MuxChannel channel) {
                if (key.isWritable()) {
                    channel.flush();
                }
                if (key.isValid() && key.isReadable()) {
                    mux.readable(channel);
                }
            }
        }
        selector.selectedKeys().clear();
    }

    /// Asks the peer for a sign of life when it is time to, and has memory given back now and then.
    ///
    /// @return whether the peer has not answered
    private boolean isSilent(long interval) {
        long now = mux.now;
        if (now - restedAt >= interval) {
            restedAt = now;
            mux.rest();
        }
        if (now - receivedAt < (pings + 1) * interval) {
            return false;
        }
        pings++;
        mux.ping();
        return pings > MAX_PINGS;
    }
}
