package dev.cipherlink.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The client's side of proxies, against golden bytes of RFC 9112, RFC 1928 and RFC 1929.
class ProxyRouteTest {

    /// Connects to `target:7777` through a proxy that sends these answers, one for each request that it reads.
    ///
    /// @param url     `PORT` stands for the port
    /// @param answers hexadecimal or, for HTTP, text
    /// @return what the proxy was sent
    private static byte[] connect(String url, String target, String... answers) throws Exception {
        try (var proxy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var served = new FutureTask<>(() -> {
                var received = new ByteArrayOutputStream();
                try (Socket accepted = proxy.accept()) {
                    byte[] buffer = new byte[4_096];
                    for (String answer : answers) {
                        received.write(buffer, 0, accepted.getInputStream().read(buffer));
                        accepted.getOutputStream().write(answer.startsWith("HTTP") ? answer.getBytes(StandardCharsets.ISO_8859_1)
                                : HexFormat.of().parseHex(answer.replace(" ", "")));
                    }
                    accepted.shutdownOutput();
                    accepted.getInputStream().readAllBytes();
                }
                return received.toByteArray();
            });
            Thread.startVirtualThread(served);
            ProxyRoute route = ProxyRoute.parse(url.replace("PORT", String.valueOf(proxy.getLocalPort())));
            try (Socket socket = route.socket()) {
                route.connect(socket, target, 7_777);
                assertEquals("server's", new String(socket.getInputStream().readNBytes(8), StandardCharsets.US_ASCII), "nothing more was read");
            }
            return served.get(60, TimeUnit.SECONDS);
        }
    }

    private static final String SERVERS = HexFormat.of().formatHex("server's".getBytes(StandardCharsets.US_ASCII));

    @Test
    void asksAnHttpProxy() throws Exception {
        assertEquals("CONNECT far.example:7777 HTTP/1.1\r\nHost: far.example:7777\r\n\r\n", new String(connect("http://127.0.0.1:PORT",
                "far.example", "HTTP/1.0 200 OK\r\nVia: x\r\n\r\nserver's"), StandardCharsets.US_ASCII));
        assertEquals("CONNECT [::1]:7777 HTTP/1.1\r\nHost: [::1]:7777\r\nProxy-Authorization: Basic YW5uOnA6QHNz\r\n\r\n",
                new String(connect("ann:p:%40ss@127.0.0.1:PORT/", "::1", "HTTP/1.1 204 x\n\nserver's"), StandardCharsets.US_ASCII));
    }

    @Test
    void asksASocksProxy() throws Exception {
        assertEquals("050100" + "05010003" + "0b" + HexFormat.of().formatHex("far.example".getBytes(StandardCharsets.US_ASCII)) + "1e61",
                HexFormat.of().formatHex(connect("socks5h://127.0.0.1:PORT", "far.example", "0500", "05000001 00000000 0000" + SERVERS)));
        assertEquals("05020002" + "0103616e6e0470617373" + "05010001" + "7f000001" + "1e61", HexFormat.of().formatHex(
                connect("SOCKS5://ann:pass@127.0.0.1:PORT", "127.0.0.1", "0502", "0100", "05000003 03 616263 0000" + SERVERS)));
        assertEquals("050100" + "05010001" + "7f000001" + "1e61", HexFormat.of().formatHex(
                connect("socks5://127.0.0.1:PORT", "localhost", "0500", "05000004" + "00".repeat(18) + SERVERS)), "looked up here");
    }

    @ParameterizedTest
    @CsvSource({
        "http, HTTP/1.1 403 For\u001bbidden~~, it refuses: 403 For?bidden",
        "http, HTTP/1.1 407 Auth~~, 'it refuses: 407 Auth; http://USER:PASSWORD@HOST:PORT has them'",
        "http, HTTP 200~~, it does not speak HTTP",
        "http, HTTP/1.1 200 cut, it closed the connection",
        "socks5h, 05ff, it wants another kind of login; socks5h://USER:PASSWORD@HOST:PORT gives a password",
        "socks5h, 0400, it does not speak SOCKS 5",
        "socks5h, 05, it closed the connection"})
    void saysWhatTheProxyRefuses(String scheme, String answer, String why) {
        var failure = assertThrows(IOException.class, () -> connect(scheme + "://127.0.0.1:PORT", "far.example",
                answer.replace("~", "\r\n")));
        assertTrue(failure.getMessage().matches("proxy " + scheme + "://127.0.0.1:\\d+: .*"), failure.getMessage());
        assertTrue(failure.getMessage().endsWith(why), failure.getMessage());
    }

    @Test
    void saysWhatASocksProxyRefusesLater() {
        assertTrue(assertThrows(IOException.class, () -> connect("socks5h://ann:pass@127.0.0.1:PORT", "far.example", "0502", "0101"))
                .getMessage().endsWith("wrong user or password"));
        assertTrue(assertThrows(IOException.class, () -> connect("socks5h://127.0.0.1:PORT", "far.example", "0500",
                "05050001 00000000 0000")).getMessage().endsWith("it refuses: connection refused"));
        String endless = "HTTP/1.1 200 OK\r\n" + "x: y\r\n".repeat(10_000);
        assertTrue(assertThrows(IOException.class, () -> connect("http://127.0.0.1:PORT", "far.example", endless))
                .getMessage().endsWith("an answer of more than 16384 bytes"));
    }

    /// The password stood in a message, and so in logs.
    @Test
    void showsNoPassword() {
        var route = ProxyRoute.parse("http://ann:secret@127.0.0.1:1");
        assertEquals("http://127.0.0.1:1", route.toString());
        try (Socket socket = route.socket()) {
            var failure = assertThrows(IOException.class, () -> route.connect(socket, "far.example", 1));
            assertFalse(failure.toString().contains("secret"), failure.toString());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        assertEquals("socks5h://[::1]:1080", ProxyRoute.parse("socks5h://u:p@[::1]").toString());
        assertEquals("http://proxy:1080", ProxyRoute.parse("proxy").toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "https://proxy:1", "http://", "http://proxy:99999", "http://proxy:0", "http://a:b@", "http://proxy/path", "ftp://x:1",
        "http://a:%zz@proxy:1", "socks5://::1:1"})
    void refusesWhatIsNoProxyWithoutQuotingIt(String url) {
        String message = assertThrows(IllegalArgumentException.class, () -> ProxyRoute.parse(url)).getMessage();
        assertEquals(ProxyRoute.ALLOWED, message);
    }
}
