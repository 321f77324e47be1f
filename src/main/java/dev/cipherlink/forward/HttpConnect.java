package dev.cipherlink.forward;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.Socks.SocksPasswords;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

/// The server's side of HTTP's CONNECT (RFC 9110, section 9.3.6; RFC 9112): a program asks for a tunnel to `host:port`.
///
/// Names are looked up by the server at the other end of the tunnel. Where passwords are configured, the program needs one
/// (`Proxy-Authorization: Basic`). Other methods, as for pages without TLS, are refused.
final class HttpConnect implements ProxyDialogue {

    /// Of the request line and all fields.
    static final int MAX_BYTES = 8 * 1024;
    private static final String AUTHORIZATION = "proxy-authorization:";
    private static final String BASIC = "basic ";

    private final InputStream in;
    private final OutputStream out;
    private final Optional<SocksPasswords> passwords;
    private int left = MAX_BYTES;

    HttpConnect(InputStream in, OutputStream out, Optional<SocksPasswords> passwords) {
        this.in = in;
        this.out = out;
        this.passwords = passwords;
    }

    @Override
    public ForwardTarget request() throws IOException {
        String[] words = line().split(" ", -1);
        boolean isAdmitted = passwords.isEmpty();
        for (String field = line(); !field.isEmpty(); field = line()) {
            isAdmitted = isAdmitted || field.toLowerCase(Locale.ROOT).startsWith(AUTHORIZATION)
                    && isAdmitted(field.substring(AUTHORIZATION.length()).strip());
        }
        if (words.length != 3 || !words[2].startsWith("HTTP/1.")) {
            throw refused("400 Bad Request", "", "that is no request of HTTP/1.1");
        }
        if (!words[0].equals("CONNECT")) {
            throw refused("405 Method Not Allowed", "Allow: CONNECT\r\n", "only CONNECT is served here: a client has it for https, "
                    + "and curl for http too with --proxytunnel");
        }
        if (!isAdmitted) {
            throw refused("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"cipherlink\"\r\n",
                    "a user name and a password are needed");
        }
        try {
            return ForwardTarget.parse(words[1]);
        } catch (IllegalArgumentException e) {
            throw refused("400 Bad Request", "", e.getMessage());
        }
    }

    private boolean isAdmitted(String credentials) {
        try {
            String pair = credentials.toLowerCase(Locale.ROOT).startsWith(BASIC)
                    ? new String(Base64.getDecoder().decode(credentials.substring(BASIC.length()).strip()), StandardCharsets.UTF_8) : "";
            int colon = pair.indexOf(':');
            return colon > 0 && passwords.orElseThrow().accepts(pair.substring(0, colon).getBytes(StandardCharsets.UTF_8),
                    pair.substring(colon + 1).getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return false; // not Base64
        }
    }

    private String line() throws IOException {
        var text = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("closed within a request");
            }
            if (--left < 0) {
                throw refused("431 Request Header Fields Too Large", "", "a request has at most " + MAX_BYTES + " bytes");
            }
            text.append((char) next);
        }
        left--;
        int length = text.length();
        return text.substring(0, length > 0 && text.charAt(length - 1) == '\r' ? length - 1 : length);
    }

    private ProtocolException refused(String status, String field, String why) throws IOException {
        answer(status, field, why);
        return new ProtocolException("HTTP: " + why);
    }

    @Override
    public void granted() throws IOException {
        write("HTTP/1.1 200 Connection established\r\n\r\n");
    }

    @Override
    public void refused(IOException why) throws IOException {
        String status = !(why instanceof TargetException e) ? "502 Bad Gateway" : switch (e.refusal()) {
            case NOT_ALLOWED -> "403 Forbidden";
            case TIMEOUT -> "504 Gateway Timeout";
            case NO_SUCH_HOST, CONNECTION_REFUSED, UNREACHABLE, IN_USE, FAILED -> "502 Bad Gateway";
        };
        answer(status, "", String.valueOf(why.getMessage()));
    }

    private void answer(String status, String field, String why) throws IOException {
        int length = why.getBytes(StandardCharsets.UTF_8).length + 1;
        write("HTTP/1.1 " + status + "\r\n" + field + "Content-Type: text/plain; charset=utf-8\r\nContent-Length: " + length
                + "\r\nConnection: close\r\n\r\n" + why + "\n");
    }

    private void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
