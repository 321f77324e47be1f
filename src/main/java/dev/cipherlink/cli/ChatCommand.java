package dev.cipherlink.cli;

import dev.cipherlink.cli.base.ClientCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.connect.SealedCommands.Wishes;
import dev.cipherlink.prompt.Chat;
import dev.cipherlink.prompt.Dialect;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.util.OptionalLong;

/// `chat`: the REPL.
final class ChatCommand extends ClientCommand {

    private String room = "";
    private OptionalLong since = OptionalLong.empty();

    @Override
    public void describe(Syntax syntax) {
        super.describe(syntax);
        syntax.about("Talk, and use the store, at a prompt.",
                "A line goes to the current room. A line that begins with a verb in capitals (SET, GET, KEYS) is that command; "
                    + "/ begins a command of the prompt itself, /help lists them.",
                "From a pipe or on a dumb terminal: a plain line client without prompt and status line, which sends as fast as the "
                    + "server lets it. With --json each line of stdout is an object: docs/repl.md.");
        syntax.examples("  cipherlink chat '#lobby'", "  cipherlink chat -s example.org:8888",
                "  printf 'GET greeting\\n/msg ann hello\\n' | cipherlink chat",
                "  cipherlink --json chat '#lobby' --since 0 < /dev/null");
        syntax.option("--since", "ID", this::since, "For programs: show all that was said in the room after the message of this "
                + "number (0 for all), then what comes, until interrupted. With --json each message has its number.");
        syntax.parameter("0..1", "#ROOM", given -> room = given, "The room to enter.");
    }

    private void since(String given) {
        if (!given.matches("\\d{1,18}")) {
            throw CliException.usage("--since: not the number of a message: " + TerminalText.escapeLine(given))
                    .withHint("0 for all that the server has");
        }
        since = OptionalLong.of(Long.parseLong(given));
    }

    @Override
    public ExitStatus run() throws IOException, InterruptedException {
        if (since.isPresent() && room.isEmpty()) {
            throw CliException.usage("--since needs a room").withHint("cipherlink chat '#lobby' --since 0");
        }
        Settings settings = clientSettings();
        return new Chat(surroundings(), output(), settings, Dialect.CHAT, Wishes.NONE, wantsColour()).run(loadKeys(settings), new Chat.Begin(room, since));
    }
}
