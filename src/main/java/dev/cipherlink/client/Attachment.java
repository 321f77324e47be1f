package dev.cipherlink.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.cipherlink.channel.NoiseChannel.NoiseHandshake;
import dev.cipherlink.channel.PacketReader;
import dev.cipherlink.channel.PacketWriter;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.channel.SharedKeyChannel;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.session.SessionHandshake;
import dev.cipherlink.session.SessionHandshake.NotAuthorizedException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/// One connection of a client on which a session was granted. Closing it closes the socket.
final class Attachment implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Attachment.class.getName());

    private final Socket socket;
    private final SecureChannel channel;
    private final SynAck.Granted granted;

    private Attachment(Socket socket, SecureChannel channel, SynAck.Granted granted) {
        this.socket = socket;
        this.channel = channel;
        this.granted = granted;
    }

    SecureChannel channel() {
        return channel;
    }

    SynAck.Granted granted() {
        return granted;
    }

    /// Connects and runs both handshakes under one deadline: when it passes, the interrupt closes the socket. Blocks.
    static Attachment establish(ClientConfig config, Syn syn) throws IOException {
        Socket socket = config.route().socket();
        return within(config, socket, "no session", () -> {
            config.route().connect(socket, config.host(), config.port());
            return handshake(config, socket, syn);
        });
    }

    /// Runs handshakes under one deadline, that of the configuration. If they fail the socket is closed.
    ///
    /// @param missing what is not there when the deadline passes, for the message
    static <T> T within(ClientConfig config, Socket socket, String missing, Callable<T> handshakes) throws IOException {
        try {
            return SessionHandshake.within(config.connectTimeout(), handshakes);
        } catch (TimeoutException e) {
            socket.close();
            throw new SocketTimeoutException(missing + " within " + config.connectTimeout().toMillis() + " ms");
        } catch (ExecutionException e) {
            socket.close();
            throw explained(e.getCause(), config.credentials());
        } catch (InterruptedException e) {
            socket.close();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while connecting");
        }
    }

    private static Attachment handshake(ClientConfig config, Socket socket, Syn syn) throws IOException {
        var reader = new PacketReader(socket.getInputStream());
        SecureChannel channel = null;
        try {
            channel = open(config, reader, socket);
            SynAck.Granted granted = SessionHandshake.connect(channel, syn);
            keepNextKey(config, granted);
            return new Attachment(socket, channel, granted);
        } catch (ProtocolException e) {
            if (channel != null) {
                channel.close();
            }
            throw ForeignServer.failure(reader.unread(), e);
        } catch (IOException | RuntimeException e) {
            if (channel != null) {
                channel.close();
            }
            throw e;
        }
    }

    /// Tells the verifier what the server says of its next key. Text that is no key is passed over: a later version may say more.
    static void keepNextKey(ClientConfig config, SynAck.Granted granted) {
        if (!(config.credentials() instanceof Credentials.Personal personal)) {
            return;
        }
        try {
            personal.serverKeys().announced(config.host(), config.port(),
                    Optional.of(granted.nextKey()).filter(text -> !text.isEmpty()).map(PublicKeyLine::parseKey));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "what the server says of its next key cannot be kept: {0}", e.getMessage());
        } catch (IllegalArgumentException e) {
            LOG.log(Level.DEBUG, "the server announces a next key of an unknown form", e);
        }
    }

    static SecureChannel open(ClientConfig config, Socket socket) throws IOException {
        return open(config, new PacketReader(socket.getInputStream()), socket);
    }

    private static SecureChannel open(ClientConfig config, PacketReader reader, Socket socket) throws IOException {
        var writer = new PacketWriter(socket.getOutputStream());
        return switch (config.credentials()) {
            case Credentials.Shared(SharedKey key) -> new SharedKeyChannel(reader, writer, key);
            case Credentials.Personal personal -> openNoise(config, personal, reader, writer);
        };
    }

    private static SecureChannel openNoise(ClientConfig config, Credentials.Personal personal, PacketReader reader,
            PacketWriter writer) throws IOException {
        try {
            return NoiseHandshake.initiate(reader, writer,
                    new NoiseHandshake.Initiator(personal.suite(), personal.identity().keyPair()),
                    key -> personal.serverKeys().verify(config.host(), config.port(), PublicKey.of(key))).channel();
        } catch (EOFException | SocketException e) {
            throw reader.bytesRead() == 0 ? LostHandshakeException.unanswered(personal.suite(), e) : e;
        }
    }

    /// The failure of a handshake, with the reason if it is a key. With an identity, a server tells an unknown client so; with a
    /// shared key, it closes in silence, and a server that ends then cannot be told from one with another key.
    private static IOException explained(Throwable cause, Credentials credentials) {
        boolean isShared = credentials instanceof Credentials.Shared;
        return switch (cause) {
            case NotAuthorizedException e -> new AuthenticationException("the server does not know this identity; "
                    + "ask its operator to authorize it", e);
            case EOFException e when isShared -> new AuthenticationException("the server closed the connection during the "
                    + "handshake: the shared key is probably not its own, or it does not serve version 1, or is stopping", e);
            case LostHandshakeException e -> e;
            case EOFException e -> LostHandshakeException.broken(isShared, e);
            case SocketException e when !(e instanceof ConnectException || e instanceof NoRouteToHostException) ->
                    LostHandshakeException.broken(isShared, e);
            case ProtocolException e -> new AuthenticationException(isShared
                    ? "the server does not prove that it has the shared key: " + e.getMessage()
                    : "the server does not complete the handshake: " + e.getMessage(), e);
            case IOException e -> e;
            default -> new IOException("connecting failed: " + cause, cause);
        };
    }

    @Override
    public void close() {
        channel.close();
        try {
            socket.close();
        } catch (IOException e) {
            // There is nothing left that could be lost.
        }
    }

    /// Recognises a server of another kind by the first bytes that it sends.
    static final class ForeignServer {
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
            if (config.route() != Route.DIRECT) {
                return otherwise;
            }
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
}
