package dev.cipherlink.cli;

import java.util.Optional;
import java.util.function.Supplier;
import org.jline.utils.AttributedString;

/// The REPL's screen where there is no terminal: messages and answers on stdout, all else on stderr, no colours. A failure
/// names its line.
final class PlainScreen implements PlainChat.LineScreen {
    private final Output output;
    private final AnswerWriter answers;
    private volatile int line;

    PlainScreen(Output output) {
        this.output = output;
        this.answers = new AnswerWriter(output, false);
    }

    @Override
    public void begin(int number) {
        line = number;
    }

    @Override
    public void end(ExitStatus status) {
        line = 0;
    }

    @Override
    public int turn() {
        return line;
    }

    @Override
    public void message(AttributedString text) {
        output.line(TerminalText.escapeLine(text));
        output.flush();
    }

    @Override
    public void asked(AttributedString text) {
        message(text);
    }

    @Override
    public void own(AttributedString text, Fate fate) {
        switch (fate) {
            case Fate.Queued _, Fate.Stored _, Fate.Delivered _ -> { }
            case Fate.Failed(String why) -> failed(why);
            case Fate.Unknown _ -> failed(text.toString());
        }
    }

    @Override
    public void giveBack(Supplier<String> text) {
        // whoever writes to a pipe has kept it
    }

    @Override
    public void remark(AttributedString text) {
        // whoever reads a pipe did not ask
    }

    @Override
    public void warning(AttributedString text) {
        output.notice("cipherlink: " + TerminalText.escapeLine(text));
    }

    @Override
    public void error(AttributedString text) {
        failed(text.toString());
    }

    @Override
    public void answer(Answer answer) {
        if (answer.reply().isError()) {
            failed(PendingCommands.head(answer.command()) + ": " + answer.reply().reason());
        } else {
            answers.write(null, answer.reply(), Optional.empty(), false);
            output.flush();
        }
    }

    private void failed(String why) {
        int number = line;
        output.errorLine("cipherlink: " + (number > 0 ? "stdin:" + number + ": " : "") + TerminalText.escapeLine(why));
    }

    @Override
    public void alert() {
        // a pipe has no bell
    }
}
