package dev.cipherlink.prompt;

import dev.cipherlink.command.Event;
import dev.cipherlink.command.Verb;
import dev.cipherlink.console.Output;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.JsonEvents;
import java.util.Map;
import java.util.function.Supplier;
import org.jline.utils.AttributedString;

/// The REPL's screen for programs (`docs/repl.md`): each line of stdout is a JSON object with a `type`. Each line of
/// stdin gets an `answer` with its number; events are written as they come.
final class JsonScreen implements PlainChat.LineScreen {
    private final Output output;
    private Map<String, Object> answer = Map.of();
    private String failure = "";
    private int line;

    JsonScreen(Output output) {
        this.output = output;
    }

    @Override
    public synchronized void begin(int number) {
        line = number;
        answer = Map.of();
        failure = "";
    }

    @Override
    public synchronized void end(ExitStatus status) {
        Map<String, Object> members = JsonEvents.named("answer", "ok", status == ExitStatus.DONE, "line", line);
        if (status == ExitStatus.DONE) {
            members.putAll(answer);
        } else {
            members.put("code", status.code());
            members.put("error", status.jsonName());
            members.put("message", failure);
        }
        write(members);
        line = 0;
    }

    private void write(Map<String, Object> members) {
        output.line(Json.object(members));
        output.flush();
    }

    @Override
    public synchronized int turn() {
        return line;
    }

    @Override
    public void event(Event event, boolean isPast) {
        Map<String, Object> members = JsonEvents.members(event);
        if (isPast) {
            members.put("past", true);
        }
        write(members);
    }

    @Override
    public void direct(SealedMessages.Shown message) {
        Map<String, Object> members = JsonEvents.members(message.direct());
        members.put("sealed", message.state());
        message.written().ifPresent(written -> members.put("written", written.toString()));
        write(members);
    }

    @Override
    public void message(AttributedString text) {
        // reported as an event
    }

    @Override
    public synchronized void asked(AttributedString text) {
        // reported as an event; help is for people
    }

    @Override
    public synchronized void own(AttributedString text, DeliveryState fate) {
        switch (fate) {
            case DeliveryState.Queued _, DeliveryState.Stored _, DeliveryState.Delivered _ -> { }
            case DeliveryState.Failed(String why) -> failure = why;
            case DeliveryState.Unknown _ -> failure = "the connection was lost before the answer came";
        }
    }

    @Override
    public void giveBack(Supplier<String> text) {
        // the program at the other end still has its line
    }

    @Override
    public void remark(AttributedString text) {
        // for people
    }

    @Override
    public void warning(AttributedString text) {
        write(JsonEvents.named("warning", "message", text.toString()));
    }

    @Override
    public synchronized void error(AttributedString text) {
        if (line > 0) {
            failure = text.toString();
        } else {
            warning(text);
        }
    }

    @Override
    public synchronized void answer(Answer given) {
        if (given.reply().isError()) {
            failure = given.reply().reason();
        } else {
            answer = Json.value(Verb.named(TypedLine.firstWord(given.command())).orElse(null), given.reply().payload());
        }
    }

    @Override
    public void alert() {
        // a pipe has no bell
    }
}
