package dev.cipherlink.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.command.Event;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/// Events for programs, as docs/repl.md has them.
class JsonEventsTest {
    private static final Instant AT = Instant.parse("2026-11-21T03:04:05Z");

    private static void requireJson(String json, Event event) {
        assertEquals(json, Json.object(JsonEvents.members(event)));
    }

    @Test
    void eachEventIsAnObjectWithItsType() {
        requireJson("{\"type\":\"message\",\"room\":\"#ops\",\"id\":7,\"from\":\"ann\",\"at\":\"2026-11-21T03:04:05Z\",\"text\":\"hi\"}",
                new Event.Message("#ops", 7, "ann", AT, "hi"));
        requireJson("{\"type\":\"direct\",\"id\":8,\"from\":\"ann\",\"at\":\"2026-11-21T03:04:05Z\",\"text\":\"hi\"}",
                new Event.Direct(8, "ann", AT, "hi"));
        requireJson("{\"type\":\"joined\",\"room\":\"#ops\",\"name\":\"ann\"}", new Event.Joined("#ops", "ann"));
        requireJson("{\"type\":\"left\",\"room\":\"#ops\",\"name\":\"ann\"}", new Event.Left("#ops", "ann"));
        requireJson("{\"type\":\"away\",\"name\":\"ann\"}", new Event.Away("ann"));
        requireJson("{\"type\":\"back\",\"name\":\"ann\"}", new Event.Back("ann"));
        requireJson("{\"type\":\"skipped\",\"room\":\"#ops\",\"count\":3,\"after\":9}", new Event.Skipped("#ops", 3, 9));
        requireJson("{\"type\":\"key_set\",\"key\":\"a\"}", new Event.KeySet("a"));
        requireJson("{\"type\":\"key_deleted\",\"key\":\"a\"}", new Event.KeyDeleted("a"));
        requireJson("{\"type\":\"notice\",\"text\":\"bye\"}", new Event.Notice("bye"));
    }
}
