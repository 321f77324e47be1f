package dev.cipherlink.prompt;

import dev.cipherlink.prompt.Chat.ChatParts;
import dev.cipherlink.prompt.Chat.Switches;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import dev.cipherlink.prompt.StatusLine.StatusFacts;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.InfoCmp.Capability;

/// Writes above the edited line.
///
/// One thread writes, in batches, and in a widget of the line reader: there the reader holds its lock and the contents of
/// the screen are known. Nothing is written between two lines: the next line begins within a moment.
final class TerminalScreen implements Screen {
    private static final String FLUSH_WIDGET = "cipherlink-flush";
    private static final long BATCH_NANOS = 50_000_000;
    private static final long STATUS_NANOS = 250_000_000;
    private static final long ALERT_NANOS = 10_000_000_000L;
    private static final int MAX_MESSAGES_PER_SECOND = 200;

    private final EditedLine reader;
    private final Terminal terminal;
    private final PromptLine prompt;
    private final ChatParts parts;
    private final AnswerLines answers;
    private final StatusLine statusLine;
    private final Supplier<StatusFacts> facts;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<AttributedString> waiting = new ArrayDeque<>();
    /// Lines requested since the last line was typed; they are or were in [#waiting] too.
    private List<AttributedString> page = new ArrayList<>();
    private final List<Supplier<String>> refused = new ArrayList<>();
    private final Thread writer = Thread.ofVirtual().name("cipherlink-screen").unstarted(this::write);
    private final MessageBudget budget = new MessageBudget(MAX_MESSAGES_PER_SECOND);
    private int turn;
    private Screen.Answer lastAnswer;
    private long alertedAt = System.nanoTime() - ALERT_NANOS;
    private boolean isAlerting;

    TerminalScreen(EditedLine reader, ChatParts parts, Supplier<StatusFacts> facts) {
        this.reader = reader;
        this.terminal = reader.getTerminal();
        this.prompt = new PromptLine(reader, parts, facts);
        this.parts = parts;
        this.answers = new AnswerLines(parts.palette(), parts.glyphs());
        this.statusLine = new StatusLine(parts.palette(), parts.glyphs());
        this.facts = facts;
    }

    void start() {
        reader.getWidgets().put(FLUSH_WIDGET, this::flush);
        reader.status(width -> parts.switches().isOn(Switches.STATUS) ? statusLine.draw(facts.get(), width) : AttributedString.EMPTY);
        writer.start();
    }

    /// Writes the remaining lines. To be called after the last line was read.
    void stop() throws InterruptedException {
        writer.interrupt();
        writer.join();
        reader.write(take());
    }

    /// Hands the terminal to `others` while it runs.
    void giveWay(Runnable others) {
        reader.giveWay(others);
    }

    PromptLine prompt() {
        return prompt;
    }

    /// Counts a typed line: answers to earlier lines name their command from now on.
    void nextTurn() {
        lock.lock();
        try {
            turn++;
            page = new ArrayList<>();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int turn() {
        lock.lock();
        try {
            return turn;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void message(AttributedString line) {
        lock.lock();
        try {
            if (budget.take(System.nanoTime())) {
                waiting.add(new HangingLine(TerminalText.line(line)));
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void remark(AttributedString line) {
        lock.lock();
        try {
            waiting.add(new HangingLine(TerminalText.line(line)));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void asked(AttributedString line) {
        lock.lock();
        try {
            ask(new HangingLine(TerminalText.line(line)));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void ask(AttributedString line) {
        waiting.add(line);
        page.add(line);
    }

    /// The output requested last.
    List<AttributedString> page() {
        lock.lock();
        try {
            return List.copyOf(page);
        } finally {
            lock.unlock();
        }
    }

    /// Takes the output requested last out of the queue if it has more rows than the screen.
    ///
    /// @return empty if it fits, or has been written
    List<AttributedString> takeLongPage() {
        lock.lock();
        try {
            Size size = FullScreen.sizeOf(terminal);
            boolean isLong = Pager.rows(page, size.getColumns()).size() > size.getRows() - 2;
            Set<AttributedString> taken = Collections.newSetFromMap(new IdentityHashMap<>());
            taken.addAll(page);
            boolean isTaken = isLong && waiting.removeIf(taken::contains);
            return isTaken ? List.copyOf(page) : List.of();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void own(AttributedString line, DeliveryState fate) {
        remark(line);
    }

    @Override
    public void giveBack(Supplier<String> line) {
        lock.lock();
        try {
            refused.add(line);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void warning(AttributedString line) {
        remark(line);
    }

    @Override
    public void error(AttributedString line) {
        remark(line);
    }

    @Override
    public void answer(Screen.Answer answer) {
        lock.lock();
        try {
            lastAnswer = answer;
            boolean isLate = answer.turn() != turn;
            answers.of(answer, isLate).stream().map(TerminalText::line).forEach(isLate ? waiting::add : this::ask);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void alert() {
        lock.lock();
        try {
            long now = System.nanoTime();
            if (parts.switches().isOn(Switches.BELL) && now - alertedAt >= ALERT_NANOS) {
                alertedAt = now;
                isAlerting = true;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Writes the last answer to a file.
    void save(Path file) {
        lock.lock();
        try {
            if (lastAnswer == null || lastAnswer.reply().isError()) {
                error(parts.lines().error("there is no answer to save yet"));
                return;
            }
            byte[] bytes = Json.withoutLineEnd(lastAnswer.reply().payload());
            Files.write(file, bytes);
            remark(parts.lines().remark(bytes.length + " bytes saved in " + TerminalText.escapeLine(file.toString())));
        } catch (IOException e) {
            error(parts.lines().error("cannot write " + TerminalText.escapeLine(file.toString()) + ": " + FailureText.of(e)));
        } finally {
            lock.unlock();
        }
    }

    private void write() {
        try {
            while (true) {
                lock.lockInterruptibly();
                try {
                    if (waiting.isEmpty() && !isAlerting) {
                        changed.awaitNanos(STATUS_NANOS);
                    }
                } finally {
                    lock.unlock();
                }
                flushAboveLine();
                Thread.sleep(BATCH_NANOS / 1_000_000);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void flushAboveLine() {
        try {
            reader.callWidget(FLUSH_WIDGET);
        } catch (IllegalStateException _) {
            // between two lines: the next round finds the reader reading
        }
    }

    private boolean flush() {
        prompt.refresh();
        reader.refresh(take());
        prompt.offer(this::takeRefused);
        if (takeAlert()) {
            terminal.puts(Capability.bell);
            terminal.flush();
        }
        return true;
    }

    private List<AttributedString> take() {
        lock.lock();
        try {
            List<AttributedString> taken = new ArrayList<>(waiting);
            waiting.clear();
            int leftOut = budget.takeLeftOut(System.nanoTime());
            if (leftOut > 0) {
                taken.add(parts.lines().warning(parts.glyphs().ellipsis() + " " + leftOut
                        + " more messages came too fast to show: /history"));
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private String takeRefused() {
        lock.lock();
        try {
            List<String> lines = refused.stream().map(Supplier::get).toList();
            refused.clear();
            return String.join("\n", lines);
        } finally {
            lock.unlock();
        }
    }

    private boolean takeAlert() {
        lock.lock();
        try {
            boolean wanted = isAlerting;
            isAlerting = false;
            return wanted;
        } finally {
            lock.unlock();
        }
    }

    /// Limits the messages shown a second, and counts the rest. To be used under its owner's lock.
    static final class MessageBudget {
        private static final long SECOND_NANOS = 1_000_000_000;

        private final int perSecond;
        private long secondBeganAt;
        private int taken;
        private int leftOut;

        MessageBudget(int perSecond) {
            this.perSecond = perSecond;
            this.secondBeganAt = Long.MIN_VALUE / 2;
        }

        /// @param nanoTime the present [System#nanoTime]
        /// @return whether one more may be shown
        boolean take(long nanoTime) {
            if (nanoTime - secondBeganAt >= SECOND_NANOS) {
                secondBeganAt = nanoTime;
                taken = 0;
            }
            if (taken >= perSecond) {
                leftOut++;
                return false;
            }
            taken++;
            return true;
        }

        /// The number of messages left out, once the second in which that began is over.
        int takeLeftOut(long nanoTime) {
            if (nanoTime - secondBeganAt < SECOND_NANOS) {
                return 0;
            }
            int result = leftOut;
            leftOut = 0;
            return result;
        }
    }
}
