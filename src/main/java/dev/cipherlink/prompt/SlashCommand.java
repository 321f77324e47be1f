package dev.cipherlink.prompt;

import dev.cipherlink.command.Verb;
import dev.cipherlink.text.NearestMatch;
import dev.cipherlink.text.TerminalText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The commands of the REPL itself, which begin with a slash.
enum SlashCommand {
    JOIN("#room", "enter a room, or go to one that you are in"),
    LEAVE("[#room]", "leave this room, or another"),
    ROOM("#room", "go to another of your rooms"),
    MSG("name text", "a direct message that the server cannot read"),
    REPLY("text", "a direct message to the sender of the last one"),
    WHOIS("name", "somebody's key, and since when it is known"),
    VERIFY("name [yes|accept]", "words to compare with somebody"),
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
    IGNORE("[name]", "hide a person's messages, or show them again"),
    NICK("name", "how to get another name"),
    KICK("[#room] name", "put somebody out of a room (operators)"),
    MUTE("name [seconds]", "silence somebody, by default for 600 s (operators)"),
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

    /// The name with its slash: `/join`.
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

    /// The text of `/help`; needs no server.
    static final class ChatHelp {
        private static final int WIDTH = 78;

        /// @param example as it is typed
        private record Meaning(String text, String example) {
        }

        private final Dialect dialect;

        ChatHelp(Dialect dialect) {
            this.dialect = dialect;
        }

        /// @param topic empty, or the name of a command
        List<String> about(String topic) {
            if (topic.isEmpty()) {
                return dialect == Dialect.STORE ? store() : chat();
            }
            String word = topic.startsWith("/") ? topic : "/" + topic.toLowerCase(Locale.ROOT);
            Optional<SlashCommand> slash = SlashCommand.of(word).filter(dialect.commands()::contains);
            Optional<Verb> verb = Verb.named(topic.toUpperCase(Locale.ROOT)).filter(found -> dialect.verbs().contains(found.name()));
            List<String> lines = new ArrayList<>();
            verb.ifPresent(found -> {
                Meaning meaning = meaning(found);
                lines.add((found.name() + " " + found.arguments()).strip() + "   " + meaning.text);
                lines.add("  such as: " + meaning.example);
            });
            slash.ifPresent(found -> lines.add((found.word() + " " + found.arguments()).strip() + "   " + found.description()));
            return lines.isEmpty() ? List.of("there is no command " + TerminalText.escapeLine(topic)
                    + NearestMatch.find(topic, dialect.verbs()).map(near -> ", did you mean " + near + "?").orElse("; help lists all")) : lines;
        }

        private List<String> chat() {
            List<String> lines = new ArrayList<>();
            lines.add("A line goes to the room, where the server can read it too. // in front sends one");
            lines.add("that begins with a slash.");
            lines.addAll(commands());
            lines.add("What was said cannot be taken back or changed: others have it at once.");
            lines.add("A line that begins with one of these, in capitals, is that command; /help SET");
            lines.add("tells what it does:");
            lines.addAll(verbs());
            lines.addAll(keys());
            return lines;
        }

        private List<String> store() {
            List<String> lines = new ArrayList<>();
            lines.add("Each line is a command, in capitals or not; help SET tells more, with an example:");
            for (String name : dialect.verbs()) {
                Verb verb = Verb.valueOf(name);
                lines.add(String.format("  %-30s %s", (name + " " + verb.arguments()).strip(), meaning(verb).text));
            }
            lines.add("The prompt itself:");
            lines.addAll(commands());
            lines.addAll(keys());
            return lines;
        }

        private List<String> commands() {
            return dialect.commands().stream().map(command ->
                    String.format("  %-26s %s", (command.word() + " " + command.arguments()).strip(), command.description())).toList();
        }

        private static List<String> keys() {
            return List.of("Tab completes, the right arrow takes what is offered in grey, Ctrl-R searches",
                    "what was typed, Alt-Enter begins another line, Ctrl-L clears the screen. Ctrl-C",
                    "clears the line or stops waiting; twice on an empty line it leaves.");
        }

        private List<String> verbs() {
            List<String> lines = new ArrayList<>();
            StringBuilder line = new StringBuilder(" ");
            for (String verb : dialect.verbs()) {
                if (line.length() + verb.length() >= WIDTH) {
                    lines.add(line.toString());
                    line = new StringBuilder(" ");
                }
                line.append(' ').append(verb);
            }
            lines.add(line.toString());
            return lines;
        }

        private static Meaning meaning(Verb verb) {
            return switch (verb) {
                case SET -> new Meaning("keeps a value under a key", "SET greeting hello world");
                case GET -> new Meaning("the value of a key", "GET greeting");
                case PUT -> new Meaning("sets with options", "PUT NX,EX=60 lock me");
                case MGET -> new Meaning("the values of several keys", "MGET greeting visitors");
                case GETDEL -> new Meaning("the value of a key, which goes", "GETDEL greeting");
                case GETEX -> new Meaning("the value, and another expiry", "GETEX EX=60 greeting");
                case GETRANGE -> new Meaning("a part of a value", "GETRANGE greeting 0 4");
                case SETRANGE -> new Meaning("overwrites a part of a value", "SETRANGE greeting 6 you");
                case STRLEN -> new Meaning("the size of a value", "STRLEN greeting");
                case VERSION -> new Meaning("the version of a value", "VERSION greeting");
                case RENAME -> new Meaning("gives a key another name", "RENAME greeting hello");
                case COPY -> new Meaning("copies a value to another key", "COPY greeting hello NX");
                case RANDOMKEY -> new Meaning("any key", "RANDOMKEY");
                case INCRBYFLOAT -> new Meaning("adds a number with a fraction", "INCRBYFLOAT sum 0.25");
                case PEXPIRE -> new Meaning("lets a key vanish in milliseconds", "PEXPIRE greeting 1500 GT");
                case PEXPIREAT -> new Meaning("lets a key vanish at a time", "PEXPIREAT greeting 1900000000000");
                case PTTL -> new Meaning("milliseconds until a key vanishes", "PTTL greeting");
                case PEXPIRETIME -> new Meaning("when a key vanishes, in ms of 1970", "PEXPIRETIME greeting");
                case TXN -> new Meaning("several commands as one (scripts)", "TXN");
                case PUBLISH -> new Meaning("tells a channel something", "PUBLISH builds green");
                case SUBSCRIBE -> new Meaning("tells what a channel is told", "SUBSCRIBE builds");
                case UNSUBSCRIBE -> new Meaning("no longer tells so", "UNSUBSCRIBE builds");
                case PSUBSCRIBE -> new Meaning("the same of all that begin so", "PSUBSCRIBE build");
                case PUNSUBSCRIBE -> new Meaning("no longer tells so", "PUNSUBSCRIBE build");
                case DELETE -> new Meaning("takes a key and its value away", "DELETE greeting");
                case EXISTS -> new Meaning("1 if there is such a key, else 0", "EXISTS greeting");
                case KEYS -> new Meaning("keys in order, from a prefix", "KEYS deploy/ 10");
                case COUNT -> new Meaning("how many keys there are", "COUNT deploy/");
                case INCR -> new Meaning("adds 1, or so many, to a number", "INCR visitors 5");
                case CAS -> new Meaning("sets if the version is still that", "CAS greeting 7 hello again");
                case PEEK -> new Meaning("a value with its version", "PEEK greeting");
                case APPEND -> new Meaning("adds to the end of a value", "APPEND greeting , world");
                case PERSIST -> new Meaning("keeps a key from expiring", "PERSIST greeting");
                case EXPIRE -> new Meaning("lets a key vanish in some seconds", "EXPIRE greeting 60");
                case TTL -> new Meaning("seconds until a key vanishes", "TTL greeting");
                case ECHO -> new Meaning("answers the text", "ECHO are you there");
                case TIME -> new Meaning("the server's clock", "TIME");
                case PING -> new Meaning("answers at once", "PING");
                case WHOAMI -> new Meaning("our name, as the server knows it", "WHOAMI");
                case SOCKETS -> new Meaning("all connections, or ends one (operators)", "SOCKETS END 12");
                case SESSIONS -> new Meaning("all sessions, or ends a client's (operators)", "SESSIONS END bob");
                case INFO -> new Meaning("the server's counters", "INFO");
                case WATCH -> new Meaning("tells when keys change", "WATCH deploy/");
                case UNWATCH -> new Meaning("no longer tells when keys change", "UNWATCH deploy/");
                case JOIN -> new Meaning("enters a room", "JOIN #lobby");
                case LEAVE -> new Meaning("leaves a room", "LEAVE #lobby");
                case SAY -> new Meaning("says something in a room", "SAY #lobby hello");
                case TELL -> new Meaning("a direct message in the clear", "TELL ann hello");
                case KEY -> new Meaning("the public key of a person", "KEY ann");
                case WHO -> new Meaning("who is in a room, or here", "WHO #lobby");
                case ROOMS -> new Meaning("all rooms", "ROOMS");
                case HISTORY -> new Meaning("what was said in a room", "HISTORY #lobby 50");
                case AWAY -> new Meaning("tells others that we are away", "AWAY");
                case BACK -> new Meaning("tells others that we are back", "BACK");
                case KICK -> new Meaning("puts somebody out (operators)", "KICK #lobby bob");
                case MUTE -> new Meaning("silences somebody (operators)", "MUTE bob 600");
                case UNMUTE -> new Meaning("lets somebody speak (operators)", "UNMUTE bob");
            };
        }
    }
}
