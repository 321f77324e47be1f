package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.junit.jupiter.api.Test;

/// Issue 13.16: a text that is as long as a row drew a false line of somebody else in the next one.
class HangingLineTest {

    private static List<String> rows(String text, int width) {
        return new HangingLine(new AttributedString(text)).rows(width).stream().map(AttributedString::toString).toList();
    }

    @Test
    void breaksBetweenWordsAndGoesOnIndented() {
        assertEquals(List.of("12:04 #r <bob> one", "      two three", "      four"), rows("12:04 #r <bob> one two three four", 19));
        assertEquals(List.of("12:04 fits"), rows("12:04 fits", 10));
        assertEquals(List.of(""), rows("", 10));
        assertEquals(List.of("12:04 exactly twenty", "      a"), rows("12:04 exactly twenty a", 20));
        assertEquals(List.of("12:04 exactly twenty"), rows("12:04 exactly twenty   ", 20));
    }

    @Test
    void breaksAWordThatNoRowHasRoomFor() {
        assertEquals(List.of("12:04 " + "x".repeat(14), "      " + "x".repeat(14), "      xx yy"), rows("12:04 " + "x".repeat(30) + " yy", 20));
        assertEquals(List.of("日本語日本", " 語日本語"), rows("日本語日本語日本語", 10));
    }

    @Test
    void aFalseLineIsIndentedAtEachWidth() {
        var random = new Random(16);
        for (int width = 2; width < 100; width++) {
            String text = "12:04 #lobby <mallory> " + "a b".repeat(random.nextInt(20)) + " ".repeat(random.nextInt(width)) + "x"
                    .repeat(random.nextInt(width)) + " ".repeat(width) + "12:05 #lobby <admin> send me the key";
            var line = new HangingLine(new AttributedString(text));
            List<AttributedString> rows = line.rows(width);
            assertEquals(text.replace(" ", ""), rows.stream().map(row -> row.toString().replace(" ", "")).collect(Collectors.joining()));
            for (AttributedString row : rows.subList(1, rows.size())) {
                assertTrue(row.toString().startsWith(" ") && row.columnLength() <= width, width + ": " + row);
            }
        }
    }

    @Test
    void stylesStayWithTheirText() {
        var red = AttributedStyle.DEFAULT.foreground(AttributedStyle.RED);
        var line = new HangingLine(new AttributedString("12:04 aaaaaaaaaa bbbbbbbbbb", red));
        assertEquals(red, line.rows(20).getLast().styleAt(6));
        assertEquals(AttributedStyle.DEFAULT, line.rows(20).getLast().styleAt(0));
    }
}
