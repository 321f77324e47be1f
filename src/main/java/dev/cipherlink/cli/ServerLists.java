package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/// Keys and rooms of the server for completion: asked when they are needed, kept for a moment. Thread-safe.
final class ServerLists {
    private static final int MAX_KEYS = 200;
    private static final int MAX_KEPT = 50;
    private static final Duration BUDGET = Duration.ofMillis(50);
    private static final Duration FRESH = Duration.ofSeconds(5);

    private record Entry(List<String> lines, long at) {
    }

    private final Function<byte[], CompletableFuture<Reply>> server;
    private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    /// @param server sends a command
    ServerLists(Function<byte[], CompletableFuture<Reply>> server) {
        this.server = server;
    }

    /// Blocks for at most 50 ms, as [#rooms] does; what comes later is there for the next Tab. A failure is an empty list.
    List<String> keys(String prefix) {
        return lines("KEYS " + prefix + " " + MAX_KEYS);
    }

    List<String> rooms() {
        return lines("ROOMS").stream().map(TypedLine::firstWord).toList();
    }

    private List<String> lines(String command) {
        Entry known = known(command);
        if (known != null && System.nanoTime() - known.at < FRESH.toNanos()) {
            return known.lines;
        }
        try {
            return ask(command).get(BUDGET.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException _) {
            return known == null ? List.of() : known.lines;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private CompletableFuture<List<String>> ask(String command) {
        return server.apply(command.getBytes(StandardCharsets.UTF_8)).thenApply(reply -> {
            List<String> lines = reply.isError() ? List.of() : reply.text().lines().toList();
            keep(command, new Entry(lines, System.nanoTime()));
            return lines;
        });
    }

    private synchronized Entry known(String command) {
        return entries.get(command);
    }

    private synchronized void keep(String command, Entry entry) {
        entries.put(command, entry);
        if (entries.size() > MAX_KEPT) {
            entries.remove(entries.keySet().iterator().next());
        }
    }
}
