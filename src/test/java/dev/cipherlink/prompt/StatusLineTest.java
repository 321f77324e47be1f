package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Glyphs;
import dev.cipherlink.prompt.StatusLine.LinkState;
import dev.cipherlink.prompt.StatusLine.StatusFacts;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusLineTest {
    private static final LinkState LINKED = new LinkState.Linked(Duration.ofNanos(23_000_000), Duration.ofMillis(300));

    private static StatusFacts facts(LinkState link, List<JoinedRooms.Unread> unread, int queued) {
        return new StatusFacts(link, "chat.example.org:8888", "ann", "#ops", unread, "burst", 0, 64, queued, "");
    }

    private static String draw(StatusFacts facts, int width) {
        String line = new StatusLine(new Palette(true), new Glyphs(true)).draw(facts, width).toString();
        assertEquals(width, line.length());
        return line.stripTrailing();
    }

    @Test
    void tellsEverythingWhereThereIsRoom() {
        var unread = List.of(new JoinedRooms.Unread("#dev", 3, 1), new JoinedRooms.Unread("#pub", 12, 0));
        assertEquals(" ● linked 23 ms · #ops · #dev 3 (1 @) #pub 12 · 2 queued · ann · chat.example.org:8888 · burst 0/64",
                draw(facts(LINKED, unread, 2), 200));
    }

    @Test
    void leavesOutWhatMattersLeastWhereItIsNarrow() {
        var unread = List.of(new JoinedRooms.Unread("#dev", 3, 1));
        assertEquals(" ● linked 23 ms · #ops · #dev 3 (1 @) · ann · chat.example.org:8888",
                draw(facts(LINKED, unread, 0), 75));
        assertEquals(" ● linked 23 ms · #ops · #dev 3 (1 @)", draw(facts(LINKED, unread, 0), 37));
        assertEquals(" ● linked 23 ms · #ops", draw(facts(LINKED, unread, 0), 36));
        assertEquals(" ● linke", draw(facts(LINKED, unread, 0), 8));
    }

    @Test
    void saysHowTheConnectionIs() {
        assertTrue(draw(facts(new LinkState.Linked(Duration.ofMillis(1), Duration.ofSeconds(12)), List.of(), 0), 80)
                .startsWith(" ● linked, last contact 12 s ago · #ops"));
        assertTrue(draw(facts(new LinkState.Retrying(3, Duration.ofSeconds(133), Duration.ofMillis(3_600)), List.of(), 0), 80)
                .startsWith(" ◐ retry 3 in 3.6 s, last contact 2:13 ago · #ops"));
        assertTrue(draw(facts(new LinkState.Retrying(3, Duration.ofSeconds(4_000), Duration.ZERO), List.of(), 0), 80)
                .startsWith(" ◐ connecting (3), last contact 1:06:40 ago"));
        assertTrue(draw(facts(new LinkState.Ended(), List.of(), 0), 80).startsWith(" ○ offline · #ops"));
    }

    @Test
    void needsNoMoreThanAscii() {
        String line = new StatusLine(new Palette(true), new Glyphs(false)).draw(facts(LINKED, List.of(), 1), 80).toString();
        assertTrue(line.chars().allMatch(c -> c >= ' ' && c < 0x7F), line);
        assertTrue(line.startsWith(" * linked 23 ms | #ops | 1 queued"), line);
    }
}
