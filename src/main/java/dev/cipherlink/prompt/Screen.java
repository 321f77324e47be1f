package dev.cipherlink.prompt;

import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import java.time.Duration;
import java.util.function.Supplier;
import org.jline.utils.AttributedString;

/// Where the REPL shows things: a terminal with an edited line, or plain streams. Thread-safe; nothing blocks.
interface Screen {

    /// The answer to a command that was typed.
    ///
    /// @param command as it was sent
    /// @param turn    of the line that it answers
    record Answer(String command, int turn, Reply reply, Duration took) {
    }

    /// The number of the line that was typed last.
    int turn();

    /// What others write and do, for screens that show it as it is: the lines that are made of it come too.
    ///
    /// @param isPast whether it was told before, and is of a history
    default void event(Event event, boolean isPast) {
    }

    /// What others write and do. Under a flood some of it may be left out, and is then counted.
    void message(AttributedString line);

    /// What somebody asked for that is no answer of the server as it is: help, a history.
    void asked(AttributedString line);

    /// Our own message, and what became of it.
    void own(AttributedString line, DeliveryState fate);

    /// A line of ours that was refused goes back to where it was typed.
    ///
    /// @param line asked for when it is put there
    void giveBack(Supplier<String> line);

    /// What the REPL itself has to say, of no use to a program.
    void remark(AttributedString line);

    /// What the REPL itself has to say, and everybody should know.
    void warning(AttributedString line);

    /// Something went wrong.
    void error(AttributedString line);

    void answer(Answer answer);

    /// Somebody wrote to us.
    void alert();
}
