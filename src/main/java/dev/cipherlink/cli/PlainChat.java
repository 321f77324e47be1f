package dev.cipherlink.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The REPL for pipes and dumb terminals: a line, its answer, the next line. No prompt.
final class PlainChat implements ChatSession.Host {
    private final Surroundings surroundings;
    private final Output output;
    private final Duration timeout;
    private boolean isLeaving;

    PlainChat(Surroundings surroundings, Output output, Duration timeout) {
        this.surroundings = surroundings;
        this.output = output;
        this.timeout = timeout;
    }

    /// Blocks until stdin ends or somebody leaves.
    ///
    /// @param room to enter first; empty for none
    /// @return the worst that happened to a line
    ExitStatus run(ChatSession session, String room) throws IOException, InterruptedException {
        ExitStatus worst = room.isEmpty() ? ExitStatus.DONE : await("JOIN", session.visits().join(room));
        var lines = new BufferedReader(new InputStreamReader(surroundings.stdin(), StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null && !isLeaving; line = isLeaving ? null : lines.readLine()) {
            worst = worse(worst, await(line, session.run(line)));
        }
        return worst;
    }

    private static ExitStatus worse(ExitStatus one, ExitStatus other) {
        return one.compareTo(other) >= 0 ? one : other;
    }

    private ExitStatus await(String typed, CompletableFuture<ExitStatus> line) throws InterruptedException {
        try {
            return line.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            boolean leavesTrace = Connection.mayHaveChangedData(typed.strip().getBytes(StandardCharsets.UTF_8));
            throw new CliException(leavesTrace ? ExitStatus.UNKNOWN_OUTCOME : ExitStatus.UNREACHABLE, "no answer within "
                    + DurationText.format(timeout) + (leavesTrace ? "; whether the line took effect is unknown" : ""))
                    .withCause(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void leave() {
        isLeaving = true;
    }

    @Override
    public void showTop() {
        output.errorLine("/top needs a terminal; INFO shows the same counters once");
    }

    @Override
    public void save(String file) {
        output.errorLine("/save needs a terminal; cipherlink kv GET key > FILE keeps a value");
    }
}
