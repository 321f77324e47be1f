package dev.cipherlink.client;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Through a proxy that speaks HTTP's CONNECT (RFC 9110, section 9.3.6) or SOCKS 5 (RFC 1928, RFC 1929).
///
/// Names are looked up by the proxy, but for `socks5`, as with curl. Its text never has the password.
public final class ProxyRoute implements Route {

    /// The form of a proxy's URL, to follow "must be".
    public static final String ALLOWED = "http://[USER:PASSWORD@]HOST[:PORT], or the same with socks5:// or socks5h://";
    /// Stands for no proxy, in the place of a URL.
    public static final String NONE = "none";
    private static final Pattern URL = Pattern.compile(
            "(?i)(?:(http|socks5|socks5h)://)?(?:([^/@:]*)(?::([^/@]*))?@)?(\\[[0-9a-f:.]+]|[^/@:\\[\\]]+)(?::(\\d{1,5}))?/?");
    private static final int DEFAULT_PORT = 1_080;
    private static final int MAX_ANSWER_BYTES = 16 * 1024;
    private static final int MAX_TEXT_BYTES = 255;
    private static final int VERSION = 5;
    private static final int NO_AUTHENTICATION = 0;
    private static final int USERNAME_PASSWORD = 2;
    private static final int CONNECT = 1;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;
    private static final String[] SOCKS_FAILURES = {"it failed", "it does not allow that", "network unreachable", "host unreachable",
        "connection refused", "no answer", "it does not serve that command", "it does not serve that kind of address"};

    private final String scheme;
    private final String host;
    private final int port;
    /// Null if the proxy needs none.
    private final String user;
    private final String password;

    private ProxyRoute(Matcher url) {
        scheme = url.group(1) == null ? "http" : url.group(1).toLowerCase(Locale.ROOT);
        user = url.group(2) == null ? null : decoded(url.group(2));
        password = url.group(3) == null ? "" : decoded(url.group(3));
        host = url.group(4).replaceAll("[\\[\\]]", "");
        port = url.group(5) == null ? DEFAULT_PORT : Integer.parseInt(url.group(5));
        if (port < 1 || port > 65_535 || user != null && (bytes(user).length > MAX_TEXT_BYTES || bytes(password).length > MAX_TEXT_BYTES)) {
            throw new IllegalArgumentException(ALLOWED);
        }
    }

    /// @throws IllegalArgumentException if it is no URL of a proxy; the message has nothing of it
    public static ProxyRoute parse(String url) {
        Matcher matcher = URL.matcher(url);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(ALLOWED);
        }
        return new ProxyRoute(matcher);
    }

    /// `%40` stands for `@`, as in every URL.
    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException _) {
            throw new IllegalArgumentException(ALLOWED);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void connect(Socket socket, String targetHost, int targetPort) throws IOException {
        try {
            Route.DIRECT.connect(socket, host, port);
        } catch (UnknownHostException e) {
            throw new ConnectException("proxy " + this + ": no such host");
        } catch (IOException e) {
            throw (IOException) new ConnectException("proxy " + this + ": " + e.getMessage()).initCause(e);
        }
        ask(socket.getInputStream(), socket.getOutputStream(), targetHost, targetPort);
    }

    /// The dialogue with the proxy. Reads nothing of what follows.
    ///
    /// @throws ConnectException  if it refuses
    /// @throws ProtocolException if it does not speak as it should
    void ask(InputStream in, OutputStream out, String targetHost, int targetPort) throws IOException {
        try {
            if (scheme.equals("http")) {
                askHttp(in, out, targetHost, targetPort);
            } else {
                askSocks(new DataInputStream(in), out, targetHost, targetPort);
            }
        } catch (EOFException e) {
            throw failure("it closed the connection");
        }
    }

    private ConnectException failure(String why) {
        return new ConnectException("proxy " + this + ": " + why);
    }

    private void askHttp(InputStream in, OutputStream out, String targetHost, int targetPort) throws IOException {
        String target = (targetHost.indexOf(':') < 0 ? targetHost : "[" + targetHost + "]") + ":" + targetPort;
        String credentials = user == null ? "" : "Proxy-Authorization: Basic "
                + Base64.getEncoder().encodeToString(bytes(user + ":" + password)) + "\r\n";
        out.write(bytes("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + credentials + "\r\n"));
        String answer = answer(in);
        String status = answer.lines().findFirst().orElse("").replaceAll("[^ -~]", "?");
        if (!status.matches("HTTP/1\\.\\d [0-9]{3}.*")) {
            throw new ProtocolException("proxy " + this + ": it does not speak HTTP");
        }
        if (status.charAt(9) != '2') {
            throw failure("it refuses: " + status.substring(9, Math.min(status.length(), 100)).strip()
                    + (!status.startsWith("407", 9) ? "" : user == null ? "; http://USER:PASSWORD@HOST:PORT has them" : "; wrong user or password"));
        }
    }

    /// Up to the empty line: what follows is the server's. Byte by byte, so that nothing of that is read.
    private String answer(InputStream in) throws IOException {
        var text = new StringBuilder();
        while (text.indexOf("\n\r\n", text.length() - 3) < 0 && text.indexOf("\n\n", text.length() - 2) < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException();
            }
            if (text.length() == MAX_ANSWER_BYTES) {
                throw new ProtocolException("proxy " + this + ": an answer of more than " + MAX_ANSWER_BYTES + " bytes");
            }
            text.append((char) next);
        }
        return text.toString();
    }

    private void askSocks(DataInputStream in, OutputStream out, String targetHost, int targetPort) throws IOException {
        out.write(user == null ? new byte[] {VERSION, 1, NO_AUTHENTICATION} : new byte[] {VERSION, 2, NO_AUTHENTICATION, USERNAME_PASSWORD});
        requireVersion(in.readUnsignedByte(), VERSION);
        int method = in.readUnsignedByte();
        if (method == USERNAME_PASSWORD && user != null) {
            write(out, new byte[] {1}, sized(user), sized(password));
            requireVersion(in.readUnsignedByte(), 1);
            if (in.readUnsignedByte() != 0) {
                throw failure("wrong user or password");
            }
        } else if (method != NO_AUTHENTICATION) {
            throw failure("it wants another kind of login" + (user == null ? "; " + scheme + "://USER:PASSWORD@HOST:PORT gives a password" : ""));
        }
        write(out, new byte[] {VERSION, CONNECT, 0}, address(targetHost), new byte[] {(byte) (targetPort >> 8), (byte) targetPort});
        requireVersion(in.readUnsignedByte(), VERSION);
        int code = in.readUnsignedByte();
        if (code != 0) {
            throw failure("it refuses: " + (code <= SOCKS_FAILURES.length ? SOCKS_FAILURES[code - 1] : "code " + code));
        }
        in.readUnsignedByte();
        int kind = in.readUnsignedByte();
        in.readFully(new byte[(kind == IPV4 ? 4 : kind == IPV6 ? 16 : kind == NAME ? in.readUnsignedByte() : 0) + 2]);
    }

    private void requireVersion(int version, int expected) throws ProtocolException {
        if (version != expected) {
            throw new ProtocolException("proxy " + this + ": it does not speak SOCKS 5");
        }
    }

    private byte[] address(String target) throws IOException {
        InetAddress literal = literal(target);
        if (literal == null && scheme.equals("socks5")) {
            literal = InetAddress.getByName(target);
        }
        byte[] name = literal == null ? sized(target) : literal.getAddress();
        byte[] address = new byte[1 + name.length];
        address[0] = (byte) (literal == null ? NAME : literal instanceof Inet4Address ? IPV4 : IPV6);
        System.arraycopy(name, 0, address, 1, name.length);
        return address;
    }

    private static InetAddress literal(String target) {
        try {
            return InetAddress.ofLiteral(target);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static byte[] sized(String text) throws IOException {
        byte[] bytes = bytes(text);
        if (bytes.length > MAX_TEXT_BYTES) {
            throw new UnknownHostException(text);
        }
        byte[] sized = new byte[1 + bytes.length];
        sized[0] = (byte) bytes.length;
        System.arraycopy(bytes, 0, sized, 1, bytes.length);
        return sized;
    }

    private static void write(OutputStream out, byte[]... parts) throws IOException {
        var whole = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            whole.write(part);
        }
        whole.writeTo(out);
    }

    /// Without user and password.
    @Override
    public String toString() {
        return scheme + "://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
