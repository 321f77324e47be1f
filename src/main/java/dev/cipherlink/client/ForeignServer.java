package dev.cipherlink.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Recognises a server of another kind by the first bytes that it sends.
final class ForeignServer {
    private static final int ANSWER_MILLIS = 1_000;
    private static final int MAX_BYTES = 256;
    /// A line that servers answer, each in its way, if they wait for one.
    private static final byte[] QUESTION = "PING\r\n\r\n".getBytes(US_ASCII);

    private static final Pattern SSH = Pattern.compile("(SSH-[!-~]{1,60}).*", Pattern.DOTALL);
    private static final List<Kind> KINDS = List.of(
            new Kind("HTTP/|<html|<!doctype html", "a web server"),
            new Kind("\\+PONG|-ERR |-NOAUTH|-DENIED|-NOPERM|-MISCONF|-LOADING", "a Redis server"),
            new Kind("[\\x15\\x16]\\x03[\\x00-\\x04]", "a TLS server"),
            new Kind("220[ -]", "a mail or FTP server"),
            new Kind("\\+OK|\\* OK", "a mail server"),
            new Kind("RFB \\d", "a VNC server"),
            new Kind("...\\x00\\x0A[0-9]", "a MySQL server"));

    private record Kind(Pattern start, String name) {
        Kind(String start, String name) {
            this(Pattern.compile(start, Pattern.CASE_INSENSITIVE | Pattern.DOTALL), name);
        }
    }

    private ForeignServer() {
    }

    /// The kind of server, in words; empty if unknown.
    static Optional<String> name(byte[] first) {
        String text = new String(first, 0, Math.min(first.length, MAX_BYTES), ISO_8859_1);
        var ssh = SSH.matcher(text);
        if (ssh.matches()) {
            return Optional.of("an SSH server (" + ssh.group(1) + ")");
        }
        return KINDS.stream().filter(kind -> kind.start.matcher(text).lookingAt()).map(Kind::name).findFirst();
    }

    /// @param first    what came instead of a packet
    /// @param otherwise what is thrown if that tells nothing
    static IOException failure(byte[] first, ProtocolException otherwise) {
        return name(first).<IOException>map(name -> new IOException(sentence(name), otherwise)).orElse(otherwise);
    }

    /// Asks a server that has kept silent, on a connection of its own. Blocks for at most two seconds.
    ///
    /// @param otherwise what is thrown if its answer tells nothing
    static IOException asked(ClientConfig config, SocketTimeoutException otherwise) {
        try (var socket = new Socket(Proxy.NO_PROXY)) {
            socket.connect(new InetSocketAddress(config.host(), config.port()), ANSWER_MILLIS);
            socket.setSoTimeout(ANSWER_MILLIS);
            socket.getOutputStream().write(QUESTION);
            byte[] first = new byte[MAX_BYTES];
            int count = socket.getInputStream().read(first);
            return count <= 0 ? otherwise : name(Arrays.copyOf(first, count))
                    .<IOException>map(name -> new IOException(sentence(name), otherwise)).orElse(otherwise);
        } catch (IOException e) {
            return otherwise; // it is silent
        }
    }

    private static String sentence(String name) {
        return "that is " + name + ", no Cipherlink server";
    }
}
