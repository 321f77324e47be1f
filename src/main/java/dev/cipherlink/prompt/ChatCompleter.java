package dev.cipherlink.prompt;

import dev.cipherlink.command.Reply;
import dev.cipherlink.text.TerminalText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;

/// Tab completion of verbs, `/` commands, keys, rooms and names. Blocks for at most 50 ms.
final class ChatCompleter implements Completer {
    private final Dialect dialect;
    private final JoinedRooms rooms;
    private final ServerLists server;

    ChatCompleter(Dialect dialect, JoinedRooms rooms, ServerLists server) {
        this.dialect = dialect;
        this.rooms = rooms;
        this.server = server;
    }

    /// Offers only text that is safe for a terminal, because a chosen candidate goes into the edited line.
    @Override
    public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
        offer(line, candidates);
        candidates.removeIf(candidate -> !TerminalText.isSafeLine(candidate.value()));
    }

    private void offer(ParsedLine line, List<Candidate> candidates) {
        String typed = line.word().substring(0, line.wordCursor());
        if (line.wordIndex() == 0) {
            first(typed, candidates);
            return;
        }
        String word = line.words().getFirst();
        String arguments = dialect.arguments(word).orElse(word.equals("help") ? "command" : "name");
        String[] all = arguments.replaceAll("[\\[\\]]", "").split(" ");
        String wanted = all[Math.min(line.wordIndex(), all.length) - 1];
        boolean isPlainText = !word.startsWith("/") && dialect.verb(word).isEmpty() && !word.equals("help");
        if (isPlainText ? !typed.isEmpty() : line.wordIndex() <= all.length || wanted.equals("text")) {
            argument(wanted, typed, candidates);
        }
    }

    private void first(String typed, List<Candidate> candidates) {
        if (typed.startsWith("/")) {
            for (SlashCommand command : dialect.commands()) {
                candidates.add(candidate(command.word(), command.description()));
            }
            return;
        }
        boolean isStore = dialect == Dialect.STORE;
        if (isStore || !typed.isEmpty() && typed.chars().allMatch(c -> c >= 'A' && c <= 'Z')) {
            boolean isSmall = isStore && !typed.isEmpty() && typed.equals(typed.toLowerCase(Locale.ROOT));
            for (String verb : dialect.verbs()) {
                candidates.add(candidate(isSmall ? verb.toLowerCase(Locale.ROOT) : verb, dialect.arguments(verb).orElse("")));
            }
        }
        if (!typed.isEmpty()) {
            rooms.names().forEach(name -> candidates.add(candidate(name + ":", null)));
        }
    }

    private void argument(String wanted, String typed, List<Candidate> candidates) {
        switch (wanted) {
            case "key", "prefix" -> server.keys(typed).forEach(key -> candidates.add(candidate(key, null)));
            case "#room", "room" -> {
                var found = new TreeSet<>(rooms.joined());
                found.addAll(server.rooms());
                found.forEach(room -> candidates.add(candidate(room, null)));
            }
            case "name", "text" -> rooms.names().forEach(name -> candidates.add(candidate(name, null)));
            case "command" -> {
                dialect.commands().forEach(command -> candidates.add(candidate(command.word(), null)));
                dialect.verbs().forEach(verb -> candidates.add(candidate(verb, null)));
            }
            default -> { } // numbers, values and files
        }
    }

    private static Candidate candidate(String value, String description) {
        return new Candidate(value, value, null, description == null || description.isEmpty() ? null : description, null, null, true);
    }

    /// Splits the line at spaces, for completion only: no quotes, no escapes.
    static final class SpaceParser implements Parser {

        /// @param begin index at which the word under the cursor begins
        private record Words(String line, int cursor, List<String> words, int wordIndex, int begin, int end)
                implements CompletingParsedLine {
            @Override
            public String word() {
                return line.substring(begin, end);
            }

            @Override
            public int wordCursor() {
                return cursor - begin;
            }

            @Override
            public CharSequence escape(CharSequence candidate, boolean complete) {
                return candidate;
            }

            @Override
            public int rawWordCursor() {
                return wordCursor();
            }

            @Override
            public int rawWordLength() {
                return end - begin;
            }
        }

        @Override
        public ParsedLine parse(String line, int cursor, ParseContext context) {
            int at = Math.clamp(cursor, 0, line.length());
            int begin = line.lastIndexOf(' ', at - 1) + 1;
            int end = line.indexOf(' ', at) < 0 ? line.length() : line.indexOf(' ', at);
            String before = line.substring(0, begin);
            int index = (int) before.chars().filter(c -> c == ' ').count();
            return new Words(line, at, List.of(line.split(" ", -1)), index, begin, end);
        }
    }

    /// Keys and rooms of the server, fetched on demand and cached briefly. Thread-safe.
    static final class ServerLists {
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

        /// Blocks for at most 50 ms, as [#rooms] does; a later answer serves the next Tab. A failure is an empty list.
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
}
