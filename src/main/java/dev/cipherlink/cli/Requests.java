package dev.cipherlink.cli;

import dev.cipherlink.client.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// Sends commands and shows their answers. Thread-safe; does not block.
final class Requests {
    private final ChatConnection connection;
    private final Screen screen;
    private final ChatLines lines;
    private final PendingCommands pending = new PendingCommands();

    Requests(ChatConnection connection, Screen screen, ChatLines lines) {
        this.connection = connection;
        this.screen = screen;
        this.lines = lines;
    }

    PendingCommands pending() {
        return pending;
    }

    /// Any command, with its [Quotes]: its answer is shown as it is.
    CompletableFuture<ExitStatus> ask(String command) {
        try {
            return exchange(new String(Quotes.resolve(command.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8),
                    reply -> { }, true);
        } catch (CliException e) {
            screen.error(lines.error(e.getMessage()));
            return CompletableFuture.completedFuture(e.status());
        }
    }

    /// @param good what to do with a good answer
    /// @param isShown whether a good answer is shown too
    CompletableFuture<ExitStatus> exchange(String command, Consumer<Reply> good, boolean isShown) {
        long begun = System.nanoTime();
        int turn = screen.turn();
        PendingCommands.Entry entry = pending.add(command);
        return connection.request(command.getBytes(StandardCharsets.UTF_8)).handle((reply, failure) -> {
            boolean isAwaited = pending.remove(entry);
            if (failure != null) {
                return failed(command, failure);
            }
            if (isAwaited && (isShown || reply.isError())) {
                screen.answer(new Screen.Answer(command, turn, reply, Duration.ofNanos(System.nanoTime() - begun)));
            }
            if (!reply.isError()) {
                good.accept(reply);
            }
            return ExitStatus.of(reply);
        });
    }

    private ExitStatus failed(String command, Throwable failure) {
        boolean leavesTrace = Connection.mayHaveChangedData(command.getBytes(StandardCharsets.UTF_8));
        screen.error(lines.error(TerminalText.escapeLine(PendingCommands.head(command)) + ": "
                + Deliveries.failure(failure, leavesTrace)));
        return leavesTrace && failure instanceof OutcomeUnknownException ? ExitStatus.UNKNOWN_OUTCOME : ExitStatus.UNREACHABLE;
    }
}
