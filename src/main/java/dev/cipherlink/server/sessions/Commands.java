package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.chat.ChatService;
import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatService.Presence;
import dev.cipherlink.chat.ChatSession;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Reply.Outcome;
import dev.cipherlink.command.Verb;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.sessions.SessionOrigin.Services;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;

/// Implements the commands of one session: on the store, in the chat, or about the server. Used by its reading thread.
final class Commands {

    private static final byte[] ECHO_PREFIX = "Echo: ".getBytes(US_ASCII);
    private static final Reply NOT_OPERATOR =
            Reply.error("denied: only operators may list and end connections; ask one to authorize you with --operator",
                    Outcome.DENIED);
    private static final Reply PONG = Reply.line("PONG");

    private final CommandDispatcher batch;
    private final Services services;
    private final SessionOrigin origin;
    private final ClientIdentity client;
    private final KeyValueStore store;
    private final ChatService chat;
    private final SessionEvents events;
    private final ChatSession chatSession;
    private final KeyCommands keyCommands;

    /// @param batch the requests that run together
    Commands(CommandDispatcher batch, Services services, SessionOrigin origin, SessionEvents events) {
        this.batch = batch;
        this.services = services;
        this.events = events;
        this.origin = origin;
        client = origin.client();
        store = services.store();
        chat = services.chat();
        chatSession = events.chatSession();
        keyCommands = new KeyCommands(batch, store, services.maxValueBytes());
    }

    /// Marks the client as active, except for commands that programs send on their own to update a display.
    void noteActivity(Command command) {
        switch (command) {
            case Command.Ping(), Command.Info(), Command.Sockets(), Command.Sessions(), Command.Time(), Command.WhoAmI(), Command.Rooms(),
                    Command.Who _, Command.KeyOf _, Command.History _, Command.Away() -> {
            }
            default -> chat.touch(chatSession);
        }
    }

    /// @throws StoreException if the store or the memory budget refuses the command
    Reply run(Command command) throws StoreException {
        return switch (command) {
            case Command.OnKeys onKeys -> keyCommands.run(onKeys);
            case Command.Transaction transaction -> keyCommands.run(transaction, services.channels());
            case Command.Keys keys -> {
                batch.transaction().pause();
                yield Reply.lines(
                        store.keys(keys.prefix(), keys.limit(), keys.after()).stream().map(Key::bytes).toList());
            }
            case Command.Count(byte[] prefix) -> {
                batch.transaction().pause();
                yield Reply.number(store.count(prefix));
            }
            case Command.RandomKey() -> {
                batch.transaction().pause();
                Key chosen = RandomKey.choose(store);
                yield chosen == null ? Reply.NOT_FOUND : Reply.value(chosen.bytes());
            }
            case Command.Echo(byte[] text) -> echo(text);
            case Command.Time() -> Reply.line(OffsetDateTime.now().format(DateTimeFormatter.ISO_OFFSET_DATE_TIME));
            case Command.Ping() -> PONG;
            case Command.WhoAmI() -> whoAmI();
            case Command.Sockets() -> sockets();
            case Command.EndSocket(long id) -> endSocket(id);
            case Command.Sessions() -> sessions();
            case Command.EndSessions(String name) -> endSessions(name);
            case Command.Info() -> info();
            case Command.Chat said -> chat(said);
            case Command.Watch(byte[] prefix) -> events.watch(prefix);
            case Command.Unwatch(byte[] prefix) -> events.unwatch(prefix);
            case Command.Publish publication -> {
                int receivers = services.channels().receivers(Key.of(publication.channel()));
                services.channels().publish(publication);
                yield Reply.number(receivers);
            }
            case Command.Subscribe(byte[] channel, boolean isPrefix) -> events.subscribe(channel, isPrefix);
            case Command.Unsubscribe(byte[] channel, boolean isPrefix) -> events.unsubscribe(channel, isPrefix);
        };
    }

    private static Reply echo(byte[] text) {
        byte[] payload = new byte[ECHO_PREFIX.length + text.length];
        System.arraycopy(ECHO_PREFIX, 0, payload, 0, ECHO_PREFIX.length);
        System.arraycopy(text, 0, payload, ECHO_PREFIX.length, text.length);
        return Reply.ok(payload);
    }

    private Reply whoAmI() {
        String key = client.key().map(known -> known.fingerprint().toString())
                .orElse("shared; the name is a claim");
        return Reply.line("name: " + client.name()
                + "\nkey: " + key
                + "\npermissions: " + permissions()
                + "\nsession: " + origin.id());
    }

    /// `operator` or `user`, then the other options of the client's line that limit its commands.
    private String permissions() {
        String options = client.rights().ofSession();
        return client.isOperator() ? options : ("user " + options).strip();
    }

    private Reply sockets() {
        return client.isOperator() ? lines(services.sockets().list()) : NOT_OPERATOR;
    }

    private Reply endSocket(long id) {
        return !client.isOperator() ? NOT_OPERATOR
                : services.sockets().end(id, client.name()) ? Reply.OK : Reply.error("no connection has the id " + id, Outcome.NOT_FOUND);
    }

    private Reply sessions() {
        return client.isOperator() ? lines(services.sessions().list(System.nanoTime()).stream().map(each ->
                each.name() + (each.isConnected() ? " connected " : " waiting ") + each.waitingSeconds()).toList()) : NOT_OPERATOR;
    }

    private Reply endSessions(String name) {
        if (!client.isOperator()) {
            return NOT_OPERATOR;
        }
        services.log().operated(origin, Verb.SESSIONS, "", name);
        int ended = services.sockets().endSessions(name, client.name());
        return ended > 0 ? Reply.number(ended) : Reply.error("no session has the name " + name, Outcome.NOT_FOUND);
    }

    private Reply info() throws StoreException {
        batch.transaction().pause();
        var info = new LinkedHashMap<>(services.info().read(origin.id()));
        if (batch.quota() != null) {
            info.put("quota_used_bytes", batch.quota().usage().bytes());
            info.put("quota_max_bytes", batch.quota().maxBytes());
        }
        if (client.isOperator()) {
            store.usages().forEach((keys, bytes) -> info.put("quota_used_bytes_of_" + keys, bytes));
        }
        return lines(info.entrySet().stream().map(line -> line.getKey() + ": " + line.getValue()).toList());
    }

    private Reply chat(Command.Chat command) throws StoreException {
        Reply reply;
        try {
            reply = runChat(command);
        } catch (ChatException e) {
            reply = Reply.error(e.getMessage(), e.outcome());
        }
        // The answers may contain messages that are not durable yet.
        if (command instanceof Command.History || command instanceof Command.Rooms) {
            batch.transaction().dependOnPending();
        }
        return reply;
    }

    private Reply runChat(Command.Chat command) throws ChatException {
        switch (command) {
            case Command.Say(String room, String text) -> {
                return Reply.line("OK " + chat.say(chatSession, room, text));
            }
            case Command.Tell(String name, String text) -> {
                return Reply.line("OK " + chat.tell(chatSession, name, text));
            }
            case Command.KeyOf(String name) -> {
                return services.keyOf().apply(name).map(key -> Reply.line(new PublicKeyLine(key, name).encode())).orElse(Reply.NOT_FOUND);
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
            case Command.Join(String room) -> chat.join(chatSession, room);
            case Command.Leave(String room) -> chat.leave(chatSession, room);
            case Command.Away() -> chat.away(chatSession);
            case Command.Back() -> chat.back(chatSession);
            case Command.Kick(String room, String name) -> {
                chat.kick(chatSession, room, name);
                services.log().operated(origin, Verb.KICK, room, name);
            }
            case Command.Mute(String name, long seconds) -> {
                chat.mute(chatSession, name, Duration.ofSeconds(seconds));
                services.log().operated(origin, Verb.MUTE, "", name);
            }
            case Command.Unmute(String name) -> {
                chat.unmute(chatSession, name);
                services.log().operated(origin, Verb.UNMUTE, "", name);
            }
        }
        return Reply.OK;
    }

    private static Reply who(List<Presence> people) {
        return lines(people.stream().map(person -> person.name() + (person.isAway() ? " away " : " here ")
                + person.idle().toSeconds()).toList());
    }

    private Reply history(Command.History history) {
        List<Event.Message> messages = history.after() == Command.History.NEWEST
                ? chat.history(history.room(), history.count())
                : chat.history(history.room(), history.count(), history.after());
        // Without their line feeds, which the reply adds.
        return lines(messages.stream().map(message -> {
            byte[] line = message.encode();
            return new String(line, 0, line.length - 1, UTF_8);
        }).toList());
    }

    private static Reply lines(List<String> lines) {
        return Reply.lines(lines.stream().map(line -> line.getBytes(UTF_8)).toList());
    }
}
