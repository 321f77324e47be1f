package dev.cipherlink.cli;

import java.util.Optional;
import java.util.function.Supplier;
import org.jline.utils.AttributedString;

/// The REPL's screen where there is no terminal: messages and answers on stdout, all else on stderr, no colours.
final class PlainScreen implements Screen {
    private final Output output;
    private final AnswerWriter answers;

    PlainScreen(Output output) {
        this.output = output;
        this.answers = new AnswerWriter(output, false);
    }

    @Override
    public int turn() {
        return 0;
    }

    @Override
    public void message(AttributedString line) {
        output.line(line.toString());
        output.flush();
    }

    @Override
    public void asked(AttributedString line) {
        message(line);
    }

    @Override
    public void own(AttributedString line, Fate fate) {
        switch (fate) {
            case Fate.Queued _, Fate.Stored _, Fate.Delivered _ -> { }
            case Fate.Failed(String why) -> output.errorLine("ERROR " + TerminalText.escapeLine(why));
            case Fate.Unknown _ -> output.errorLine(line.toString());
        }
    }

    @Override
    public void giveBack(Supplier<String> line) {
        // whoever writes to a pipe has kept it
    }

    @Override
    public void remark(AttributedString line) {
        // whoever reads a pipe did not ask
    }

    @Override
    public void warning(AttributedString line) {
        output.notice(line.toString());
    }

    @Override
    public void error(AttributedString line) {
        output.errorLine(line.toString());
    }

    @Override
    public void answer(Answer answer) {
        if (answer.reply().isError()) {
            output.errorLine("ERROR " + TerminalText.escapeLine(answer.reply().reason()));
        } else {
            answers.write(answer.reply(), Optional.empty());
            output.flush();
        }
    }

    @Override
    public void alert() {
        // a pipe has no bell
    }
}
