package dev.cipherlink.prompt;

import dev.cipherlink.command.Verb;
import dev.cipherlink.console.Signals;
import dev.cipherlink.prompt.Chat.ChatParts;
import dev.cipherlink.prompt.Requests.PendingCommands;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.TerminalText;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jline.reader.EndOfFileException;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;

/// The loop around the line editor: reads lines, and handles Ctrl-C and Ctrl-D. Runs on the calling thread.
final class Repl implements PromptSession.Host {
    private static final long TWICE_NANOS = 2_000_000_000;
    private static final long FAREWELL_NANOS = 2_000_000_000;
    private static final int MAX_UNASKED_LINES = 3;
    private static final long PAGE_PATIENCE_MILLIS = 300;
    private static final Set<Verb> MESSAGES = Set.of(Verb.JOIN, Verb.LEAVE, Verb.SAY, Verb.TELL, Verb.AWAY, Verb.BACK);
    private static final Set<SlashCommand> QUESTIONS = Set.of(SlashCommand.WHO, SlashCommand.ROOMS, SlashCommand.HISTORY,
            SlashCommand.SEARCH, SlashCommand.SOCKETS, SlashCommand.INFO, SlashCommand.HELP);

    private final Terminal terminal;
    private final ChatConnection connection;
    private final ChatParts parts;
    private final Path folder;
    private PromptSession session;
    private TerminalScreen screen;
    private long interruptedAt = System.nanoTime() - TWICE_NANOS;
    private boolean isLeaving;

    /// @param folder base of relative file names for `/save`
    Repl(Terminal terminal, ChatConnection connection, ChatParts parts, Path folder) {
        this.terminal = terminal;
        this.connection = connection;
        this.parts = parts;
        this.folder = folder;
    }

    /// Blocks until the user leaves.
    ExitStatus run(PromptSession newSession, TerminalScreen newScreen, Chat.Begin begin) throws InterruptedException {
        session = newSession;
        screen = newScreen;
        // Raw mode between lines too, so that the terminal does not echo keys typed early.
        Attributes cooked = terminal.enterRawMode();
        terminal.handle(Terminal.Signal.TSTP, _ -> screen.giveWay(() -> Signals.stop(terminal, cooked)));
        screen.start();
        try {
            if (!begin.room().isEmpty()) {
                session.visits().enter(begin);
            }
            ExitStatus status = ExitStatus.DONE;
            while (!isLeaving) {
                status = readAndRun();
            }
            awaitAnswers();
            session.drain();
            return status;
        } finally {
            screen.stop();
        }
    }

    private ExitStatus readAndRun() {
        try {
            execute(screen.prompt().read());
            return ExitStatus.DONE;
        } catch (UserInterruptException e) {
            return interrupted(e.getPartialLine());
        } catch (EndOfFileException _) {
            leave();
            return ExitStatus.DONE;
        }
    }

    private void execute(String typed) {
        if (typed.indexOf('\uFFFD') >= 0) {
            screen.error(parts.lines().error("not sent: what was typed is not UTF-8 throughout; is the terminal set to UTF-8?"));
            return;
        }
        List<String> lines = new ArrayList<>(typed.lines().filter(line -> !line.isBlank()).toList());
        lines = screen.prompt().takePasted() && lines.size() > MAX_UNASKED_LINES ? asked(lines) : lines.stream().map(this::meant).flatMap(Optional::stream).toList();
        if (lines.isEmpty() && typed.isBlank()) {
            session.run("");
        }
        for (String line : lines) {
            TypedLine meaning = parts.dialect().parse(line);
            if (!(meaning instanceof TypedLine.Slash(SlashCommand command, String _) && command == SlashCommand.MORE)) {
                screen.nextTurn();
            }
            switch (meaning) {
                case TypedLine.Text _, TypedLine.Nothing _ -> { } // shown as the message that it becomes
                case TypedLine.Slash(SlashCommand command, String _) when command == SlashCommand.SAY -> { }
                case TypedLine.Slash(SlashCommand command, String _)
                        when command == SlashCommand.MSG || command == SlashCommand.REPLY -> { }
                case TypedLine.Request request -> screen.remark(parts.lines().typed(request.command()));
                case TypedLine.Slash _, TypedLine.Unknown _ -> screen.remark(parts.lines().typed(line.strip()));
            }
            CompletableFuture<ExitStatus> done = session.run(line);
            if (lines.size() == 1 && isQuestion(meaning)) {
                page(done);
            }
        }
    }

    /// Whether the result may be long and is meant to be read by itself.
    private static boolean isQuestion(TypedLine line) {
        return switch (line) {
            case TypedLine.Request(Verb verb, String _) -> !MESSAGES.contains(verb);
            case TypedLine.Slash(SlashCommand command, String _) -> QUESTIONS.contains(command);
            case TypedLine.Text _, TypedLine.Nothing _, TypedLine.Unknown _ -> false;
        };
    }

    /// Shows a long answer page by page if it is there at once; a later one would interrupt typing.
    private void page(CompletableFuture<ExitStatus> done) {
        try {
            done.get(PAGE_PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException _) {
            return; // shown when it comes
        } catch (InterruptedException _) {
            return; // Ctrl-C ends the wait
        }
        List<AttributedString> lines = screen.takeLongPage();
        if (!lines.isEmpty()) {
            new Pager(terminal, parts.palette()).run(lines, false);
            screen.remark(parts.lines().remark(lines.size() + " lines; /more shows them again, /save FILE keeps an answer"));
        }
    }

    @Override
    public ExitStatus showMore() {
        List<AttributedString> lines = screen.page();
        if (lines.isEmpty()) {
            screen.remark(parts.lines().remark("there is no answer yet"));
            return ExitStatus.REFUSED;
        }
        new Pager(terminal, parts.palette()).run(lines, false);
        return ExitStatus.DONE;
    }

    /// Asks about a line that would be said in a room and looks like a command.
    ///
    /// @return the line to run; empty for none
    private Optional<String> meant(String line) {
        String room = session.room();
        boolean isText = parts.dialect().parse(line) instanceof TypedLine.Text && !line.strip().startsWith("//");
        Optional<MistakenLine> mistaken = isText && !room.isEmpty() ? MistakenLine.of(line.strip()) : Optional.empty();
        if (mistaken.isEmpty()) {
            return Optional.of(line);
        }
        String command = mistaken.get().command();
        String head = TerminalText.escapeLine(PendingCommands.head(command));
        String what = command.isEmpty() ? TerminalText.escapeLine(TypedLine.firstWord(line.strip())) + " is for a shell: "
                : "that looks like " + head + ": run it, ";
        String question = what + "say it in " + room + ", or edit it? " + (command.isEmpty() ? "[s/e] " : "[r/s/e] ");
        try {
            while (true) {
                switch (screen.prompt().ask(question).strip().toLowerCase(Locale.ROOT)) {
                    case "r", "run" -> {
                        if (!command.isEmpty()) {
                            return Optional.of(command);
                        }
                    }
                    case "s", "say" -> {
                        return Optional.of(SlashCommand.SAY.word() + " " + line.strip());
                    }
                    case "e", "edit" -> {
                        screen.giveBack(line::strip);
                        return Optional.empty();
                    }
                    default -> { } // ask again
                }
            }
        } catch (UserInterruptException | EndOfFileException _) {
            screen.remark(parts.lines().remark("not said"));
            return Optional.empty();
        }
    }

    /// Asks what to do with many pasted lines, perhaps pasted by mistake.
    private List<String> asked(List<String> lines) {
        String question = lines.size() + " lines: send each, join them into one, or drop them? [s/j/d] ";
        try {
            while (true) {
                String answer = screen.prompt().ask(question).strip().toLowerCase(Locale.ROOT);
                switch (answer) {
                    case "s", "send" -> {
                        return lines;
                    }
                    case "j", "join" -> {
                        return List.of(String.join(" ", lines.stream().map(String::strip).toList()));
                    }
                    case "d", "drop" -> {
                        screen.remark(parts.lines().remark(lines.size() + " lines dropped"));
                        return List.of();
                    }
                    default -> { } // ask again
                }
            }
        } catch (UserInterruptException | EndOfFileException _) {
            screen.remark(parts.lines().remark(lines.size() + " lines dropped"));
            return List.of();
        }
    }

    private ExitStatus interrupted(String partialLine) {
        if (partialLine != null && !partialLine.isEmpty()) {
            return ExitStatus.DONE;
        }
        long now = System.nanoTime();
        if (now - interruptedAt < TWICE_NANOS) {
            leave();
            return ExitStatus.INTERRUPTED;
        }
        interruptedAt = now;
        List<String> stopped = session.pending().stopWaiting();
        screen.remark(parts.lines().remark(stopped.isEmpty() ? "Ctrl-C again leaves; so does Ctrl-D"
                : "waiting no longer for " + TerminalText.escapeLine(String.join(", ", stopped))
                + "; the server may run it all the same"));
        return ExitStatus.DONE;
    }

    /// Waits for unanswered requests for up to 2 seconds, then names the rest.
    private void awaitAnswers() throws InterruptedException {
        long until = System.nanoTime() + FAREWELL_NANOS;
        while (left() > 0 && connection.isUp() && System.nanoTime() < until) {
            Thread.sleep(10);
        }
        if (left() > 0) {
            screen.remark(parts.lines().warning(left() + " lines have no answer: " + connection.queued() + " were not sent, the "
                    + "outcome of the others is unknown"));
        }
    }

    private int left() {
        return session.pending().size() + session.deliveries().underWay();
    }

    @Override
    public void leave() {
        isLeaving = true;
    }

    @Override
    public ExitStatus showTop() {
        new TopView(terminal, connection, parts).run();
        return ExitStatus.DONE;
    }

    @Override
    public ExitStatus save(String file) {
        try {
            screen.save(folder.resolve(file));
            return ExitStatus.DONE;
        } catch (InvalidPathException e) {
            screen.error(parts.lines().error("cannot write " + TerminalText.escapeLine(file) + ": " + e.getReason()));
            return ExitStatus.REFUSED;
        }
    }

    /// One row of a terminal with 80 columns, unless host and name have more than 38 characters.
    static AttributedString greeting(ChatConnection connection, ChatParts parts) {
        String name = connection.name().isEmpty() ? "" : " as " + connection.name();
        return parts.lines().remark("connected to " + connection.server() + name + " (" + connection.protection() + "); "
                + SlashCommand.HELP.word() + ", " + SlashCommand.QUIT.word());
    }
}
