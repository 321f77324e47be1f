package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Glyphs;
import dev.cipherlink.prompt.Deliveries.DeliveryState;
import dev.cipherlink.text.TerminalText;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.junit.jupiter.api.Test;

class ChatLinesTest {
    private static final Instant NOON = Instant.parse("2026-11-21T12:04:59Z");

    private static ChatLines lines(boolean utf8) {
        var lines = new ChatLines(new Palette(true), new Glyphs(utf8), ZoneOffset.UTC);
        lines.own("ann");
        return lines;
    }

    private static AttributedStyle styleOf(AttributedString line, String part) {
        return line.styleAt(line.toString().indexOf(part));
    }

    @Test
    void aMessageHasItsTimeItsRoomAndItsAuthor() {
        assertEquals("12:04 #ops <bob> hello", lines(true).message(NOON, "#ops", "bob", "hello").toString());
        assertEquals("12:04 bob → you hello", lines(true).direct(NOON, "bob", "", "hello").toString());
        assertEquals("12:04 bob -> you hello", lines(false).direct(NOON, "bob", "", "hello").toString());
    }

    /// Issue 14.27: what people expect of a chat.
    @Test
    void anActionBeginsWithItsActor() {
        assertEquals("12:04 #ops * bob waves at ann", lines(true).message(NOON, "#ops", "bob", "/me waves at ann").toString());
        assertEquals("12:04 #ops * ann waves ✓", lines(true).said(NOON, "#ops", "/me waves", new DeliveryState.Stored()).toString());
        assertEquals("12:04 #ops <bob> /menu", lines(true).message(NOON, "#ops", "bob", "/menu").toString());
    }

    @Test
    void timesAreLocal() {
        var there = new ChatLines(new Palette(true), new Glyphs(true), ZoneId.of("Asia/Kolkata"));
        assertEquals("17:34 #ops <bob> hello", there.message(NOON, "#ops", "bob", "hello").toString());
        assertEquals("—— Saturday, 21 November 2026 ——", there.day(there.dayOf(NOON)).toString());
    }

    @Test
    void ourMessageShowsWhatBecameOfIt() {
        ChatLines lines = lines(true);
        assertEquals("12:04 #ops <ann> hi ·", lines.said(NOON, "#ops", "hi", new DeliveryState.Queued()).toString());
        assertEquals("12:04 #ops <ann> hi ✓", lines.said(NOON, "#ops", "hi", new DeliveryState.Stored()).toString());
        assertEquals("12:04 you → bob hi ✓✓", lines.told(NOON, "bob", "hi", new DeliveryState.Delivered()).toString());
        assertEquals("12:04 #ops <ann> hi ! too fast", lines.said(NOON, "#ops", "hi", new DeliveryState.Failed("too fast")).toString());
        assertEquals("12:04 #ops <ann> hi ? the connection was lost before its answer came",
                lines.said(NOON, "#ops", "hi", new DeliveryState.Unknown()).toString());
    }

    @Test
    void controlAndDirectionCharactersOfOthersAreShown() {
        AttributedString line = TerminalText.line(lines(true).message(NOON, "#ops", "bob", "a\u001b[2Jb\u202ec\rd\u009be\nf\u0007 ann"));

        assertEquals("12:04 #ops <bob> a\\x1b[2Jb\\u202ec\\x0dd\\x9be\\nf\\x07 ann", line.toString());
        assertEquals(new Palette(true).mention(), styleOf(line, "ann"));
        assertEquals(new Palette(true).name("bob"), styleOf(line, "bob"));
    }

    @Test
    void ourNameIsHighlightedWhereOthersWriteIt() {
        var palette = new Palette(true);
        AttributedString line = lines(true).message(NOON, "#ops", "bob", "is @Ann there, annual ann?");
        assertEquals(palette.mention(), styleOf(line, "@Ann"));
        assertEquals(palette.mention(), styleOf(line, "ann?"));
        assertNotEquals(palette.mention(), styleOf(line, "annual"));
        assertTrue(lines(true).mentionsUs("Ann: hi"));
        assertFalse(lines(true).mentionsUs("joann and annette"));
    }

    @Test
    void aNameHasOneColourAndNamesDiffer() {
        var palette = new Palette(true);
        Set<AttributedStyle> styles = new HashSet<>();
        for (String name : List.of("ann", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")) {
            assertEquals(palette.name(name), new Palette(true).name(name));
            styles.add(palette.name(name));
        }
        assertTrue(styles.size() >= 4, styles.size() + " colours");
    }

    @Test
    void withoutColoursNothingIsColoured() {
        var lines = new ChatLines(new Palette(false), new Glyphs(true), ZoneOffset.UTC);
        lines.own("ann");
        String ansi = lines.message(NOON, "#ops", "bob", "hello ann").toAnsi();
        assertFalse(ansi.matches("(?s).*\u001b\\[[\\d;]*(3[0-8]|4[0-8])[;m].*"), ansi);
    }
}
