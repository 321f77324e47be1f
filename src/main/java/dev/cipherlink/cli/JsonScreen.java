package dev.cipherlink.cli;

import dev.cipherlink.command.Event;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jline.utils.AttributedString;

/// The REPL's screen for programs, `docs/repl.md`: each line of stdout is one object with a `type`. An `answer` for each line
/// of stdin, with its number, and what others do as it comes.
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
        Map<String, Object> members = members("answer");
        members.put("ok", status == ExitStatus.DONE);
        members.put("line", line);
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

    private static Map<String, Object> members(String type) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("type", type);
        return members;
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
        Map<String, Object> members = members(event);
        if (isPast) {
            members.put("past", true);
        }
        write(members);
    }

    /// What an event is for programs.
    static Map<String, Object> members(Event event) {
        return switch (event) {
            case Event.Message(String room, long id, String from, Instant at, String text) ->
                    said("message", id, from, at, text, Map.of("room", room));
            case Event.Direct(long id, String from, Instant at, String text) -> said("direct", id, from, at, text, Map.of());
            case Event.Joined(String room, String name) -> named("joined", "room", room, "name", name);
            case Event.Left(String room, String name) -> named("left", "room", room, "name", name);
            case Event.Away(String name) -> named("away", "name", name);
            case Event.Back(String name) -> named("back", "name", name);
            case Event.Skipped(String room, long count, long after) ->
                    named("skipped", "room", room, "count", count, "after", after);
            case Event.KeySet(String key) -> named("key_set", "key", key);
            case Event.KeyDeleted(String key) -> named("key_deleted", "key", key);
            case Event.Notice(String text) -> named("notice", "text", text);
        };
    }

    private static Map<String, Object> said(String type, long id, String from, Instant at, String text, Map<String, String> where) {
        Map<String, Object> members = members(type);
        members.putAll(where);
        members.put("id", id);
        members.put("from", from);
        members.put("at", at.toString());
        members.put("text", text);
        return members;
    }

    /// @param pairs names and values by turns
    private static Map<String, Object> named(String type, Object... pairs) {
        Map<String, Object> members = members(type);
        for (int i = 0; i < pairs.length; i += 2) {
            members.put((String) pairs[i], pairs[i + 1]);
        }
        return members;
    }

    @Override
    public void message(AttributedString text) {
        // is told as the event that it was made of
    }

    @Override
    public synchronized void asked(AttributedString text) {
        // the same; help is for people
    }

    @Override
    public synchronized void own(AttributedString text, Fate fate) {
        switch (fate) {
            case Fate.Queued _, Fate.Stored _, Fate.Delivered _ -> { }
            case Fate.Failed(String why) -> failure = why;
            case Fate.Unknown _ -> failure = "the connection was lost before the answer came";
        }
    }

    @Override
    public void giveBack(Supplier<String> text) {
        // whoever writes to a pipe has kept it
    }

    @Override
    public void remark(AttributedString text) {
        // for people
    }

    @Override
    public void warning(AttributedString text) {
        write(named("warning", "message", text.toString()));
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
            answer = Json.value(TypedLine.verb(TypedLine.firstWord(given.command())).orElse(null), given.reply().payload());
        }
    }

    @Override
    public void alert() {
        // a pipe has no bell
    }
}
