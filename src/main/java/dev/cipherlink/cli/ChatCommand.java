package dev.cipherlink.cli;

import java.io.IOException;

/// `chat`: the REPL.
final class ChatCommand extends ClientCommand {

    private String room = "";

    @Override
    void describe(Syntax syntax) {
        super.describe(syntax);
        syntax.about("Talk, and use the store, at a prompt.",
                "A line goes to the current room. A line that begins with a verb in capitals (SET, GET, KEYS) is that command; "
                    + "/ begins a command of the prompt itself, /help lists them.",
                "From a pipe or on a dumb terminal: a plain line client without prompt and status line.");
        syntax.examples("  cipherlink chat '#lobby'", "  cipherlink chat -s example.org:8888",
                "  printf 'GET greeting\\n/msg ann hello\\n' | cipherlink chat");
        syntax.parameter("0..1", "#ROOM", given -> room = given, "The room to enter.");
    }

    @Override
    ExitStatus run() throws IOException, InterruptedException {
        Settings settings = clientSettings();
        return new Chat(surroundings(), output(), settings, wantsColour()).run(loadKeys(settings), room);
    }
}
