package dev.cipherlink.prompt;

import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import java.time.Duration;
import java.util.function.Supplier;
import org.jline.utils.AttributedString;

/// The output of the REPL: a terminal with an edited line, or plain streams. Thread-safe; nothing blocks.
interface Screen {

    /// The answer to a typed command.
    ///
    /// @param command as it was sent
    /// @param turn    number of the line that it answers
    record Answer(String command, int turn, Reply reply, Duration took) {
    }

    /// The number of the last line typed.
    int turn();

    /// An event, for screens that show it as data; the lines made from it are passed too.
    ///
    /// @param isPast whether it belongs to a history
    default void event(Event event, boolean isPast) {
    }

    /// The same for a direct message.
    default void direct(SealedMessages.Shown message) {
    }

    /// Messages and actions of others. Under a flood some may be left out, and are then counted.
    void message(AttributedString line);

    /// Output that the user asked for and that is not a plain answer: help, a history.
    void asked(AttributedString line);

    /// Our own message and its delivery state.
    void own(AttributedString line, DeliveryState fate);

    /// Puts a refused line of ours back into the edited line.
    ///
    /// @param line called when it is put there
    void giveBack(Supplier<String> line);

    /// A message of the REPL itself, of no use to a program.
    void remark(AttributedString line);

    /// A message of the REPL itself that programs should get too.
    void warning(AttributedString line);

    /// An error message.
    void error(AttributedString line);

    void answer(Answer answer);

    /// Draws attention to a message for us.
    void alert();
}
