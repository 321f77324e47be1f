package dev.cipherlink.console;

import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;

/// Stops the process as Ctrl-Z does, with the terminal as the shell wants it meanwhile.
public final class JobControl {

    private JobControl() {
    }

    /// Blocks until the process goes on. Where there is no shell that could let it go on, that is at once.
    ///
    /// @param cooked how the terminal was when the program was started
    public static void stop(Terminal terminal, Attributes cooked) {
        Attributes ours = terminal.getAttributes();
        terminal.setAttributes(cooked);
        terminal.flush();
        Signals.stop();
        terminal.setAttributes(ours);
    }
}
