package dev.cipherlink.cli;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `chat`: the REPL.
@Command(name = "chat", description = {"Talk, and use the store, at a prompt.",
        "A line goes to the current room. A line that begins with a verb in capitals (SET, GET, KEYS) is that command; "
                + "/ begins a command of the prompt itself, /help lists them.",
        "From a pipe or on a dumb terminal: a plain line client without prompt and status line."},
        footer = {
            "  cipherlink chat '#lobby'",
            "  cipherlink chat -s example.org:8888",
            "  printf 'GET greeting\\n/msg ann hello\\n' | cipherlink chat"
        })
final class ChatCommand extends ClientCommand {

    @Parameters(arity = "0..1", paramLabel = "#ROOM", description = "The room to enter.")
    String room = "";

    @Override
    ExitStatus run() throws IOException, InterruptedException {
        Settings settings = clientSettings();
        return new Chat(surroundings(), output(), settings, wantsColour()).run(loadKeys(settings), room);
    }
}
