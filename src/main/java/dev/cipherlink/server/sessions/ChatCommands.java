package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.chat.ChatEvent;
import dev.cipherlink.chat.ChatException;
import dev.cipherlink.chat.ChatService;
import dev.cipherlink.chat.ChatService.Presence;
import dev.cipherlink.chat.ChatSession;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Runs the chat's commands of one session, and turns what the chat tells into events.
public final class ChatCommands {

    private final ChatService chat;
    private final ChatSession session;

    ChatCommands(ChatService chat, ChatSession session) {
        this.chat = chat;
        this.session = session;
    }

    /// Notes that the client does something. Commands that programs send by themselves, to keep a display up to date,
    /// do not count.
    void noteActivity(Command command) {
        switch (command) {
            case Command.Ping(), Command.Info(), Command.Sockets(), Command.Time(), Command.WhoAmI(), Command.Rooms(),
                    Command.Who _, Command.History _, Command.Away() -> {
            }
            default -> chat.touch(session);
        }
    }

    /// Whether the answer may show what is not durable yet, and so must wait for it.
    static boolean showsMessages(Command.Chat command) {
        return command instanceof Command.History || command instanceof Command.Rooms;
    }

    Reply run(Command.Chat command) {
        try {
            return answer(command);
        } catch (ChatException e) {
            return Reply.error(e.getMessage());
        }
    }

    private Reply answer(Command.Chat command) throws ChatException {
        switch (command) {
            case Command.Say(String room, String text) -> {
                return Reply.line("OK " + chat.say(session, room, text));
            }
            case Command.Tell(String name, String text) -> {
                return Reply.line("OK " + chat.tell(session, name, text));
            }
            case Command.Who(String room) -> {
                return who(room.isEmpty() ? chat.who() : chat.who(room));
            }
            case Command.Rooms() -> {
                return lines(chat.rooms().stream()
                        .map(room -> room.name() + " " + room.people() + " " + room.lastId()).toList());
            }
            case Command.History history -> {
                return history(history);
            }
            case Command.Join(String room) -> chat.join(session, room);
            case Command.Leave(String room) -> chat.leave(session, room);
            case Command.Away() -> chat.away(session);
            case Command.Back() -> chat.back(session);
            case Command.Kick(String room, String name) -> chat.kick(session, room, name);
            case Command.Mute(String name, long seconds) -> chat.mute(session, name, Duration.ofSeconds(seconds));
            case Command.Unmute(String name) -> chat.unmute(session, name);
        }
        return Reply.OK;
    }

    private static Reply who(List<Presence> people) {
        return lines(people.stream().map(person -> person.name() + (person.isAway() ? " away " : " here ")
                + person.idle().toSeconds()).toList());
    }

    private Reply history(Command.History history) {
        List<ChatEvent.Message> messages = history.after() == Command.History.NEWEST
                ? chat.history(history.room(), history.count())
                : chat.history(history.room(), history.count(), history.after());
        // Without their line feeds: the reply adds them.
        return lines(messages.stream().map(message -> {
            byte[] line = encode(message);
            return new String(line, 0, line.length - 1, UTF_8);
        }).toList());
    }

    private static Reply lines(List<String> lines) {
        var bytes = new ArrayList<byte[]>(lines.size());
        lines.forEach(line -> bytes.add(line.getBytes(UTF_8)));
        return Reply.lines(bytes);
    }

    /// The chat's events as they go onto the wire.
    public static byte[] encode(ChatEvent event) {
        Event encodable = switch (event) {
            case ChatEvent.Message m -> new Event.Message(m.room(), m.id(), m.from(), m.at(), m.text());
            case ChatEvent.Direct d -> new Event.Direct(d.id(), d.from(), d.at(), d.text());
            case ChatEvent.Joined(String room, String name) -> new Event.Joined(room, name);
            case ChatEvent.Left(String room, String name) -> new Event.Left(room, name);
            case ChatEvent.Away(String name) -> new Event.Away(name);
            case ChatEvent.Back(String name) -> new Event.Back(name);
            case ChatEvent.Skipped(String room, long count, long after) -> new Event.Skipped(room, count, after);
            case ChatEvent.Notice(String text) -> new Event.Notice(text);
        };
        return encodable.encode();
    }
}
