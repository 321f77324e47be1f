package dev.cipherlink.cli.forward;

import dev.cipherlink.console.Output;
import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardListener.ForwardEvents;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.Forwards;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.nio.file.InvalidPathException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/// The listeners of one `forward`, from binding to the end. Thread-safe.
final class ForwardListeners implements AutoCloseable {

    private static final Duration DRAIN_TICK = Duration.ofMillis(20);

    private final List<ForwardListener> listeners = new CopyOnWriteArrayList<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Duration gracePeriod;
    private final Output output;

    ForwardListeners(Duration gracePeriod, Output output) {
        this.gracePeriod = gracePeriod;
        this.output = output;
    }

    /// @throws CliException if the address cannot be bound
    void bind(ForwardSpec spec, ForwardListener.Config config) {
        try {
            listeners.add(ForwardListener.bind(spec, config));
        } catch (BindException e) {
            CliException failure = CliException.usage("cannot listen on " + TerminalText.escapeLine(e.getMessage())).withCause(e);
            throw spec.isPath() ? failure : failure.withHint("another port; 0 takes a free one");
        } catch (IOException | InvalidPathException | UnsupportedOperationException e) {
            throw CliException.usage("cannot listen on " + TerminalText.escapeLine(spec.bind()) + ": " + FailureText.of(e)).withCause(e);
        }
    }

    /// Accepts, and says so.
    void start() {
        for (ForwardListener listener : listeners) {
            listener.start();
            if (listener.isOfOthers()) {
                output.notice("cipherlink: " + listener.name() + " can be used from other machines");
            }
            output.done("ready " + listener.name(), Map.of("ready", listener.name()));
        }
        output.flush();
    }

    /// Blocks until [#stop], and then until the connections have ended, for the grace period at most.
    void awaitStop() throws InterruptedException {
        stopped.await();
        listeners.forEach(ForwardListener::close);
        long deadline = System.nanoTime() + gracePeriod.toNanos();
        while (live() > 0 && System.nanoTime() < deadline) {
            Thread.sleep(DRAIN_TICK);
        }
        if (live() > 0) {
            output.notice("cipherlink: " + live() + " forwarded connections were cut off");
        }
    }

    private int live() {
        return listeners.stream().mapToInt(listener -> listener.forwards().totals().live()).sum();
    }

    /// Has [#awaitStop] come to its end.
    void stop() {
        stopped.countDown();
    }

    /// Prints what each listener has done.
    void report() {
        for (ForwardListener listener : listeners) {
            Forwards.Totals totals = listener.forwards().totals();
            output.errorLine("cipherlink: " + listener.name() + ": " + totals.live() + " open, " + totals.opened() + " opened, "
                    + totals.failed() + " failed, " + totals.bytesToTunnel() + " bytes out, " + totals.bytesToPlain()
                    + " bytes in");
        }
    }

    @Override
    public void close() {
        listeners.forEach(ForwardListener::close);
        listeners.forEach(listener -> listener.forwards().stopAll());
    }

    /// Tells on stderr what forwards do: failures always, ends with `-v`.
    static final class ForwardReports implements ForwardEvents {

        private static final Logger LOG = System.getLogger(ForwardReports.class.getName());
        private final Output output;

        ForwardReports(Output output) {
            this.output = output;
        }

        @Override
        public void failed(String listener, IOException cause) {
            output.errorLine("cipherlink: " + listener + ": not forwarded: " + FailureText.of(cause));
        }

        @Override
        public void opened(String listener, ForwardTarget target) {
            LOG.log(Level.INFO, "{0}: opened {1}", listener, target);
        }

        @Override
        public void ended(String listener, ForwardTarget target, RelayEnd end, long bytesToTarget, long bytesToPlain) {
            LOG.log(Level.INFO, "{0}: closed {1} {2} {3}: {4} bytes out, {5} bytes in", listener, target, end.reason(),
                    TerminalText.escapeLine(end.detail()), Long.toString(bytesToTarget), Long.toString(bytesToPlain));
        }
    }
}
