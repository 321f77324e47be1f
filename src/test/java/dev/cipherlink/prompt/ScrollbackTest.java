package dev.cipherlink.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.prompt.EditedLine.Scrollback;
import java.util.List;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;

/// Issue 14.12: which rows are on a screen whose size has changed.
class ScrollbackTest {

    private static Scrollback of(boolean breaksAnew, int width, int... columns) {
        var scrollback = new Scrollback(breaksAnew);
        for (int each : columns) {
            var line = new AttributedString("x".repeat(each));
            scrollback.add(line, line, width);
        }
        return scrollback;
    }

    private static List<Integer> columns(Scrollback.Visible visible) {
        return visible.lines().stream().map(AttributedString::length).toList();
    }

    @Test
    void linesThatAreNotAllOfTheScreenAreAllVisible() {
        Scrollback.Visible visible = of(true, 10, 5, 25, 0).takeVisible(10, 20, 0);
        assertEquals(5, visible.rows());
        assertEquals(List.of(5, 25, 0), columns(visible));
        assertEquals(0, visible.columns());
    }

    @Test
    void ofALineWithRowsAboveTheScreenTheRestIsVisible() {
        Scrollback.Visible visible = of(true, 10, 9, 35, 1).takeVisible(10, 3, 0);
        assertEquals(3, visible.rows());
        assertEquals(List.of(35, 1), columns(visible));
        assertEquals(20, visible.columns());
    }

    @Test
    void rowsAreBrokenAnewAtAnotherWidthWhereTheTerminalDoesSo() {
        assertEquals(4, of(true, 10, 9, 35, 1).takeVisible(20, 20, 0).rows());
        assertEquals(6, of(false, 10, 9, 35, 1).takeVisible(20, 20, 0).rows());
    }

    @Test
    void wideCharactersThatDoNotFitBehindEachOtherTakeARowMore() {
        var scrollback = new Scrollback(true);
        var line = new AttributedString("日本語日本語");
        scrollback.add(line, line, 5);
        assertEquals(3, scrollback.takeVisible(5, 20, 0).rows());
    }

    @Test
    void spareLinesComeWholeAndBeforeTheVisibleOnes() {
        Scrollback.Visible visible = of(true, 10, 1, 2, 3, 15, 4).takeVisible(10, 2, 2);
        assertEquals(2, visible.rows());
        assertEquals(List.of(2, 3, 15, 4), columns(visible));
        assertEquals(0, visible.columns());
    }

    @Test
    void whatWasForgottenOrTakenIsNotVisible() {
        Scrollback scrollback = of(true, 10, 1, 2, 3);
        scrollback.takeVisible(10, 1, 0);
        assertEquals(List.of(1, 2), columns(scrollback.takeVisible(10, 9, 0)));
        var line = new AttributedString("x");
        scrollback.add(line, line, 10);
        scrollback.forget();
        assertEquals(0, scrollback.takeVisible(10, 9, 0).rows());
    }
}
