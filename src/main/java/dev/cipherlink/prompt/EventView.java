package dev.cipherlink.prompt;

import dev.cipherlink.command.Event;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import dev.cipherlink.text.TerminalText;
import java.net.ProtocolException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jline.utils.AttributedString;

/// Shows events that the server pushes, and histories. Called on the connection's thread, and by [SealedMessages] on its own.
final class EventView {
    private final JoinedRooms rooms;
    private final ChatLines lines;
    private final Screen screen;
    private final Optional<SealedMessages> mail;
    private final ShownLines shown = new ShownLines();
    private final SeenMessages seen = new SeenMessages();
    /// Newest message id by room.
    private final Map<String, Long> newest = new ConcurrentHashMap<>();
    private final Map<String, List<Event.Message>> held = new HashMap<>();
    /// Names in lower case.
    private final Set<String> ignored = ConcurrentHashMap.newKeySet();
    private LocalDate day;
    private volatile String own = "";

    /// @param mail opens sealed messages; empty with a shared key
    EventView(JoinedRooms rooms, ChatLines lines, Screen screen, Optional<SealedMessages> mail) {
        this.mail = mail;
        this.rooms = rooms;
        this.lines = lines;
        this.screen = screen;
    }

    void own(String name) {
        own = name;
        lines.own(name);
    }

    /// Starts or stops ignoring a user.
    ///
    /// @param name empty to list the ignored users
    /// @return the text to show
    String ignore(String name) {
        String folded = name.toLowerCase(Locale.ROOT);
        if (!name.isEmpty() && !ignored.remove(folded)) {
            ignored.add(folded);
        }
        return ignored.isEmpty() ? "nobody is ignored" : "ignored: " + String.join(", ", new TreeSet<>(ignored))
                + "; direct messages too, which are lost";
    }

    private boolean isIgnored(String name) {
        return !ignored.isEmpty() && ignored.contains(name.toLowerCase(Locale.ROOT));
    }

    ShownLines shown() {
        return shown;
    }

    /// The id of the newest message of others received in a room, 0 if it had none; empty if unknown.
    OptionalLong newest(String room) {
        Long id = newest.get(room);
        return id == null ? OptionalLong.empty() : OptionalLong.of(id);
    }

    /// Records that everything said in a room until now has been received.
    void isComplete(String room) {
        newest.putIfAbsent(room, 0L);
    }

    /// Records that the server has a message of ours, which was shown when it was typed.
    void said(String room, long id) {
        seen.add(room, id);
    }

    void received(byte[] payload) {
        try {
            show(Event.decode(payload, 0, payload.length));
        } catch (ProtocolException _) {
            // events of a newer server that this version does not know
        }
    }

    private void show(Event event) {
        Instant now = Instant.now();
        if (!(event instanceof Event.Message || event instanceof Event.Direct)) {
            screen.event(event, false);
        }
        switch (event) {
            case Event.Message message -> message(message);
            case Event.Direct direct -> direct(direct);
            case Event.Joined(String room, String name) -> joined(now, room, name);
            case Event.Left(String room, String name) -> left(now, room, name);
            case Event.Away(String name) -> print(now, lines.presence(now, "", name, "is away"));
            case Event.Back(String name) -> print(now, lines.presence(now, "", name, "is back"));
            case Event.Skipped(String room, long count, long _) ->
                    print(now, lines.notice(now, count + " messages of " + room + " came too fast and were left out: /history "
                            + count));
            case Event.KeySet(String key) -> print(now, lines.notice(now, "key set: " + key));
            case Event.KeyDeleted(String key) -> print(now, lines.notice(now, "key deleted: " + key));
            case Event.KeyExpired(String key) -> print(now, lines.notice(now, "key expired: " + key));
            case Event.Published(String channel, byte[] payload) ->
                    print(now, lines.notice(now, channel + ": " + TerminalText.escapeLine(TerminalText.escape(payload))));
            case Event.Missed(long count) ->
                    print(now, lines.notice(now, count + " publications were missed: this session reads too slowly"));
            case Event.Notice(String text) -> print(now, lines.notice(now, text));
        }
    }

    private void direct(Event.Direct direct) {
        if (seen.add("", direct.id()) && !isIgnored(direct.from())) {
            mail.ifPresentOrElse(keys -> keys.open(direct, this::show), () -> show(SealedMessages.Shown.plain(direct, "")));
        }
    }

    private void show(SealedMessages.Shown message) {
        Event.Direct direct = message.direct();
        screen.direct(message);
        rooms.wroteToUs(direct.from());
        print(direct.at(), lines.direct(direct.at(), direct.from(), message.mark(), direct.text()));
        screen.alert();
    }

    private void message(Event.Message message) {
        if (!isHeld(message) && seen.add(message.room(), message.id())) {
            screen.event(message, false);
            isNew(message, this::print);
        }
    }

    /// Holds back new messages of a room until [#release], while its history is being fetched.
    synchronized void hold(String room) {
        held.putIfAbsent(room, new ArrayList<>());
    }

    /// Shows the messages that were held back.
    void release(String room) {
        List<Event.Message> messages;
        synchronized (this) {
            messages = held.remove(room);
        }
        if (messages != null) {
            messages.forEach(this::message);
        }
    }

    private synchronized boolean isHeld(Event.Message message) {
        List<Event.Message> messages = held.get(message.room());
        return messages != null && messages.add(message);
    }

    /// @param show shows a line that goes to the screen now
    private void isNew(Event.Message message, BiConsumer<Instant, AttributedString> show) {
        rooms.met(message.from());
        newest.merge(message.room(), message.id(), Math::max);
        if (isIgnored(message.from())) {
            return;
        }
        boolean mention = lines.mentionsUs(message.text()) && !message.from().equals(own);
        AttributedString line = lines.message(message.at(), message.room(), message.from(), message.text());
        boolean isUnseen = rooms.keepUnseen(message.room(), line, mention);
        if (!isUnseen || mention) {
            show.accept(message.at(), line);
        }
        if (mention) {
            screen.alert();
        }
    }

    /// Shows what was said in a room during a connection loss, less what was already received. It counts as new and is
    /// shown whole, however long it is.
    void missed(String room, List<Event> past) {
        List<Event.Message> unseen = past.stream().filter(Event.Message.class::isInstance).map(Event.Message.class::cast)
                .filter(message -> seen.add(message.room(), message.id())).toList();
        if (!unseen.isEmpty() && room.equals(rooms.current())) {
            screen.remark(lines.divider((unseen.size() == 1 ? "1 message" : unseen.size() + " messages") + " missed in " + room));
        }
        unseen.forEach(message -> {
            screen.event(message, true);
            isNew(message, this::asked);
        });
    }

    private void joined(Instant now, String room, String name) {
        rooms.joined(room, name);
        if (!name.equals(own) && room.equals(rooms.current())) {
            print(now, lines.presence(now, room, name, "joined"));
        }
    }

    private void left(Instant now, String room, String name) {
        if (name.equals(own)) {
            if (rooms.contains(room)) {
                rooms.leave(room);
                print(now, lines.notice(now, "you were put out of " + room));
            }
            return;
        }
        rooms.left(room, name);
        if (room.equals(rooms.current())) {
            print(now, lines.presence(now, room, name, "left"));
        }
    }

    /// Shows messages of a history, which are not new and cause no alert.
    ///
    /// @param isAsked whether the user asked for them, so that messages already on the screen are shown again
    void history(List<Event> events, boolean isAsked) {
        for (Event event : events) {
            if (event instanceof Event.Message(String room, long id, String from, Instant at, String text)) {
                newest.merge(room, id, Math::max);
                rooms.met(from);
                if (!seen.add(room, id) && !isAsked || isIgnored(from)) {
                    continue;
                }
                screen.event(event, true);
                asked(at, lines.message(at, room, from, text));
            }
        }
    }

    private synchronized void print(Instant at, AttributedString line) {
        dayChanged(at);
        shown.add(line);
        screen.message(line);
    }

    private synchronized void asked(Instant at, AttributedString line) {
        dayChanged(at);
        shown.add(line);
        screen.asked(line);
    }

    /// Shows a message of our own among the others.
    synchronized void own(Instant at, AttributedString line, DeliveryState fate) {
        dayChanged(at);
        shown.add(line);
        screen.own(line, fate);
    }

    /// Puts a refused message of ours back into the edited line, to be corrected and sent again.
    void giveBack(Supplier<String> line) {
        screen.giveBack(line);
    }

    private void dayChanged(Instant at) {
        LocalDate today = lines.dayOf(at);
        if (day != null && !day.equals(today)) {
            screen.message(lines.day(today));
        }
        day = today;
    }

    /// Messages already shown. After a crash of the server a message may come twice, and one that arrives during the
    /// fetch of a history is in that history too. Remembers only the last ones. Thread-safe.
    static final class SeenMessages {
        private static final int MAX_REMEMBERED = 4_096;

        /// @param room empty for a direct message
        private record Message(String room, long id) {
        }

        private final LinkedHashSet<Message> seen = new LinkedHashSet<>();

        /// @param room empty for a direct message
        /// @return whether it is new
        synchronized boolean add(String room, long id) {
            if (!seen.add(new Message(room, id))) {
                return false;
            }
            if (seen.size() > MAX_REMEMBERED) {
                seen.removeFirst();
            }
            return true;
        }
    }

    /// The last chat lines shown here, for `/search`. Thread-safe.
    static final class ShownLines {
        private static final int MAX_LINES = 5_000;
        private static final int MAX_FOUND = 50;

        private final Deque<AttributedString> lines = new ArrayDeque<>();

        synchronized void add(AttributedString line) {
            if (lines.size() >= MAX_LINES) {
                lines.removeFirst();
            }
            lines.add(line);
        }

        /// @return the last 50 lines that contain this text, ignoring case
        synchronized List<AttributedString> search(String text) {
            String wanted = text.toLowerCase(Locale.ROOT);
            List<AttributedString> found = lines.stream()
                    .filter(line -> line.toString().toLowerCase(Locale.ROOT).contains(wanted)).toList();
            return found.subList(Math.max(0, found.size() - MAX_FOUND), found.size());
        }
    }
}
