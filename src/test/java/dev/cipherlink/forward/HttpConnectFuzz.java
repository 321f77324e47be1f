package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.Socks.SocksPasswords;
import dev.cipherlink.fuzz.FuzzTarget;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The request of a program at an HTTP proxy port, with and without passwords: a target, or one of the documented exceptions, and no
/// byte read that is the program's own.
public final class HttpConnectFuzz implements FuzzTarget {
    private static final SocksPasswords PASSWORDS = SocksPasswords.parse(List.of("ann:secret"));

    @Override
    public byte[][] seeds() {
        return FuzzTarget.latin1("CONNECT web:443 HTTP/1.1\r\nHost: web:443\r\n\r\nrest", "CONNECT [::1]:22 HTTP/1.0\n\n", "GET / HTTP/1.1\r\n\r\n",
                "CONNECT db:5432 HTTP/1.1\r\nProxy-Authorization: Basic YW5uOnNlY3JldA==\r\n\r\n", "CONNECT  HTTP/1.1\r\n\r\n", "CONNECT web:443",
                "CONNECT /run/x HTTP/1.1\r\n\r\n");
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        return accepts(input, Optional.empty()) | accepts(input, Optional.of(PASSWORDS));
    }

    private static boolean accepts(byte[] input, Optional<SocksPasswords> passwords) throws IOException {
        var in = new ByteArrayInputStream(input);
        var out = new ByteArrayOutputStream();
        try {
            ForwardTarget target = new HttpConnect(in, out, passwords).request();
            assertEquals(target, ForwardTarget.parse(target.toString()));
            assertTrue(input.length - in.available() <= HttpConnect.MAX_BYTES && out.size() == 0);
            byte[] whole = Arrays.copyOf(input, input.length - in.available());
            assertEquals(target, new HttpConnect(new ByteArrayInputStream(whole), out, passwords).request());
            return true;
        } catch (ProtocolException e) {
            assertTrue(!e.getMessage().isEmpty() && out.toString(StandardCharsets.ISO_8859_1).startsWith("HTTP/1.1 4"));
            return false;
        } catch (EOFException _) {
            return false;
        }
    }
}
