package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Socks.SocksPasswords;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests of RFC 9112 and RFC 9110, and their answers.
class HttpConnectTest {

    private final ByteArrayOutputStream answers = new ByteArrayOutputStream();
    private ByteArrayInputStream rest;
    private ProxyDialogue dialogue;

    private ForwardTarget request(String text, SocksPasswords passwords) throws IOException {
        rest = new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
        dialogue = ProxyDialogue.begin(rest, answers, Optional.ofNullable(passwords));
        return dialogue.request();
    }

    private String answer() {
        String text = answers.toString(StandardCharsets.UTF_8);
        answers.reset();
        return text;
    }

    @ParameterizedTest
    @CsvSource({"web.example:443, web.example:443", "10.0.0.1:22, 10.0.0.1:22", "[fd00::7]:8443, [fd00::7]:8443"})
    void readsWhereAProgramWantsToGo(String authority, String target) throws IOException {
        assertEquals(target, request("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\nUser-Agent: x\r\n\r\nrest", null).toString());
        assertEquals("rest", new String(rest.readAllBytes(), StandardCharsets.ISO_8859_1));
        assertEquals("", answer());
        dialogue.granted();
        assertEquals("HTTP/1.1 200 Connection established\r\n\r\n", answer());
    }

    @ParameterizedTest
    @CsvSource({"GET http://web/ HTTP/1.1, 405", "POST / HTTP/1.1, 405", "CONNECT web HTTP/1.1, 400", "CONNECT web:0 HTTP/1.1, 400",
        "CONNECT web:443 HTTP/2, 400", "CONNECT web:443, 400", "CONNECT we b:443 HTTP/1.1, 400", "CONNECT ::1:22 HTTP/1.1, 400"})
    void refusesWhatIsNotServed(String line, int status) {
        assertThrows(ProtocolException.class, () -> request(line + "\r\n\r\n", null));
        assertTrue(answer().startsWith("HTTP/1.1 " + status + " "));
    }

    @Test
    void tellsWhyATargetWasNotReached() throws IOException {
        request("CONNECT web:443 HTTP/1.1\n\n", null);
        dialogue.refused(new TargetException(Refusal.NOT_ALLOWED, "no rule admits web:443"));
        assertEquals("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 23\r\nConnection: close\r\n\r\n"
                + "no rule admits web:443\n", answer());
        dialogue.refused(new TargetException(Refusal.TIMEOUT, "x"));
        assertTrue(answer().startsWith("HTTP/1.1 504 "));
        for (Refusal other : List.of(Refusal.NO_SUCH_HOST, Refusal.CONNECTION_REFUSED, Refusal.UNREACHABLE, Refusal.FAILED)) {
            dialogue.refused(new TargetException(other, "x"));
            assertTrue(answer().startsWith("HTTP/1.1 502 "));
        }
        dialogue.refused(new IOException("the server does not answer"));
        assertTrue(answer().startsWith("HTTP/1.1 502 "));
    }

    @Test
    void asksForAPasswordWhereOneIsConfigured() throws IOException {
        var passwords = SocksPasswords.parse(List.of("ann:se:cret"));
        String request = "CONNECT web:443 HTTP/1.1\r\nproxy-authorization:  BASIC "
                + Base64.getEncoder().encodeToString("ann:se:cret".getBytes(StandardCharsets.UTF_8)) + "\r\n\r\n";
        assertEquals("web:443", request(request, passwords).toString());
        for (String wrong : List.of("", "Proxy-Authorization: Basic \u00ff\r\n", "Proxy-Authorization: Bearer x\r\n",
                "Proxy-Authorization: Basic YW5uOng=\r\n", "Proxy-Authorization: Basic YW5u\r\n", "Authorization: Basic YW5uOnNlOmNyZXQ=\r\n")) {
            assertThrows(ProtocolException.class, () -> request("CONNECT web:443 HTTP/1.1\r\n" + wrong + "\r\n", passwords));
            String answer = answer();
            assertTrue(answer.startsWith("HTTP/1.1 407 ") && answer.contains("\r\nProxy-Authenticate: Basic "), answer);
        }
    }

    /// A program that sends without an end would fill the memory.
    @ParameterizedTest
    @ValueSource(strings = {"CONNECT ", "CONNECT web:443 HTTP/1.1\r\nx: ", "CONNECT web:443 HTTP/1.1\r\n"})
    void refusesARequestWithoutAnEnd(String begin) {
        String more = begin.endsWith("\n") ? "a:b\r\n" : "x";
        assertThrows(ProtocolException.class, () -> request(begin + more.repeat(HttpConnect.MAX_BYTES), null));
        assertTrue(answer().startsWith("HTTP/1.1 431 "));
    }

    @Test
    void tellsSocksAndHttpFromOtherBytes() throws IOException {
        String whole = "CONNECT web:443 HTTP/1.1\r\nHost: x\r\n\r\n";
        for (int end = 0; end < whole.length(); end++) {
            String cut = whole.substring(0, end);
            assertThrows(EOFException.class, () -> request(cut, null), cut);
        }
        assertThrows(ProtocolException.class, () -> request("\u0016\u0003\u0001", null));
        var neither = assertThrows(ProtocolException.class, () -> request("connect web:443 HTTP/1.1", null));
        assertEquals("neither SOCKS nor HTTP: it begins with byte 99", neither.getMessage());
        assertEquals("127.0.0.1:80", request("\u0004\u0001\u0000\u0050\u007f\u0000\u0000\u0001\u0000", null).toString());
        assertEquals("127.0.0.1:80", request("\u0005\u0001\u0000\u0005\u0001\u0000\u0001\u007f\u0000\u0000\u0001\u0000\u0050", null).toString());
    }
}
