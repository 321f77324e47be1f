package dev.cipherlink.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// Answers of proxies, of each kind, and their URLs: a connection, or one of the documented exceptions, no byte read that is the
/// server's, and a message of printable characters.
public final class ProxyRouteFuzz implements FuzzTarget {
    private static final List<ProxyRoute> ROUTES = List.of(ProxyRoute.parse("http://proxy:1"), ProxyRoute.parse("http://a:b@proxy:1"),
            ProxyRoute.parse("socks5h://proxy:1"), ProxyRoute.parse("socks5h://a:b@proxy:1"));

    @Override
    public byte[][] seeds() {
        return FuzzTarget.latin1("HTTP/1.1 200 OK\r\nVia: x\r\n\r\nrest", "HTTP/1.0 407 Auth\n\n", "HTTP/1.1 200\r\n\r\n", "HTTP",
                "\5\0\5\0\0\1\0\0\0\0\0\0rest", "\5\2\1\0\5\0\0\3\3abc\0\0", "\5\0\5\0\0\4" + "\0".repeat(18), "\5\u00ff", "\5\0\5\5\0\1\0\0\0\0\0\0",
                "http://a:b@[::1]:80/", "socks5://proxy");
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        boolean isAccepted = false;
        for (ProxyRoute route : ROUTES) {
            isAccepted |= accepts(route, input);
        }
        return isAccepted | acceptsUrl(new String(input, StandardCharsets.ISO_8859_1));
    }

    private static boolean accepts(ProxyRoute route, byte[] input) throws IOException {
        var in = new ByteArrayInputStream(input);
        var out = new ByteArrayOutputStream();
        try {
            route.ask(in, out, "far.example", 443);
            byte[] whole = Arrays.copyOf(input, input.length - in.available());
            route.ask(new ByteArrayInputStream(whole), OutputStream.nullOutputStream(), "far.example", 443);
            return true;
        } catch (ConnectException | ProtocolException e) {
            assertTrue(e.getMessage().startsWith("proxy " + route + ": ") && e.getMessage().matches("[ -~]+"), e.getMessage());
            return false;
        }
    }

    private static boolean acceptsUrl(String url) {
        try {
            ProxyRoute route = ProxyRoute.parse(url);
            assertEquals(route.toString(), ProxyRoute.parse(route.toString()).toString());
            return true;
        } catch (IllegalArgumentException e) {
            assertEquals(ProxyRoute.ALLOWED, e.getMessage());
            return false;
        }
    }
}
