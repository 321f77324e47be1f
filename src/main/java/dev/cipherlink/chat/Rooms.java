package dev.cipherlink.chat;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatService.EventFormat;
import dev.cipherlink.chat.ChatService.RoomSummary;
import dev.cipherlink.chat.People.Person;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/// The rooms with somebody in them; they come and go with who is there. Thread-safe.
final class Rooms {

    private final ChatLog log;
    private final EventFormat format;
    private final Map<String, Room> byName = new ConcurrentHashMap<>();

    Rooms(ChatLog log, EventFormat format) {
        this.log = log;
        this.format = format;
    }

    /// Takes a session in, unless it is there already.
    ///
    /// @param isTold whether the others are told of a person who was not there
    /// @throws ChatException if there are too many rooms, or the session is in too many
    void enter(ChatSession session, Person person, String name, boolean isTold) throws ChatException {
        if (session.rooms().stream().anyMatch(room -> room.name().equals(name))) {
            return;
        }
        if (!byName.containsKey(name) && byName.size() >= ChatConfig.MAX_ROOMS) {
            throw new ChatException("there are " + ChatConfig.MAX_ROOMS + " rooms already; JOIN one of them");
        }
        Room room = findOrMake(name);
        try {
            while (!room.enter(session, person, isTold)) {
                byName.remove(name, room);
                room = findOrMake(name);
            }
        } finally {
            forgetIfGone(room);
        }
    }

    private Room findOrMake(String name) {
        return byName.computeIfAbsent(name, _ -> new Room(name, log, format));
    }

    /// Lets a session go.
    ///
    /// @return false if it is not there
    boolean leave(ChatSession session, String name) {
        Room room = byName.get(name);
        if (room == null || !room.leave(session)) {
            return false;
        }
        forgetIfGone(room);
        return true;
    }

    /// Sends all sessions of a person out.
    ///
    /// @return those sessions
    List<ChatSession> sendOut(Room room, Person person) {
        List<ChatSession> out = room.sendOut(person);
        forgetIfGone(room);
        return out;
    }

    void leaveAll(ChatSession session) {
        for (Room room : session.rooms()) {
            room.leave(session);
            forgetIfGone(room);
        }
    }

    private void forgetIfGone(Room room) {
        if (room.isGone()) {
            byName.remove(room.name(), room);
        }
    }

    /// Null if nobody is there.
    Room find(String name) {
        return byName.get(name);
    }

    int count() {
        return byName.size();
    }

    /// The rooms with people or messages in them, by name.
    List<RoomSummary> summaries() {
        var found = new TreeMap<String, RoomSummary>();
        Map<String, Long> kept = log.rooms();
        kept.forEach((name, last) -> found.put(name, new RoomSummary(name, 0, last)));
        byName.values().forEach(room -> found.put(room.name(),
                new RoomSummary(room.name(), room.peopleCount(), kept.getOrDefault(room.name(), 0L))));
        return found.values().stream().limit(ChatConfig.MAX_ROOMS).toList();
    }
}
