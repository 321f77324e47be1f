package dev.cipherlink.chat;

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

    /// Takes a session in, unless it is there.
    ///
    /// @param isTold whether the others are told of a person who was not there
    /// @return to be called when it is known whether that failed
    /// @throws ChatException if there are too many rooms, or the session is in too many
    Effect enter(ChatSession session, Person person, String name, boolean isTold) throws ChatException {
        if (session.rooms().stream().anyMatch(room -> room.name().equals(name))) {
            return _ -> { };
        }
        if (!byName.containsKey(name) && byName.size() >= ChatConfig.MAX_ROOMS) {
            throw new ChatException("there are " + ChatConfig.MAX_ROOMS + " rooms already; JOIN one of them");
        }
        Room room = findOrMake(name);
        try {
            Effect entered = room.enter(session, person, isTold);
            while (entered == null) {
                byName.remove(name, room);
                room = findOrMake(name);
                entered = room.enter(session, person, isTold);
            }
            return forgettingIfGone(room, entered);
        } finally {
            forgetIfGone(room);
        }
    }

    private Effect forgettingIfGone(Room room, Effect effect) {
        return isKept -> {
            effect.settle(isKept);
            forgetIfGone(room);
        };
    }

    private Room findOrMake(String name) {
        return byName.computeIfAbsent(name, _ -> new Room(name, log, format));
    }

    /// Lets a session go that asks for it, unless that fails.
    ///
    /// @return to be called when that is known; null if the session is not there
    Effect leave(ChatSession session, String name) {
        Room room = byName.get(name);
        Effect left = room == null ? null : room.leave(session);
        return left == null ? null : forgettingIfGone(room, left);
    }

    /// Sends all sessions of a person out, unless that fails.
    ///
    /// @param out takes those sessions
    /// @return to be called when that is known
    Effect sendOut(Room room, Person person, List<ChatSession> out) {
        return forgettingIfGone(room, room.sendOut(person, out));
    }

    void leaveAll(ChatSession session) {
        for (Room room : session.rooms()) {
            room.remove(session);
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
