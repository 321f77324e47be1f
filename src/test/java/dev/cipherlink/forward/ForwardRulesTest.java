package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Who may reach what.
class ForwardRulesTest {

    private static boolean admits(String rules, String target, String resolved) {
        return ForwardRules.parse(rules).admit(ForwardTarget.parse(target), InetAddress.ofLiteral(resolved));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
            "10.1.2.3:22 10.1.2.3:22 10.1.2.3",
            "10.1.2.3:22 host:22 10.1.2.3",
            "10.0.0.0/8:22 host:22 10.255.255.255",
            "10.128.0.0/9:22 host:22 10.128.0.0",
            "0.0.0.0/0:* host:65535 127.0.0.1",
            "[fd00::/8]:80 host:80 fdff::1",
            "[::1]:80 [::1]:80 ::1",
            "[::ffff:10.0.0.1]:80 10.0.0.1:80 10.0.0.1",
            "db:5432 db:5432 10.0.0.1",
            "DB.Internal:5432 db.internal.:5432 127.0.0.1",
            "*.example.org:80 a.example.org:80 10.0.0.1",
            "*.example.org:80 a.b.EXAMPLE.org:80 10.0.0.1",
            "*:80 anything:80 127.0.0.1",
            "host:8000-8099 host:8000 10.0.0.1",
            "host:8000-8099 host:8099 10.0.0.1",
            "a:1,b:2,host:3 host:3 10.0.0.1"})
    void admitsWhatARuleSays(String rules, String target, String resolved) {
        assertTrue(admits(rules, target, resolved));
        assertTrue(ForwardRules.parse(rules).concern(ForwardTarget.parse(target)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = ' ', value = {
            "10.1.2.3:22 10.1.2.3:23 10.1.2.3",
            "10.1.2.3:22 10.1.2.3:22 10.1.2.4",
            "10.0.0.0/8:22 host:22 11.0.0.0",
            "10.128.0.0/9:22 host:22 10.127.255.255",
            "0.0.0.0/0:* host:80 ::1",
            "[::/0]:* host:80 127.0.0.1",
            "[fd00::/8]:80 host:80 fe00::1",
            "db:5432 db2:5432 10.0.0.1",
            "db:5432 10.0.0.1:5432 10.0.0.1",
            "*.example.org:80 example.org:80 10.0.0.1",
            "*.example.org:80 notexample.org:80 10.0.0.1",
            "*.example.org:80 a.example.org:80 127.0.0.1",
            "*.example.org:80 a.example.org:80 ::1",
            "*.example.org:80 a.example.org:80 169.254.169.254",
            "*.example.org:80 a.example.org:80 0.0.0.0",
            "*:80 anything:81 10.0.0.1",
            "host:8000-8099 host:7999 10.0.0.1",
            "host:8000-8099 host:8100 10.0.0.1"})
    void refusesEverythingElse(String rules, String target, String resolved) {
        assertFalse(admits(rules, target, resolved));
    }

    @Test
    void nameRulesDoNotConcernOtherNamesSoThatThoseAreNotLookedUp() {
        assertFalse(ForwardRules.parse("db:5432,*.example.org:*").concern(ForwardTarget.parse("evil.test:5432")));
        assertFalse(ForwardRules.NONE.concern(ForwardTarget.parse("db:5432")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"host", ":80", "host:", "host:0", "host:65536", "host:80-79", "host:1-2-3", "host:-80", "host:80-",
        "host:x", "a b:80", "::1:80", "[::1]", "[::1:80", "[zz::1]:80", "[::1/129]:80", "10.0.0.1/8:80", "10.0.0.0/33:80",
        "10.0.0:80", "127.1:80", "2130706433:80", "10.0.0.256:80", "host/8:80", "*.:80", "*x:80", "a,b:80", "a:80,", ",", "[host]:80",
        "[10.0.0.1x]:80"})
    void refusesWhatIsNoRuleAndNamesIt(String text) {
        var failure = assertThrows(IllegalArgumentException.class, () -> ForwardRules.parse(text));
        assertTrue(failure.getMessage().contains("is no rule for forwards: "), failure.getMessage());
    }

    @Test
    void nothingIsAdmittedUnlessSomebodySaysSo() {
        assertEquals(ForwardRules.NONE, ForwardRules.parse(" "));
        assertFalse(admits("", "localhost:80", "127.0.0.1"));
    }

    @Test
    void rulesAddUpAndAreEqualIfTheySayTheSame() {
        ForwardRules both = ForwardRules.parse("a:1").and(ForwardRules.parse("b:2"));
        assertEquals(ForwardRules.parse("a:1, b:2"), both);
        assertEquals(ForwardRules.parse("A:1,b:2-2").hashCode(), both.hashCode());
        assertNotEquals(ForwardRules.parse("a:1"), both);
    }
}
