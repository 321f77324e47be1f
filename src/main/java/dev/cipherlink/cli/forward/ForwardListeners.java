package dev.cipherlink.cli.forward;

import dev.cipherlink.console.Output;
import dev.cipherlink.console.Signals;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/// The groups of one `forward`, from binding to the end.
final class ForwardListeners {

    private static final Duration DRAIN_TICK = Duration.ofMillis(20);

    private final List<ForwardGroup> groups;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Output output;

    /// @param groups closed by the caller
    ForwardListeners(List<ForwardGroup> groups, Output output) {
        this.groups = List.copyOf(groups);
        this.output = output;
    }

    /// Serves until SIGTERM or Ctrl-C, and then until the connections have ended, for the grace period at most. All is set up before the first
    /// connection is accepted.
    ///
    /// @param sockets the folder of the socket for `forward --status`; empty for none
    /// @throws dev.cipherlink.text.CliException if one cannot be set up
    void run(Optional<Path> sockets, Duration gracePeriod) throws InterruptedException {
        groups.forEach(ForwardGroup::bind);
        for (ForwardGroup group : groups) {
            group.check();
        }
        groups.forEach(ForwardGroup::bindRemotely);
        Signals.onTermination(stopped::countDown);
        Signals.onUserSignal(this::report);
        try (ForwardStatus _ = sockets.map(folder -> ForwardStatus.open(folder, this::status)).orElse(null)) {
            groups.forEach(ForwardGroup::start);
            stopped.await();
            groups.forEach(ForwardGroup::stopAccepting);
        }
        long deadline = System.nanoTime() + gracePeriod.toNanos();
        while (live() > 0 && System.nanoTime() < deadline) {
            Thread.sleep(DRAIN_TICK);
        }
        if (live() > 0) {
            output.notice("cipherlink: " + live() + " forwarded connections were cut off");
        }
    }

    private int live() {
        return groups.stream().mapToInt(ForwardGroup::live).sum();
    }

    /// Prints what each listener has done.
    private void report() {
        groups.stream().flatMap(group -> group.totals().stream()).forEach(line -> output.errorLine("cipherlink: " + line));
    }

    private List<String> status(boolean isJson) {
        return groups.stream().flatMap(group -> group.status(isJson).stream()).toList();
    }
}
