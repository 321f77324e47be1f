package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.session.SendWindow.SerialNumber;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SerialNumberTest {

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "1, 2, 1", "2, 1, -1", "65535, 0, 1", "0, 65535, -1", "65530, 5, 11", "5, 65530, -11",
            "0, 32767, 32767", "32767, 0, -32767", "0, 32768, -32768", "32768, 0, -32768", "40000, 7231, 32767"})
    void measuresAcrossTheWrap(int from, int to, int distance) {
        assertEquals(distance, SerialNumber.distance(from, to));
    }

    @Test
    void counts65535AndThenZero() {
        assertEquals(65_535, SerialNumber.next(65_534));
        assertEquals(0, SerialNumber.next(65_535));
        assertEquals(1, SerialNumber.next(0));
    }
}
