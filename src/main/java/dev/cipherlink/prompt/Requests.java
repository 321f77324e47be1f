package dev.cipherlink.prompt;

import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.SealedCommands;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.Quotes;
import dev.cipherlink.text.TerminalText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// Sends commands and shows their answers. Thread-safe; does not block.
final class Requests {
    private final ChatConnection connection;
    private final SealedCommands sealing;
    private final Screen screen;
    private final ChatLines lines;
    private final PendingCommands pending = new PendingCommands();

    /// @param sealing opens sealed values in answers, and seals those of commands if that is wished
    Requests(ChatConnection connection, SealedCommands sealing, Screen screen, ChatLines lines) {
        this.sealing = sealing;
        this.connection = connection;
        this.screen = screen;
        this.lines = lines;
    }

    PendingCommands pending() {
        return pending;
    }

    /// Sends any command, with its [Quotes], and shows the answer unchanged.
    CompletableFuture<ExitStatus> ask(String command) {
        try {
            byte[] meant = Quotes.resolve(command.getBytes(StandardCharsets.UTF_8));
            return exchange(new String(meant, StandardCharsets.UTF_8), sealing.seal(meant), reply -> { }, true);
        } catch (CliException e) {
            screen.error(lines.error(e.getMessage()));
            return CompletableFuture.completedFuture(e.status());
        }
    }

    /// @param good    called with a good answer
    /// @param isShown whether a good answer is shown too
    CompletableFuture<ExitStatus> exchange(String command, Consumer<Reply> good, boolean isShown) {
        return exchange(command, command.getBytes(StandardCharsets.UTF_8), good, isShown);
    }

    private CompletableFuture<ExitStatus> exchange(String command, byte[] sent, Consumer<Reply> good, boolean isShown) {
        long begun = System.nanoTime();
        int turn = screen.turn();
        PendingCommands.Entry entry = pending.add(command);
        return connection.request(sent).thenCompose(reply -> opened(sent, reply)).handle((reply, failure) -> {
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

    /// The keys may be an agent's: sealed values are opened in a thread of their own, and not in the connection's.
    private CompletableFuture<Reply> opened(byte[] sent, Reply reply) {
        return sealing.opens(reply) ? CompletableFuture.supplyAsync(() -> sealing.open(sent, reply), Thread::startVirtualThread)
                : CompletableFuture.completedFuture(reply);
    }

    private ExitStatus failed(String command, Throwable failure) {
        boolean leavesTrace = CliClient.mayHaveChangedData(command.getBytes(StandardCharsets.UTF_8));
        screen.error(lines.error(TerminalText.escapeLine(PendingCommands.head(command)) + ": "
                + Deliveries.failure(failure, leavesTrace)));
        return leavesTrace && Deliveries.cause(failure) instanceof OutcomeUnknownException ? ExitStatus.UNKNOWN_OUTCOME : ExitStatus.UNREACHABLE;
    }

    /// Commands whose answers the user waits for. Thread-safe.
    static final class PendingCommands {

        /// One command; two of the same text are different.
        static final class Entry {
            private final String head;
            private final long begunAt = System.nanoTime();

            private Entry(String command) {
                this.head = head(command);
            }
        }

        /// @param head   verb and first argument
        /// @param waited since it was sent
        record Oldest(String head, Duration waited) {

            /// Such as `GET big 2 s`.
            String text() {
                return TerminalText.escapeLine(head) + " " + StatusLine.age(waited);
            }
        }

        private final Set<Entry> entries = new LinkedHashSet<>();

        synchronized Entry add(String command) {
            Entry entry = new Entry(command);
            entries.add(entry);
            return entry;
        }

        /// @return whether the answer is still waited for
        synchronized boolean remove(Entry entry) {
            return entries.remove(entry);
        }

        /// Stops waiting for all answers.
        ///
        /// @return verb and first argument of each unanswered command
        synchronized List<String> stopWaiting() {
            List<String> stopped = new ArrayList<>(entries.stream().map(entry -> entry.head).toList());
            entries.clear();
            return stopped;
        }

        /// The oldest command, once it has waited for a second.
        synchronized Optional<Oldest> oldest() {
            return entries.stream().findFirst()
                    .map(entry -> new Oldest(entry.head, Duration.ofNanos(System.nanoTime() - entry.begunAt)))
                    .filter(oldest -> oldest.waited.toSeconds() >= 1);
        }

        synchronized int size() {
            return entries.size();
        }

        /// The first two words, which are never a value.
        static String head(String command) {
            String[] words = command.split(" ", 3);
            return words.length == 1 ? words[0] : words[0] + " " + words[1];
        }
    }
}
