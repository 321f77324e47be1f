package dev.cipherlink.prompt;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jline.utils.AttributedString;

/// The rooms we have entered, the one on the screen, and unseen messages of the others. Thread-safe.
final class JoinedRooms {
    /// How many unseen lines of a room are kept for later.
    private static final int MAX_KEPT_LINES = 200;
    private static final int MAX_NAMES = 2_000;

    /// Unseen messages in a room that is not on the screen.
    record Unread(String room, int messages, int mentions) {
    }

    private static final class Room {
        private int messages;
        private int mentions;
        private final List<AttributedString> unseen = new ArrayList<>();
        private final TreeSet<String> members = new TreeSet<>();
    }

    private final Map<String, Room> rooms = new LinkedHashMap<>();
    private final boolean showsAll;
    private final TreeSet<String> names = new TreeSet<>();
    private String current = "";
    private String lastSender = "";

    /// @param showsAll whether all rooms are on the screen at the same time
    JoinedRooms(boolean showsAll) {
        this.showsAll = showsAll;
    }

    /// Switches to a room, and adds it if it is new.
    ///
    /// @return its unseen lines
    synchronized List<AttributedString> show(String room) {
        current = room;
        Room shown = rooms.computeIfAbsent(room, _ -> new Room());
        List<AttributedString> unseen = List.copyOf(shown.unseen);
        shown.unseen.clear();
        shown.messages = 0;
        shown.mentions = 0;
        return unseen;
    }

    /// @return the room to switch to if this was the current one
    synchronized Optional<String> leave(String room) {
        rooms.remove(room);
        if (!room.equals(current)) {
            return Optional.empty();
        }
        current = "";
        return rooms.keySet().stream().reduce((_, last) -> last);
    }

    synchronized boolean contains(String room) {
        return rooms.containsKey(room);
    }

    synchronized List<String> joined() {
        return List.copyOf(rooms.keySet());
    }

    /// The current room; empty if there is none.
    synchronized String current() {
        return current;
    }

    /// Counts a message in a room that is not on the screen, and keeps its line.
    ///
    /// @return false if the room is on the screen, so that the line has to be shown
    synchronized boolean keepUnseen(String room, AttributedString line, boolean isMention) {
        Room kept = rooms.get(room);
        if (showsAll || room.equals(current) || kept == null) {
            return false;
        }
        kept.messages++;
        kept.mentions += isMention ? 1 : 0;
        if (kept.unseen.size() >= MAX_KEPT_LINES) {
            kept.unseen.removeFirst();
        }
        kept.unseen.add(line);
        return true;
    }

    /// The rooms with unseen messages, in the order in which they were entered.
    synchronized List<Unread> unread() {
        List<Unread> unread = new ArrayList<>();
        rooms.forEach((name, room) -> {
            if (room.messages > 0) {
                unread.add(new Unread(name, room.messages, room.mentions));
            }
        });
        return unread;
    }

    synchronized void met(String name) {
        if (names.size() < MAX_NAMES) {
            names.add(name);
        }
    }

    synchronized void members(String room, Collection<String> members) {
        members.forEach(this::met);
        if (rooms.containsKey(room)) {
            rooms.get(room).members.clear();
            rooms.get(room).members.addAll(members);
        }
    }

    synchronized void joined(String room, String name) {
        met(name);
        if (rooms.containsKey(room)) {
            rooms.get(room).members.add(name);
        }
    }

    synchronized void left(String room, String name) {
        if (rooms.containsKey(room)) {
            rooms.get(room).members.remove(name);
        }
    }

    /// Names for completion: users of the current room first, then all others that were seen.
    synchronized List<String> names() {
        List<String> found = new ArrayList<>();
        if (rooms.containsKey(current)) {
            found.addAll(rooms.get(current).members);
        }
        names.stream().filter(name -> !found.contains(name)).forEach(found::add);
        return found;
    }

    synchronized void wroteToUs(String name) {
        met(name);
        lastSender = name;
    }

    /// The sender of the last direct message, for `/reply`; empty if there was none.
    synchronized String lastSender() {
        return lastSender;
    }
}
