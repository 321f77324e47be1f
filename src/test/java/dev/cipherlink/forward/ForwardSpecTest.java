package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.Relay.ForwardLimits;
import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet6Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The arguments of `-L`, `-D`, `-H` and `--stdio`.
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

    /// As SSH's `-L`, with a path for either end.
    @ParameterizedTest
    @CsvSource({
        "8080:/run/db.sock, localhost, 8080, /run/db.sock, 0",
        "*:8080:/run/db.sock, *, 8080, /run/db.sock, 0",
        "[::1]:0:/run/postgresql/.s.PGSQL.5432, ::1, 0, /run/postgresql/.s.PGSQL.5432, 0",
        "/tmp/l:web:80, /tmp/l, 0, web, 80",
        "./l:[::1]:80, ./l, 0, ::1, 80",
        "/tmp/l:/run/db.sock, /tmp/l, 0, /run/db.sock, 0"})
    void readsUnixSockets(String text, String bind, int port, String host, int targetPort) {
        assertEquals(new ForwardSpec(bind, port, Optional.of(new ForwardTarget(host, targetPort))), ForwardSpec.parseLocal(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a", "/a:", "/a:80", "/a:8080:web:80", "a:b:80:/x", "80:x/y", "80:/a/../b", "80:/a//b", "80:/a/", "80:/", "80:/a b",
        "80:/a/./b", "80:/..", "80:/w\u00f6b"})
    void refusesWhatIsNoUnixSocket(String text) {
        assertThrows(IllegalArgumentException.class, () -> ForwardSpec.parseLocal(text));
    }

    @Test
    void aPathIsNoLongerThanTheAddressOfASocket() {
        assertEquals(103, ForwardTarget.parse("/" + "x".repeat(102)).host().length());
        assertThrows(IllegalArgumentException.class, () -> ForwardTarget.parse("/" + "x".repeat(103)));
        assertThrows(IllegalArgumentException.class, () -> new ForwardTarget("/x", 80));
        assertThrows(IllegalArgumentException.class, () -> new ForwardTarget("x", 0));
        assertThrows(IllegalArgumentException.class, () -> new ForwardTarget("x", 65_536));
        assertThrows(IllegalArgumentException.class, () -> new ForwardTarget("x".repeat(254), 80));
    }

    /// `ssh -o ProxyCommand='... --stdio %h:%p' ::1` was refused, since SSH writes no brackets.
    @ParameterizedTest
    @CsvSource({"::1:22, [::1]:22", "fd00::7:2222, [fd00::7]:2222", "[::1]:22, [::1]:22", "web:22, web:22", "10.0.0.1:22, 10.0.0.1:22",
        "/run/x, /run/x"})
    void readsWhatSshWritesForHostAndPort(String text, String target) {
        assertEquals(target, ForwardTarget.parseOfSsh(text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"::1", "::", ":::1:22x", "fe80::1%eth0:22", "a:b:22", "web", "[::1]", ""})
    void refusesWhatSshDoesNotWrite(String text) {
        assertThrows(IllegalArgumentException.class, () -> ForwardTarget.parseOfSsh(text));
    }

    @Test
    void readsDynamicForwards() {
        assertEquals(new ForwardSpec("localhost", 1080, Optional.empty()), ForwardSpec.parseDynamic("1080"));
        assertEquals(new ForwardSpec("::1", 1080, Optional.empty()), ForwardSpec.parseDynamic("[::1]:1080"));
        assertEquals(new ForwardSpec("*", 0, Optional.empty()), ForwardSpec.parseDynamic("*:0"));
        for (String wrong : new String[] {"", "x", "a:b:1", ":1080", "65536", "/tmp/x"}) {
            assertThrows(IllegalArgumentException.class, () -> ForwardSpec.parseDynamic(wrong));
        }
    }

    private static final class Bound implements Closeable {
        private boolean isClosed;

        @Override
        public void close() {
            isClosed = true;
        }
    }

    /// Of a free port, another one may be free of both addresses.
    @Test
    void aFreePortIsLookedForTwentyTimes() throws IOException {
        var bound = new ArrayList<Bound>();
        ForwardSpec.Binder<Bound> second = address -> {
            if (address.getAddress() instanceof Inet6Address) {
                throw new BindException("taken");
            }
            bound.add(new Bound());
            return bound.getLast();
        };
        assertThrows(BindException.class, () -> ForwardSpec.parseDynamic("0").bind(second, _ -> 7));
        assertEquals(20, bound.size());
        assertTrue(bound.stream().allMatch(socket -> socket.isClosed), "none stays bound");
        bound.clear();
        assertThrows(BindException.class, () -> ForwardSpec.parseDynamic("8080").bind(second, _ -> 8080));
        assertEquals(1, bound.size());
        assertTrue(bound.getFirst().isClosed);
    }

    @Test
    void onlyAListenerForOtherMachinesIsOfOthers(@TempDir Path folder) throws IOException {
        var config = new ForwardListener.Config(null, ForwardLimits.DEFAULT, Optional.empty(), (_, _) -> { });
        for (var isOfOthers : Map.of("*:0:web:80", true, "0:web:80", false, folder.resolve("s") + ":web:80", false).entrySet()) {
            try (var listener = ForwardListener.bind(ForwardSpec.parseLocal(isOfOthers.getKey()), config)) {
                assertEquals(isOfOthers.getValue(), listener.isOfOthers(), isOfOthers.getKey());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"web:80", "[::1]:22", "10.0.0.1:65535", "a_b-c.d:1", "/run/.s.PGSQL.5432"})
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
