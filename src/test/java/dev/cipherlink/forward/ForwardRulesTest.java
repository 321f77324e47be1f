package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The targets that each client may reach.
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
            "0.0.0.0/0:* host:65535 192.0.2.1",
            "127.0.0.0/8:* host:80 127.1.2.3",
            "169.254.0.0/16:80 host:80 169.254.169.254",
            "[fe80::/10]:80 host:80 fe80::1",
            "[64:ff9b::7f00:0/104]:80 host:80 64:ff9b::7f00:1",
            "[64:ff9b::/96]:80 host:80 64:ff9b::c000:201",
            "*:80 host:80 64:ff9b::c000:201",
            "localhost:80 localhost:80 127.0.0.1",
            "localhost:80 LOCALHOST.:80 ::1",
            "[fd00::/8]:80 host:80 fdff::1",
            "[::1]:80 [::1]:80 ::1",
            "[::ffff:10.0.0.1]:80 10.0.0.1:80 10.0.0.1",
            "db:5432 db:5432 10.0.0.1",
            "DB.Internal:5432 db.internal.:5432 10.0.0.1",
            "*.example.org:80 a.example.org:80 10.0.0.1",
            "*.example.org:80 a.b.EXAMPLE.org:80 10.0.0.1",
            "*:80 anything:80 10.0.0.1",
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
            "/run/db.sock 10.1.2.3:22 10.1.2.3",
            "10.0.0.0/8:22 host:22 11.0.0.0",
            "10.128.0.0/9:22 host:22 10.127.255.255",
            "0.0.0.0/0:* host:80 ::1",
            "[::/0]:* host:80 127.0.0.1",
            "[fd00::/8]:80 host:80 fe00::1",
            "db:5432 db2:5432 10.0.0.1",
            "db:5432 10.0.0.1:5432 10.0.0.1",
            "*.example.org:80 example.org:80 10.0.0.1",
            "*.example.org:80 notexample.org:80 10.0.0.1",
            "localhost:80 localhost:80 169.254.169.254",
            "*:* localhost:80 127.0.0.1",
            "*:80 anything:81 10.0.0.1",
            "host:8000-8099 host:7999 10.0.0.1",
            "host:8000-8099 host:8100 10.0.0.1"})
    void refusesEverythingElse(String rules, String target, String resolved) {
        assertFalse(admits(rules, target, resolved));
    }

    /// Issue 13.18: a name or a wide rule led to the server itself, its link, and the secrets that clouds hand out.
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.3.2.1", "::1", "0.0.0.0", "0.1.2.3", "::", "169.254.169.254", "169.254.0.1", "fe80::1",
        "224.0.0.1", "ff02::1", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe",
        "::127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "64:ff9b:1:7f00:0:100::", "2002:7f00:1::1",
        "2002:a9fe:a9fe::"})
    void aGuardedAddressNeedsARuleThatNamesIt(String address) {
        for (String wide : List.of("*:80", "*.example.org:80", "a.example.org:80", "0.0.0.0/0:80", "[::/0]:80", "0.0.0.0/1:80",
                "128.0.0.0/1:80", "[::/7]:80", "[fc00::/7]:80", "[64:ff9b::/96]:80", "[2002::/16]:80", "[64:ff9b:1::/48]:80")) {
            assertFalse(admits(wide, "a.example.org:80", address), wide);
        }
        InetAddress literal = InetAddress.ofLiteral(address);
        String host = literal.getHostAddress();
        assertTrue(admits(literal instanceof Inet6Address ? "[" + host + "]:80" : host + ":80", "a.example.org:80", address));
    }

    /// Issue 13.18: the server's own addresses are guarded on every interface that it has.
    @Test
    void addressesOfThisMachineNeedARuleThatNamesThem() throws SocketException {
        for (InetAddress own : NetworkInterface.networkInterfaces().flatMap(NetworkInterface::inetAddresses).toList()) {
            String host = own.getHostAddress().replaceFirst("%.*", "");
            String named = own instanceof Inet6Address ? "[" + host + "]:80" : host + ":80";
            assertFalse(admits("*:80,*.example.org:80,a.example.org:80", "a.example.org:80", host), host);
            assertTrue(admits(named, "a.example.org:80", host), host);
        }
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
        assertNotEquals(both, new Object());
    }
}
