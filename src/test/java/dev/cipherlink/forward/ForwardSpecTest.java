package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.forward.ForwardListener.ForwardSpec;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The arguments of `-L`, `-D` and `--stdio`.
class ForwardSpecTest {

    @ParameterizedTest
    @CsvSource({
        "8080:web:80, localhost, 8080, web, 80",
        "0:web:80, localhost, 0, web, 80",
        "localhost:8080:web:80, localhost, 8080, web, 80",
        "*:8080:web:80, *, 8080, web, 80",
        "[::1]:8080:[fd00::7]:22, ::1, 8080, fd00::7, 22",
        "8080:[::1]:65535, localhost, 8080, ::1, 65535",
        "10.0.0.1:1:10.0.0.2:2, 10.0.0.1, 1, 10.0.0.2, 2"})
    void readsLocalForwards(String text, String bind, int port, String host, int targetPort) {
        assertEquals(new ForwardSpec(bind, port, Optional.of(new ForwardTarget(host, targetPort))), ForwardSpec.parseLocal(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "80", "web:80", "8080:web", "8080:web:0", "8080:web:65536", "65536:web:80", "x:web:80", ":8080:web:80",
        "a:b:8080:web:80", "8080:::1:80", "8080:[::1:80", "8080:we b:80", "8080::80", "-1:web:80", "8080:web:80:"})
    void refusesWhatIsNoLocalForward(String text) {
        assertThrows(IllegalArgumentException.class, () -> ForwardSpec.parseLocal(text));
    }

    @Test
    void readsDynamicForwards() {
        assertEquals(new ForwardSpec("localhost", 1080, Optional.empty()), ForwardSpec.parseDynamic("1080"));
        assertEquals(new ForwardSpec("::1", 1080, Optional.empty()), ForwardSpec.parseDynamic("[::1]:1080"));
        assertEquals(new ForwardSpec("*", 0, Optional.empty()), ForwardSpec.parseDynamic("*:0"));
        for (String wrong : new String[] {"", "x", "a:b:1", ":1080", "65536"}) {
            assertThrows(IllegalArgumentException.class, () -> ForwardSpec.parseDynamic(wrong));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"web:80", "[::1]:22", "10.0.0.1:65535", "a_b-c.d:1"})
    void readsBackEveryTargetThatItWrites(String text) {
        assertEquals(text, ForwardTarget.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "web", ":80", "web:", "web:0", "web:99999", "::1:80", "[::1]", "a/b:80", "we\u0007b:80", "w\u00f6b:80",
        "[fe80::1%eth0]:80"})
    void refusesWhatIsNoTarget(String text) {
        assertThrows(IllegalArgumentException.class, () -> ForwardTarget.parse(text));
    }
}
