package dev.cipherlink.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The commands of the REPL itself, which begin with a slash.
enum SlashCommand {
    JOIN("#room", "enter a room, or go to one that you are in"),
    LEAVE("[#room]", "leave this room, or another"),
    ROOM("#room", "go to another of your rooms"),
    MSG("name text", "a direct message"),
    REPLY("text", "a direct message to who wrote to you last"),
    SAY("text", "send anything to the room, as it is"),
    ME("text", "say what you do: * ann waves"),
    WHO("[#room]", "who is in a room"),
    ROOMS("", "all rooms"),
    HISTORY("[n]", "the last messages of this room"),
    SEARCH("text", "what was shown here with this text in it"),
    SOCKETS("", "the server's connections (operators)"),
    INFO("", "the server's counters"),
    TOP("", "a live view of the server"),
    MODE("", "how requests are sent, and what is under way"),
    IGNORE("[name]", "hide what somebody writes, or no longer"),
    NICK("name", "who gives names"),
    KICK("[#room] name", "put somebody out of a room (operators)"),
    MUTE("name [seconds]", "silence somebody, else for 600 s (operators)"),
    MORE("", "the last answer again, page by page"),
    SAVE("file", "write the last answer to a file, byte for byte"),
    SET("[name on|off]", "hints, bell, status: switch them on or off"),
    HELP("[command]", "this list, or one command"),
    QUIT("", "leave; Ctrl-D too");

    private final String arguments;
    private final String description;

    SlashCommand(String arguments, String description) {
        this.arguments = arguments;
        this.description = description;
    }

    /// With its slash: `/join`.
    String word() {
        return "/" + name().toLowerCase(Locale.ROOT);
    }

    String arguments() {
        return arguments;
    }

    String description() {
        return description;
    }

    /// @param word with its slash
    static Optional<SlashCommand> of(String word) {
        return Arrays.stream(values()).filter(command -> command.word().equals(word)).findFirst();
    }

    static List<String> words() {
        return Arrays.stream(values()).map(SlashCommand::word).toList();
    }
}
