package dev.cipherlink.cli;

import dev.cipherlink.command.Verb;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// What `/help` says; needs no server.
final class ChatHelp {
    private static final int WIDTH = 78;

    private ChatHelp() {
    }

    /// @param topic empty, or the name of a command
    static List<String> about(String topic) {
        String word = topic.startsWith("/") ? topic : "/" + topic.toLowerCase(Locale.ROOT);
        var slash = SlashCommand.of(word);
        var verb = TypedLine.verb(topic.toUpperCase(Locale.ROOT));
        if (topic.isEmpty()) {
            return all();
        }
        List<String> lines = new ArrayList<>();
        verb.ifPresent(found -> lines.add((found.name() + " " + found.arguments()).strip() + "   (a command of the protocol)"));
        slash.ifPresent(found -> lines.add((found.word() + " " + found.arguments()).strip() + "   " + found.description()));
        return lines.isEmpty() ? List.of("there is no command " + TerminalText.escapeLine(topic) + "; /help lists all") : lines;
    }

    private static List<String> all() {
        List<String> lines = new ArrayList<>();
        lines.add("A line goes to the room. // in front sends a line that begins with a slash.");
        for (SlashCommand command : SlashCommand.values()) {
            lines.add(String.format("  %-26s %s", (command.word() + " " + command.arguments()).strip(), command.description()));
        }
        lines.add("What was said cannot be taken back or changed: others have it at once.");
        lines.add("A line that begins with one of these, in capitals, is that command:");
        lines.addAll(verbs());
        lines.add("Tab completes, Ctrl-R searches what was typed, Ctrl-L redraws. Ctrl-C clears");
        lines.add("the line or stops waiting for an answer; twice on an empty line it leaves.");
        return lines;
    }

    private static List<String> verbs() {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder(" ");
        for (String verb : Arrays.stream(Verb.values()).map(Verb::name).toList()) {
            if (line.length() + verb.length() >= WIDTH) {
                lines.add(line.toString());
                line = new StringBuilder(" ");
            }
            line.append(' ').append(verb);
        }
        lines.add(line.toString());
        return lines;
    }
}
