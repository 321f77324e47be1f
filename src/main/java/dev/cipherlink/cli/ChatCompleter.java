package dev.cipherlink.cli;

import dev.cipherlink.command.Verb;
import java.util.List;
import java.util.TreeSet;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/// What Tab offers: verbs, `/` commands, keys, rooms, names. Blocks for at most 50 ms.
final class ChatCompleter implements Completer {
    private final Rooms rooms;
    private final ServerLists server;

    ChatCompleter(Rooms rooms, ServerLists server) {
        this.rooms = rooms;
        this.server = server;
    }

    /// Offers nothing that is not safe for a terminal: what is chosen goes into the line being typed.
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
        String arguments = word.startsWith("/") ? SlashCommand.of(word).map(SlashCommand::arguments).orElse("name")
                : TypedLine.verb(word).map(Verb::arguments).orElse("name");
        String[] all = arguments.replaceAll("[\\[\\]]", "").split(" ");
        String wanted = all[Math.min(line.wordIndex(), all.length) - 1];
        boolean isPlainText = !word.startsWith("/") && TypedLine.verb(word).isEmpty();
        if (isPlainText ? !typed.isEmpty() : line.wordIndex() <= all.length || wanted.equals("text")) {
            argument(wanted, typed, candidates);
        }
    }

    private void first(String typed, List<Candidate> candidates) {
        if (typed.startsWith("/")) {
            for (SlashCommand command : SlashCommand.values()) {
                candidates.add(candidate(command.word(), command.description()));
            }
            return;
        }
        if (!typed.isEmpty() && typed.chars().allMatch(c -> c >= 'A' && c <= 'Z')) {
            for (Verb verb : Verb.values()) {
                candidates.add(candidate(verb.name(), verb.arguments()));
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
                SlashCommand.words().forEach(word -> candidates.add(candidate(word, null)));
                LineHighlighter.VERBS.forEach(verb -> candidates.add(candidate(verb, null)));
            }
            default -> { } // numbers, values and files
        }
    }

    private static Candidate candidate(String value, String description) {
        return new Candidate(value, value, null, description == null || description.isEmpty() ? null : description, null, null, true);
    }
}
