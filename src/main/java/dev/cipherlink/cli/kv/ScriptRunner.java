package dev.cipherlink.cli.kv;

import dev.cipherlink.cli.kv.ScriptSender.ScriptOutcome;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.SealedCommands;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.Output.AnswerWriter;
import dev.cipherlink.console.ProgressBar;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.OneShot;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// Runs the commands of a stream: sends them pipelined, writes the answers in their order, and counts.
///
/// Runs on the calling thread, with a daemon thread that reads the script and sends.
final class ScriptRunner {
    /// Less than the client queues before it makes the sender wait: that would be a hand-over for every command.
    private static final int MAX_UNSETTLED = 1000;
    private static final long TICK_NANOS = Duration.ofMillis(20).toNanos();

    private final CliClient connection;
    private final Script script;
    private final SealedCommands sealing;
    private final Output output;
    private final AnswerWriter answers;
    private final ScriptQueue queue;
    private final ScriptSender sender;
    private final long startedAt = System.nanoTime();
    private final ProgressBar progress;
    private int ok;
    private int failed;
    private int unknown;
    private int unanswered;
    private int firstNotSent;
    private ExitStatus worst = ExitStatus.DONE;
    private ScriptOutcome.Lost lost;
    private ScriptOutcome.Ended end;
    private String stalled;

    /// A script to run.
    ///
    /// @param name how people call it: the file, or `stdin`
    /// @param totalBytes its size, or -1 if unknown
    /// @param quotes whether `Quotes` are syntax
    /// @param failFast stop at the first failure; commands are then sent one at a time, so that none runs behind it
    record Script(String name, InputStream in, long totalBytes, boolean quotes, boolean failFast) {
    }

    /// @param sealing opens answers, and seals what the sender sends
    ScriptRunner(CliClient connection, Script script, SealedCommands sealing, Output output, boolean raw) {
        this.sealing = sealing;
        this.connection = connection;
        this.script = script;
        this.output = output;
        this.answers = new AnswerWriter(output, raw);
        this.queue = new ScriptQueue(script.failFast() ? 1 : MAX_UNSETTLED);
        this.sender = new ScriptSender(script.in(), script.quotes(), connection.client(), sealing, queue);
        this.progress = new ProgressBar(output, script.totalBytes(), startedAt);
    }

    /// Runs the whole script. Blocks until it ends and all is answered, or the connection is lost.
    ///
    /// @return `DONE` if all commands succeeded, `NOT_FOUND` or `CONFLICT` if nothing worse was answered, else `REFUSED`
    /// @throws CliException if the connection was lost, or the script cannot be read to its end
    ExitStatus run() throws InterruptedException {
        Thread.ofPlatform().daemon().name("cipherlink-script").start(sender);
        while (!isDone()) {
            var outcomes = queue.takeAll(0);
            if (outcomes.isEmpty()) {
                output.flush();
                outcomes = queue.takeAll(TICK_NANOS);
            }
            if (!outcomes.isEmpty()) {
                outcomes.forEach(this::settle);
                queue.settled(outcomes);
            }
            giveUpIfStalled();
            progress.update(sender.bytesTaken(), ok + failed, System.nanoTime());
        }
        progress.clear();
        output.flush();
        writeTotals();
        throwIfBroken();
        return worst;
    }

    /// After a loss or a `--fail-fast` stop the sender may still hang in a read of stdin: it is not waited for.
    private boolean isDone() {
        return queue.isSettled() && (end != null || lost != null || script.failFast() && queue.isStopped());
    }

    private void settle(ScriptOutcome outcome) {
        switch (outcome) {
            case ScriptOutcome.Answered answered -> settle(answered.sealed() == null ? answered : opened(answered));
            case ScriptOutcome.Skipped(int line, CliException why) -> fail(line, why);
            case ScriptOutcome.Lost one -> settle(one);
            case ScriptOutcome.Ended last -> end = last;
        }
    }

    private ScriptOutcome.Answered opened(ScriptOutcome.Answered answered) {
        return new ScriptOutcome.Answered(answered.line(), answered.verb(), OneShot.head(answered.sealed()),
                sealing.open(answered.sealed(), answered.reply()), answered.goesOn(), null);
    }

    private void settle(ScriptOutcome.Answered answered) {
        if (answered.reply().isError()) {
            fail(answered.line(), new CliException(ExitStatus.of(answered.reply()),
                    answered.head() + ": " + TerminalText.escapeLine(answered.reply().reason())));
        } else {
            ok += answered.goesOn() ? 0 : 1;
            answers.write(answered.verb(), answered.reply(), Optional.of(answered.line()), answered.goesOn());
        }
    }

    private void settle(ScriptOutcome.Lost one) {
        if (lost == null) {
            lost = one;
        }
        if (one.mayHaveRun()) {
            unknown++;
            report(one.line(), new CliException(ExitStatus.UNKNOWN_OUTCOME, one.head() + ": outcome unknown"));
        } else if (one.wasSent()) {
            unanswered++;
            report(one.line(), new CliException(ExitStatus.UNREACHABLE, one.head() + ": no answer"));
        } else if (firstNotSent == 0 || one.line() < firstNotSent) {
            firstNotSent = one.line();
        }
    }

    private void fail(int line, CliException failure) {
        failed++;
        boolean isNo = failure.status() == ExitStatus.NOT_FOUND || failure.status() == ExitStatus.CONFLICT;
        worst = worst == ExitStatus.REFUSED || !isNo ? ExitStatus.REFUSED : failure.status();
        report(line, failure);
        if (script.failFast()) {
            queue.stop();
        }
    }

    private void report(int line, CliException failure) {
        progress.clear();
        if (output.isJson()) {
            output.line(Json.error(failure, Optional.of(line))); // one line for each command, whatever became of it
        } else {
            output.flush();
            output.errorLine("cipherlink: " + script.name() + ":" + line + ": " + failure.getMessage());
        }
    }

    private void giveUpIfStalled() {
        if (stalled == null && queue.stalledNanos() > connection.timeout().toNanos()) {
            stalled = "no answer within " + DurationText.format(connection.timeout());
            queue.stop();
            connection.client().close(); // the commands under way fail, and are reported each for its own
        }
    }

    private void writeTotals() {
        double seconds = (System.nanoTime() - startedAt) / 1e9;
        int sent = ok + failed + unknown + unanswered;
        if (output.isJson()) {
            output.notice(Json.object(Json.members("sent", sent, "ok", ok, "failed", failed, "unknown", unknown,
                    "unanswered", unanswered, "seconds", seconds)));
        } else {
            String rest = (unknown > 0 ? ", outcome unknown " + unknown : "")
                    + (unanswered > 0 ? ", unanswered " + unanswered : "");
            output.notice(String.format(Locale.ROOT, "sent %d, ok %d, failed %d%s (%.2f s, %.0f/s)",
                    sent, ok, failed, rest, seconds, sent / seconds));
        }
    }

    private void throwIfBroken() {
        if (lost != null) {
            String why = stalled != null ? stalled : FailureText.of(lost.cause());
            String rest = firstNotSent > 0 ? "; nothing was sent from line " + firstNotSent + " on" : "";
            throw unknown > 0
                    ? new CliException(ExitStatus.UNKNOWN_OUTCOME, "connection to " + connection.server() + " lost: " + why
                            + "; the outcome of " + unknown + (unknown == 1 ? " command" : " commands") + " is unknown" + rest)
                    : new CliException(ExitStatus.UNREACHABLE, "connection to " + connection.server() + " lost: " + why + rest);
        }
        if (end != null && end.failure() instanceof IOException failure) {
            throw CliException.usage("cannot read " + script.name() + ": " + FailureText.of(failure)).withCause(failure);
        }
        if (end != null && end.failure() != null) {
            throw new IllegalStateException("the script's thread failed", end.failure());
        }
    }
}
