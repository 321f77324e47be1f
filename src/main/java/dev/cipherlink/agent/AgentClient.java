package dev.cipherlink.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.session.SessionHandshake;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import jdk.net.ExtendedSocketOptions;

/// Asks the agent of this user. Each request is a connection of its own, for three seconds at most: a stopped agent holds nobody up.
///
/// Thread-safe.
public final class AgentClient {
    static final byte VERSION = 1;
    static final int HEADER_BYTES = 6;
    static final int ANSWER_HEADER_BYTES = 5;
    static final byte OK = 0;
    static final byte REFUSED = 1;
    /// The address of such a socket has room for 104 bytes on macOS, 108 on Linux, and a zero byte ends it.
    static final int MAX_PATH_BYTES = 103;

    private static final int MAX_ANSWER_BYTES = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    /// What an agent can be asked; its place here is its number on the wire.
    enum Request {
        /// Keep a key: digest of its file, secret, name of the file in UTF-8. No answer.
        HOLD,
        /// The public key of the file with this digest; empty if it is not held.
        PUBLIC_KEY,
        /// X25519 of that key with a point: digest, point. The 32 bytes of the result.
        X25519,
        /// A line for each key: fingerprint, seconds until it is forgotten, name of the file.
        LIST,
        /// Forget all keys. The number of them.
        LOCK,
        /// Forget all keys, and end.
        STOP
    }

    /// A key that the agent holds.
    ///
    /// @param file as it was named when the key was unlocked, absolute
    public record HeldKey(String fingerprint, Duration left, String file) {
    }

    /// The agent cannot be used, and why, in one line.
    public static final class AgentException extends IOException {
        private static final long serialVersionUID = 1;

        AgentException(String message) {
            super(message);
        }

        AgentException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private final Path socket;

    /// @param socket where the agent listens, if there is one
    public AgentClient(Path socket) {
        this.socket = socket.toAbsolutePath();
    }

    /// The identity of a private key file, if the agent holds it: the secret stays there. Empty without an agent.
    ///
    /// @param digest [Identity#sealedDigest] of the file
    public Optional<Identity> identity(byte[] digest) throws AgentException {
        return ask(Request.PUBLIC_KEY, digest).filter(answer -> answer.length == KeyPair.KEY_BYTES)
                .map(publicKey -> Identity.of(KeyPair.of(publicKey, new RemoteKey(this, digest.clone()))));
    }

    /// Has the agent hold a key, until its time is over.
    ///
    /// @param file its private key file
    public void hold(byte[] digest, Identity identity, Path file) throws IOException {
        identity.lendSecret(secret -> must(Request.HOLD, digest, secret, file.toAbsolutePath().toString().getBytes(UTF_8)));
    }

    public List<HeldKey> list() throws AgentException {
        return new String(must(Request.LIST), UTF_8).lines().map(line -> line.split(" ", 3))
                .map(parts -> new HeldKey(parts[0], Duration.ofSeconds(Long.parseLong(parts[1])), parts[2])).toList();
    }

    /// @return how many keys the agent has forgotten
    public int lock() throws AgentException {
        return Integer.parseInt(new String(must(Request.LOCK), UTF_8));
    }

    public void stop() throws AgentException {
        must(Request.STOP);
    }

    private byte[] must(Request request, byte[]... parts) throws AgentException {
        return ask(request, parts).orElseThrow(() -> new AgentException("no agent is running at " + socket));
    }

    /// @return the answer; empty if no agent is running
    private Optional<byte[]> ask(Request request, byte[]... parts) throws AgentException {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        try {
            return Optional.of(SessionHandshake.within(PATIENCE, () -> exchange(request, parts)));
        } catch (TimeoutException e) {
            throw new AgentException("the agent at " + socket + " does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AgentException("interrupted while asking the agent", e);
        } catch (ExecutionException e) {
            return switch (e.getCause()) {
                case AgentException refused -> throw refused;
                case ConnectException _ -> Optional.empty(); // the socket of a process that is gone
                case EOFException _ -> throw new AgentException("the agent at " + socket + " has ended, or refuses this user", e);
                default -> throw new AgentException("cannot ask the agent at " + socket + ": " + e.getCause().getMessage(), e);
            };
        }
    }

    private byte[] exchange(Request request, byte[]... parts) throws IOException {
        TrustedPath.resolve(socket);
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteBuffer sent = ByteBuffer.allocateDirect(HEADER_BYTES + length)
                .put(VERSION).put((byte) request.ordinal()).putInt(length);
        for (byte[] part : parts) {
            sent.put(part);
        }
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            // A process of root could listen there too: root can do all that the agent does.
            if (!channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().equals(Files.getOwner(socket, LinkOption.NOFOLLOW_LINKS))) {
                throw new AgentException("another user listens at " + socket);
            }
            write(channel, sent.flip());
            ByteBuffer header = filled(channel, ANSWER_HEADER_BYTES);
            byte status = header.get();
            int size = header.getInt();
            if (size < 0 || size > MAX_ANSWER_BYTES) {
                throw new AgentException("the agent at " + socket + " answers in another protocol");
            }
            ByteBuffer answer = filled(channel, size);
            byte[] bytes = new byte[size];
            answer.get(bytes);
            wipe(answer);
            if (status != OK) {
                throw new AgentException("the agent says: " + new String(bytes, UTF_8));
            }
            return bytes;
        } finally {
            wipe(sent);
        }
    }

    static void write(SocketChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /// @throws EOFException if the peer closes before
    static ByteBuffer filled(ReadableByteChannel channel, int size) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(size);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the other side has closed the connection");
            }
        }
        return bytes.flip();
    }

    static void wipe(ByteBuffer bytes) {
        bytes.clear();
        while (bytes.hasRemaining()) {
            bytes.put((byte) 0);
        }
    }

    private record RemoteKey(AgentClient agent, byte[] digest) implements KeyPair.SecretKey {
        @Override
        public boolean x25519(byte[] shared, byte[] point) throws IOException {
            byte[] result = agent.must(Request.X25519, digest, point);
            if (result.length != shared.length) {
                throw new AgentException("the agent at " + agent.socket + " answers in another protocol");
            }
            byte bits = 0;
            for (int i = 0; i < result.length; i++) {
                shared[i] = result[i];
                bits |= result[i];
            }
            Arrays.fill(result, (byte) 0);
            return bits != 0;
        }

        /// The agent keeps it for others.
        @Override
        public void close() {
            // nothing of it is here
        }
    }
}
