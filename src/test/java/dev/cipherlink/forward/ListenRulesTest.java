package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The addresses on which each client may have the server listen.
class ListenRulesTest {

    private static List<String> admitted(String rules, String asked) {
        return ListenRules.parse(rules).admitted(ForwardSpec.parseListen(asked)).stream().map(ForwardSpec::listenText).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
            "127.0.0.1:8080 127.0.0.1:8080 127.0.0.1:8080",
            "127.0.0.1:8080 localhost:8080 127.0.0.1:8080",
            "[::1]:8080 8080 [::1]:8080",
            "[::1]:80,127.0.0.0/8:80 localhost:80 localhost:80",
            "localhost:8080 8080 localhost:8080",
            "localhost:8080 127.0.0.1:8080 127.0.0.1:8080",
            "localhost:8080 [::1]:8080 [::1]:8080",
            "*:8000-8999 8080 localhost:8080",
            "*:8000-8999 *:8999 *:8999",
            "*:8000-8999 0.0.0.0:8000 0.0.0.0:8000",
            "10.0.0.0/8:* 10.1.2.3:1 10.1.2.3:1",
            "*:* 0 localhost:0",
            "localhost:* *:0 ''",
            "localhost:8000 0 localhost:8000",
            "127.0.0.1:8000 localhost:0 127.0.0.1:8000",
            "/run/a.sock /run/a.sock /run/a.sock"})
    void admitsWhatARuleSays(String rules, String asked, String expected) {
        assertEquals(expected.isEmpty() ? List.of() : List.of(expected), admitted(rules, asked));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
            "127.0.0.1:8080 8081",
            "127.0.0.1:8080 [::1]:8080",
            "127.0.0.1:8080 127.0.0.2:8080",
            "127.0.0.1:8080 *:8080",
            "localhost:8080 *:8080",
            "localhost:8080 10.0.0.1:8080",
            "0.0.0.0/0:8080 *:8080",
            "0.0.0.0/0:8080 0.0.0.0:8080",
            "[::/0]:8080 [::]:8080",
            "10.0.0.0/8:80 8.8.8.8:80",
            "/run/a.sock /run/b.sock",
            "*:* /run/a.sock",
            "/run/a.sock 80",
            "/run/a.sock 0"})
    void refusesAllElse(String rules, String asked) {
        assertEquals(List.of(), admitted(rules, asked));
    }

    /// The first one that is free gets it.
    @Test
    void leavesTheChoiceOfAPortToTheServer() {
        assertEquals(List.of("localhost:8000", "localhost:8001", "127.0.0.1:9000"), admitted("localhost:8000-8001,127.0.0.1:9000", "0"));
        assertEquals(1_000, admitted("*:1024-60000", "0").size());
        assertEquals(List.of(), ListenRules.NONE.admitted(ForwardSpec.parseListen("0")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "8080", "host:80", "*.example.org:80", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:9-8", "::1:80", "localhost:80,",
        "/run/../a"})
    void refusesWhatIsNoRule(String rules) {
        assertThrows(IllegalArgumentException.class, () -> ListenRules.parse(rules));
    }

    @Test
    void looksNoNameUp() {
        String message = assertThrows(IllegalArgumentException.class, () -> admitted("*:80", "db.internal:80")).getMessage();
        assertTrue(message.contains("not on the name db.internal"), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
            "8080 localhost:8080 'SOCKS, HTTP'",
            "*:8080 *:8080 'SOCKS, HTTP'",
            "8080:web:80 localhost:8080 web:80",
            "[::1]:0:web:80 [::1]:0 web:80",
            "8080:/run/web.sock localhost:8080 /run/web.sock",
            "/run/app.sock:web:80 /run/app.sock web:80"})
    void anOptionHasAnAddressOfTheServerAndATargetOfOurs(String option, String listen, String target) {
        ForwardSpec spec = ForwardSpec.parseRemote(option);
        assertEquals(listen, spec.listenText());
        assertEquals(target, spec.targetText());
        assertEquals(listen, ForwardSpec.parseListen(spec.listenText()).listenText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "web", "8080:web", "1:2:3:4:5", "/run/a.sock", "8080:web:0"})
    void refusesWhatIsNoOption(String option) {
        assertThrows(IllegalArgumentException.class, () -> ForwardSpec.parseRemote(option));
    }
}
