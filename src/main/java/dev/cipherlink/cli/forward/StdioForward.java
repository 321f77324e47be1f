package dev.cipherlink.cli.forward;

import dev.cipherlink.client.AuthenticationException;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.console.Output.StdoutLostException;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.Signals;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.Forwards;
import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.PlainEnd;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/// `forward --stdio`: one connection, between stdin and stdout and a target.
final class StdioForward {

    private static final Duration TICK = Duration.ofSeconds(1);

    private final ForwardCommand command;
    private final Settings settings;

    StdioForward(ForwardCommand command, Settings settings) {
        this.command = command;
        this.settings = settings;
    }

    /// Blocks until both directions have ended.
    ExitStatus run(TunnelClient tunnels, ForwardTarget target, ClientKeys keys) throws InterruptedException {
        RunnableForward forward = open(tunnels, target, keys);
        var forwards = new Forwards();
        Thread clock = Thread.ofVirtual().start(() -> watch(forwards));
        Signals.onTermination(forward::stop);
        try {
            return status(forwards.run(forward, Thread.ofPlatform().daemon().name("cipherlink-stdio").factory()), target);
        } catch (IOException e) {
            throw CliClient.unreachable(settings.address(Setting.CLIENT_SERVER), e);
        } finally {
            clock.interrupt();
        }
    }

    private static void watch(Forwards forwards) {
        try {
            while (true) {
                Thread.sleep(TICK);
                forwards.checkTimes(System.nanoTime());
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// If the server is new or refuses our key, connects once as other commands do, which asks and explains.
    private RunnableForward open(TunnelClient tunnels, ForwardTarget target, ClientKeys keys) {
        var plain = new StdioEnd(command.surroundings());
        try {
            try {
                return tunnels.open(target, plain, settings.forwardLimits());
            } catch (AuthenticationException e) {
                CliClient.open(settings, keys).close();
                return tunnels.open(target, plain, settings.forwardLimits());
            }
        } catch (TargetException e) {
            throw new CliException(ExitStatus.REFUSED, "cannot forward to " + target + ": " + FailureText.of(e)).withCause(e);
        } catch (IOException e) {
            throw CliClient.unreachable(settings.address(Setting.CLIENT_SERVER), e);
        }
    }

    private static ExitStatus status(RelayEnd end, ForwardTarget target) {
        return switch (end.reason()) {
            case ENDED, STOPPED -> ExitStatus.DONE;
            case PLAIN_RESET -> throw new StdoutLostException(new IOException(end.detail()));
            case TUNNEL_LOST, PROTOCOL_ERROR -> throw new CliException(ExitStatus.UNREACHABLE,
                    "connection to " + target + " lost: " + end.detail());
            case IDLE -> throw new CliException(ExitStatus.UNREACHABLE, "connection to " + target + " ended: nothing was moved for "
                    + "the time of " + Setting.FORWARD_IDLE_TIMEOUT.key() + " or " + Setting.FORWARD_HALF_CLOSE_TIMEOUT.key());
        };
    }

    /// Stdin and stdout as one side of a relay.
    ///
    /// A read of stdin cannot be broken off, so that a thread of its own does it, which the end of the process takes with it.
    static final class StdioEnd implements PlainEnd {

        private final InputStream stdin;
        private final OutputStream stdout;
        private final HandOver handOver = new HandOver();

        StdioEnd(ProcessEnvironment surroundings) {
            stdin = surroundings.stdin();
            stdout = surroundings.stdout();
        }

        @Override
        public InputStream input() {
            Thread.ofPlatform().daemon().name("cipherlink-stdin").start(this::pump);
            return handOver;
        }

        private void pump() {
            byte[] buffer = new byte[64 * 1024];
            try {
                for (int count = stdin.read(buffer); count >= 0; count = stdin.read(buffer)) {
                    if (!handOver.put(buffer, count)) {
                        return;
                    }
                }
                handOver.end();
            } catch (IOException e) {
                handOver.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public OutputStream output() {
            return stdout;
        }

        @Override
        public void endOutput() throws IOException {
            stdout.close();
        }

        @Override
        public void close() {
            handOver.close();
        }

        @Override
        public void reset() {
            handOver.close();
        }

        /// One buffer at a time, from one thread to another. Closing it wakes both.
        private static final class HandOver extends InputStream {
            private byte[] bytes;
            private int position;
            private int limit;
            private boolean ended;
            private boolean closed;

            /// Blocks until all of it is taken.
            ///
            /// @return false if the relay has ended
            synchronized boolean put(byte[] buffer, int count) throws InterruptedException {
                bytes = buffer;
                position = 0;
                limit = count;
                notifyAll();
                while (position < limit && !closed) {
                    wait();
                }
                return !closed;
            }

            synchronized void end() {
                ended = true;
                notifyAll();
            }

            @Override
            public int read() {
                throw new UnsupportedOperationException("a relay reads arrays");
            }

            @Override
            public synchronized int available() {
                return limit - position;
            }

            @Override
            public synchronized int read(byte[] target, int offset, int length) throws IOException {
                try {
                    while (position == limit && !ended && !closed) {
                        wait();
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted");
                }
                if (closed) {
                    throw new IOException("closed");
                }
                if (position == limit) {
                    return -1;
                }
                int count = Math.min(length, limit - position);
                System.arraycopy(bytes, position, target, offset, count);
                position += count;
                notifyAll();
                return count;
            }

            @Override
            public synchronized void close() {
                closed = true;
                notifyAll();
            }
        }
    }
}
