package dev.cipherlink.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Commands whose answer somebody waits for. Thread-safe.
final class PendingCommands {

    /// One command, different from another of the same text.
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

    /// @return whether its answer is still waited for
    synchronized boolean remove(Entry entry) {
        return entries.remove(entry);
    }

    /// Waits for no answer any more.
    ///
    /// @return verb and first argument of what is still under way
    synchronized List<String> stopWaiting() {
        List<String> stopped = new ArrayList<>(entries.stream().map(entry -> entry.head).toList());
        entries.clear();
        return stopped;
    }

    /// The oldest command, once it has been waited for a second.
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
