package dev.cipherlink.connect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.settings.SettingsLoader;
import dev.cipherlink.text.CliException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which proxy the settings and curl's variables name.
class RoutesTest {

    @TempDir
    Path folder;

    private String route(String... variables) {
        var environment = new HashMap<>(Map.of("CIPHERLINK_CLIENT_SERVER", "far.example"));
        for (String variable : variables) {
            environment.put(variable.substring(0, variable.indexOf('=')), variable.substring(variable.indexOf('=') + 1));
        }
        return Routes.describe(new SettingsLoader(environment, folder, folder).load(null).requireValid(), environment);
    }

    @Test
    void takesTheVariablesOfCurl() {
        assertEquals("", route());
        assertEquals("proxy http://p:1", route("HTTPS_PROXY=http://u:secret@p:1"));
        assertEquals("proxy http://p:1", route("https_proxy=p:1", "HTTPS_PROXY=q:1", "ALL_PROXY=r:1"));
        assertEquals("proxy socks5h://p:1080", route("all_proxy=socks5h://p", "http_proxy=q:1"));
        assertEquals("", route("HTTPS_PROXY=", "ALL_PROXY=r:1"));
        assertEquals("", route("HTTPS_PROXY=p:1", "NO_PROXY=x, .example"));
        assertEquals("proxy http://p:1", route("HTTPS_PROXY=p:1", "no_proxy=x", "NO_PROXY=*"));
        assertEquals("", route("HTTPS_PROXY=p:1", "CIPHERLINK_CLIENT_SERVER=127.0.0.1"));
        assertEquals("", route("HTTPS_PROXY=p:1", "CIPHERLINK_CLIENT_PROXY=none"));
        assertEquals("proxy http://q:1", route("HTTPS_PROXY=p:1", "NO_PROXY=*", "CIPHERLINK_CLIENT_PROXY=http://q:1"));
        assertEquals("", route("CIPHERLINK_CLIENT_VIA=none"));
        assertEquals("proxy http://p:1, hop:8888, [::1]:9", route("HTTPS_PROXY=p:1", "NO_PROXY=far.example", "CIPHERLINK_CLIENT_VIA=hop,[::1]:9"));
    }

    @Test
    void aVariableThatIsNoUseIsNamedWithoutItsValue() {
        var failure = assertThrows(CliException.class, () -> route("HTTPS_PROXY=https://u:secret@p:1"));
        assertTrue(failure.getMessage().startsWith("cannot use the proxy of the variable HTTPS_PROXY: "), failure.getMessage());
        assertEquals(-1, failure.getMessage().indexOf("secret"));
        var wrong = assertThrows(CliException.class, () -> route("CIPHERLINK_CLIENT_PROXY=https://u:secret@p:1"));
        assertTrue(wrong.getMessage().contains("says 'https://***@p:1', must be http://"), wrong.getMessage());
        assertThrows(CliException.class, () -> route("CIPHERLINK_CLIENT_VIA=1,2,3,4,5,6,7,8,9"));
    }

    @ParameterizedTest
    @CsvSource({"far.example, 'far.example', true", "FAR.example., '.example', true", "far.example, 'r.example', false", "far.example, '*', true",
        "far.example, '', false", "far.example, 'x,,  example.', true", "10.1.2.3, 10.0.0.0/8, true", "10.1.2.3, 10.1.2.3, true",
        "11.1.2.3, 10.0.0.0/8, false", "10.1.2.3, 10.0.0.0/x, false", "fd00::7, '[fd00::]/8', true", "fd00::7, 10.0.0.0/8, false",
        "10.1.2.3, 2.3, false", "localhost, '', true", "127.9.9.9, '', true", "::1, '', true", "10.1.2.3, 10.1.2.3/99, true"})
    void noProxyIsWhatCurlMakesOfIt(String host, String exceptions, boolean isExcepted) {
        assertEquals(isExcepted, Routes.isExcepted(host, Map.of("NO_PROXY", exceptions)));
    }
}
