package dev.cipherlink.gateway;

import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.ReplyHandler;
import dev.cipherlink.gateway.Call.Answer;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// The replies of one client, in the order of its commands.
///
/// The server answers in the order of the requests; so a reply that needs no server waits only for the requests before it. The thread
/// that reads the server calls [Request#answered] and [#push], which never block; another one, in [#write], writes to the client.
///
/// A client that sends faster than it takes replies waits in [#awaitRoom]. One for whose reply there is no memory gets an error in its
/// place, and no more; a subscriber that does not take its publications is closed.
/// Thread-safe.
final class ReplyQueue {

    /// Replies that may wait for the client, together with what the requests under way are expected to bring.
    private static final long MAX_EXPECTED_BYTES = 16 << 20;
    /// The most bytes that may wait for a client when a publication comes.
    private static final long MAX_PUSHED_BYTES = 64 << 20;
    /// What is expected of the first replies, and of later ones at least.
    private static final long FIRST_EXPECTED_BYTES = 1 << 20;
    private static final long LEAST_EXPECTED_BYTES = 1 << 10;
    /// Up to here, memory is not counted.
    private static final long FREE_BYTES = 128 << 10;
    /// The most requests that start after one look whether there is room for their replies.
    private static final int MAX_CREDIT = 16;
    private static final String NO_MEMORY = "ERR outcome unknown: there is no memory for the reply, since those before it are not read";

    private static final Logger LOG = System.getLogger(ReplyQueue.class.getName());

    private final SocketChannel channel;
    private final MemoryLimit memory;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition writable = lock.newCondition();
    private final Condition room = lock.newCondition();
    private RespWriter waiting = new RespWriter();
    private RespWriter writing = new RespWriter();
    private final Deque<Held> held = new ArrayDeque<>(0);
    private long heldBytes;
    private long sent;
    private long answered;
    /// Of one reply.
    private long expectedBytes = FIRST_EXPECTED_BYTES;
    private long countedBytes;
    private boolean isReaderWaiting;
    private boolean isComplete;
    private volatile boolean isEnding;
    /// Requests that may start without another look whether there is room. Used by the thread that reads commands, as is [#sent].
    private int credit;

    /// Memory that all clients of a gateway may use beyond a little each. Thread-safe.
    interface MemoryLimit {
        /// @return false if there is not so much; then nothing is taken
        boolean take(long bytes);

        void give(long bytes);

        /// What one client may take of it.
        long forOneClient();
    }

    /// A reply that waits for the requests before it.
    ///
    /// @param behind how many requests were sent before it
    private record Held(long behind, RespWriter reply) {
    }

    ReplyQueue(SocketChannel channel, MemoryLimit memory) {
        this.channel = channel;
        this.memory = memory;
    }

    /// A request of a command, and the reply that its answer becomes.
    final class Request implements ReplyHandler {
        private final Answer answer;
        private final boolean isWrite;
        private final boolean isResp3;
        private final boolean isSilent;

        /// @param isWrite  whether it matters that the request ran, if no answer comes
        /// @param isSilent whether the client wants no reply
        Request(Answer answer, boolean isWrite, boolean isResp3, boolean isSilent) {
            this.answer = answer;
            this.isWrite = isWrite;
            this.isResp3 = isResp3;
            this.isSilent = isSilent;
        }

        @Override
        public void answered(Reply reply) {
            lock.lock();
            try {
                answered++;
                long before = waiting.bytes();
                if (!isEnding && !isSilent) {
                    answer.write(Result.of(reply), waiting.version(isResp3));
                }
                expect(waiting.bytes() - before);
                settle(before);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "an answer of the server is not understood", e);
                end(); // half a reply may have been written
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void failed(IOException cause, boolean wasSent) {
            lock.lock();
            try {
                answered++;
                fail(reason(cause, wasSent && isWrite));
            } finally {
                lock.unlock();
            }
        }
    }

    /// What a client is told of a command that has no answer.
    static String reason(IOException cause, boolean mayHaveRun) {
        IOException why = cause instanceof OutcomeUnknownException && cause.getCause() instanceof IOException inner ? inner : cause;
        return mayHaveRun
                ? "ERR outcome unknown: the session with the server is lost, and the command may have run: " + why.getMessage()
                : "ERR the server cannot be reached, and the command did not run: " + why.getMessage();
    }

    /// Counts a request that is about to be sent. Its answer comes behind those of all requests before it. Called by one thread, the
    /// same as [#reply] and [#complete].
    ///
    /// @return false if there is no room for its reply; then it is not counted
    boolean mayStart() {
        if (credit == 0) {
            credit = credit();
        }
        if (credit > 0) {
            credit--;
            sent++;
            return true;
        }
        return false;
    }

    private int credit() {
        lock.lock();
        try {
            if (isEnding) {
                return 1;
            }
            long underWay = sent - answered;
            return !hasRoom() ? 0 : Math.clamp((MAX_EXPECTED_BYTES - backlog()) / expectedBytes - underWay, 1, MAX_CREDIT);
        } finally {
            lock.unlock();
        }
    }

    /// Waits until there is room for another reply; not if the client gets no more replies.
    void awaitRoom() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            isReaderWaiting = true;
            while (!isEnding && !hasRoom()) {
                room.await();
            }
        } finally {
            isReaderWaiting = false;
            lock.unlock();
        }
    }

    private boolean hasRoom() {
        long underWay = sent - answered;
        return underWay == 0 && backlog() < MAX_EXPECTED_BYTES
                || (underWay + 1) * expectedBytes + backlog() <= MAX_EXPECTED_BYTES;
    }

    private long backlog() {
        return waiting.bytes() + writing.bytes() + heldBytes;
    }

    /// A large reply may be followed by others as large; each small one makes that a little less likely.
    private void expect(long bytes) {
        expectedBytes = bytes > expectedBytes ? bytes : Math.max(LEAST_EXPECTED_BYTES, expectedBytes - (expectedBytes >> 6));
    }

    /// A reply that needs no server, or no more of it.
    ///
    /// @return whether so little waits that another may follow; if not, see [#awaitRoom]
    boolean reply(Consumer<RespWriter> reply, boolean isResp3) {
        lock.lock();
        try {
            if (isEnding) {
                return true;
            }
            long before = waiting.bytes();
            if (answered == sent) {
                reply.accept(waiting.version(isResp3));
            } else {
                var writer = new RespWriter().version(isResp3);
                reply.accept(writer);
                held.add(new Held(sent, writer));
                heldBytes += writer.bytes();
            }
            settle(before);
            return backlog() < MAX_EXPECTED_BYTES;
        } finally {
            lock.unlock();
        }
    }

    /// Something that the client did not ask for just now. It comes behind the replies that are held, one of which may confirm the
    /// subscription.
    void push(Consumer<RespWriter> message, boolean isResp3) {
        lock.lock();
        try {
            if (isEnding) {
                return;
            }
            Held last = held.peekLast();
            RespWriter out = last == null ? waiting : last.reply;
            long before = out.bytes();
            message.accept(out.version(isResp3));
            heldBytes += last == null ? 0 : out.bytes() - before;
            if (backlog() > MAX_PUSHED_BYTES || !count()) {
                end();
            } else {
                wake();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Brings up the replies whose turn it is, and sees to it that they are written.
    ///
    /// @param before the bytes that waited before the last reply, which an error replaces if there is no memory for it
    private void settle(long before) {
        for (Held next = held.peek(); next != null && next.behind <= answered; next = held.peek()) {
            held.remove();
            heldBytes -= next.reply.bytes();
            waiting.append(next.reply);
        }
        if (!count()) {
            waiting.cut(before);
            fail(NO_MEMORY);
            count();
        }
        wake();
    }

    private void wake() {
        writable.signal();
        if (isReaderWaiting) {
            room.signal();
        }
    }

    /// @return false if there is no memory for what waits
    private boolean count() {
        long backlog = backlog();
        long counted = backlog > FREE_BYTES ? backlog : 0;
        if (counted == countedBytes || counted > countedBytes && isEnding) {
            return true;
        }
        if (counted < countedBytes) {
            memory.give(countedBytes - counted);
        } else if (counted > memory.forOneClient() || !memory.take(counted - countedBytes)) {
            return false;
        }
        countedBytes = counted;
        return true;
    }

    /// The last thing that the client is told.
    void fail(String error) {
        lock.lock();
        try {
            if (isEnding) {
                return;
            }
            isEnding = true;
            held.clear();
            heldBytes = 0;
            waiting.error(error);
            wake();
            channel.shutdownInput();
        } catch (IOException e) {
            end();
        } finally {
            lock.unlock();
        }
    }

    /// No command follows.
    void complete() {
        lock.lock();
        try {
            isComplete = true;
            wake();
        } finally {
            lock.unlock();
        }
    }

    /// Whether the client gets no more replies. Takes no lock.
    boolean isEnding() {
        return isEnding;
    }

    /// Closes the connection at once, and forgets what the client was to be told.
    void end() {
        lock.lock();
        try {
            isEnding = true;
            isComplete = true;
            held.clear();
            heldBytes = 0;
            waiting.clear();
            memory.give(countedBytes);
            countedBytes = 0;
            wake();
        } finally {
            lock.unlock();
        }
        try {
            channel.close();
        } catch (IOException e) {
            // There is nothing left that could be lost.
        }
    }

    /// Writes replies until all are written. Blocks while the client does not read.
    void write() throws InterruptedException {
        try {
            while (take()) {
                ByteBuffer[] parts = writing.parts();
                for (ByteBuffer last = parts[parts.length - 1]; last.hasRemaining(); ) {
                    if (parts.length == 1) {
                        channel.write(last);
                    } else {
                        channel.write(parts);
                    }
                }
            }
            channel.shutdownOutput();
        } catch (IOException e) {
            end();
        }
    }

    private boolean take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            writing.clear();
            count();
            if (isReaderWaiting) {
                room.signal();
            }
            while (waiting.isEmpty() && !isDone()) {
                writable.await();
            }
            RespWriter taken = waiting;
            waiting = writing;
            writing = taken;
            return !writing.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private boolean isDone() {
        return isEnding || isComplete && answered == sent;
    }

    /// Bytes that wait for the client.
    long waitingBytes() {
        lock.lock();
        try {
            return backlog();
        } finally {
            lock.unlock();
        }
    }
}
