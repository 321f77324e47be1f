package dev.cipherlink.text;

import dev.cipherlink.command.Event;
import java.time.Instant;
import java.util.Map;

/// Events as JSON objects with a `type`, for programs (`docs/repl.md`).
public final class JsonEvents {

    private JsonEvents() {
    }

    /// The members of an event's JSON object.
    public static Map<String, Object> members(Event event) {
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
            case Event.KeyExpired(String key) -> named("key_expired", "key", key);
            case Event.Published(String channel, byte[] payload) -> {
                Map<String, Object> members = named("published", "channel", channel);
                members.putAll(Json.value(payload));
                yield members;
            }
            case Event.Missed(long count) -> named("missed", "count", count);
            case Event.Notice(String text) -> named("notice", "text", text);
        };
    }

    private static Map<String, Object> said(String type, long id, String from, Instant at, String text, Map<String, String> where) {
        Map<String, Object> members = Json.members("type", type);
        members.putAll(where);
        members.put("id", id);
        members.put("from", from);
        members.put("at", at.toString());
        members.put("text", text);
        return members;
    }

    /// @param pairs names and values by turns
    public static Map<String, Object> named(String type, Object... pairs) {
        Map<String, Object> members = Json.members("type", type);
        members.putAll(Json.members(pairs));
        return members;
    }
}
