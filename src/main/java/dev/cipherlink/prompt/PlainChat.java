package dev.cipherlink.prompt;

import dev.cipherlink.connect.CliClient;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.Output.AnswerWriter;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import dev.cipherlink.prompt.Requests.PendingCommands;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.TerminalText;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jline.utils.AttributedString;

/// The REPL for pipes and dumb terminals: a line, its answer, the next line. No prompt.
final class PlainChat implements PromptSession.Host {
    private static final int MAX_LINE_BYTES = 64 << 20;

    /// A screen that relates its output to input lines.
    interface LineScreen extends Screen {
        /// Begins an input line; all output until [#end] is about it.
        ///
        /// @param number from 1; 0 for output that no line asked for
        void begin(int number);

        void end(ExitStatus status);
    }

    private final ProcessEnvironment surroundings;
    private final LineScreen screen;
    private final Duration timeout;
    private boolean isLeaving;

    PlainChat(ProcessEnvironment surroundings, LineScreen screen, Duration timeout) {
        this.surroundings = surroundings;
        this.screen = screen;
        this.timeout = timeout;
    }

    /// Blocks until stdin ends or a line leaves the REPL; with `since`, for programs that listen, until the process is
    /// ended.
    ///
    /// @return the worst result of all lines
    ExitStatus run(PromptSession session, Chat.Begin begin) throws IOException, InterruptedException {
        ExitStatus worst = begin.room().isEmpty() ? ExitStatus.DONE : await("JOIN", session.visits().enter(begin));
        var lines = new Lines(surroundings.stdin());
        for (int number = 1; !isLeaving && lines.next(); number++) {
            screen.begin(number);
            ExitStatus status = run(session, lines);
            screen.end(status);
            worst = worst.compareTo(status) >= 0 ? worst : status;
        }
        session.drain();
        boolean stays = begin.since().isPresent() && !isLeaving && worst != ExitStatus.UNREACHABLE;
        return stays ? session.awaitEnd() : worst;
    }

    private ExitStatus run(PromptSession session, Lines lines) throws InterruptedException {
        if (lines.isTooLong) {
            return refuse("a line of more than " + MAX_LINE_BYTES + " bytes");
        }
        Optional<String> text = TerminalText.decode(lines.line.toByteArray()).map(PlainChat::withoutMarks);
        if (text.isEmpty()) {
            return refuse("the line is not UTF-8 and was not sent; cipherlink kv takes any bytes");
        }
        return await(text.get(), session.run(text.get()));
    }

    /// Removes a byte order mark, and the CR of Windows line ends.
    private static String withoutMarks(String line) {
        String text = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    private ExitStatus refuse(String why) {
        screen.error(new AttributedString(why));
        return ExitStatus.REFUSED;
    }

    private ExitStatus await(String typed, CompletableFuture<ExitStatus> line) throws InterruptedException {
        try {
            return line.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            boolean leavesTrace = CliClient.mayHaveChangedData(typed.strip().getBytes(StandardCharsets.UTF_8));
            screen.error(new AttributedString("no answer within " + DurationText.format(timeout)
                    + (leavesTrace ? "; whether the line took effect is unknown" : "") + "; later lines were not read"));
            isLeaving = true;
            return leavesTrace ? ExitStatus.UNKNOWN_OUTCOME : ExitStatus.UNREACHABLE;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void leave() {
        isLeaving = true;
    }

    @Override
    public ExitStatus showTop() {
        return refuse("/top needs a terminal; INFO shows the same counters once");
    }

    @Override
    public ExitStatus showMore() {
        return refuse("/more needs a terminal");
    }

    @Override
    public ExitStatus save(String file) {
        return refuse("/save needs a terminal; cipherlink kv GET key > FILE keeps a value");
    }

    /// Splits a stream into lines as bytes, so that invalid UTF-8 is noticed and not replaced.
    private static final class Lines {
        private final InputStream in;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private boolean isTooLong;

        Lines(InputStream in) {
            this.in = new BufferedInputStream(in);
        }

        /// Blocks until a whole line has been read, or the end.
        ///
        /// @return false at the end
        boolean next() throws IOException {
            line.reset();
            isTooLong = false;
            int next = in.read();
            boolean isThere = next >= 0;
            for (; next >= 0 && next != '\n'; next = in.read()) {
                isTooLong |= line.size() >= MAX_LINE_BYTES;
                if (!isTooLong) {
                    line.write(next);
                }
            }
            return isThere;
        }
    }

    /// The REPL's screen without a terminal: messages and answers on stdout, the rest on stderr, no colours. A failure
    /// names its line.
    static final class PlainScreen implements PlainChat.LineScreen {
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
        public void own(AttributedString text, DeliveryState fate) {
            switch (fate) {
                case DeliveryState.Queued _, DeliveryState.Stored _, DeliveryState.Delivered _ -> { }
                case DeliveryState.Failed(String why) -> failed(why);
                case DeliveryState.Unknown _ -> failed(text.toString());
            }
        }

        @Override
        public void giveBack(Supplier<String> text) {
            // the program at the other end still has its line
        }

        @Override
        public void remark(AttributedString text) {
            // remarks are for people
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
}
