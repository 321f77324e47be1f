package dev.cipherlink.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.agent.AgentClient.AgentException;
import dev.cipherlink.agent.AgentClient.Request;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.LockedKey;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.session.SessionHandshake;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import jdk.net.ExtendedSocketOptions;

/// Holds keys for a while, and computes with them for the processes of its user.
///
/// Thread-safe. Closing it wipes the keys and takes the socket away.
public final class Agent implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Agent.class.getName());
    private static final int MAX_CONNECTIONS = 64;
    private static final int MAX_KEYS = 64;
    private static final int MAX_FILE_NAME_BYTES = 4_096;
    private static final int MAX_REQUEST_BYTES = Identity.DIGEST_BYTES + KeyPair.KEY_BYTES + MAX_FILE_NAME_BYTES;
    private static final Duration CONNECTION_LIMIT = Duration.ofSeconds(5);
    /// The clock of a timer stands still while the machine sleeps, the wall clock does not: so often is it asked.
    private static final long LOOK_SECONDS = 5;
    /// When accepting fails, for want of descriptors perhaps.
    private static final long ACCEPT_PAUSE_NANOS = 100_000_000;
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private final Path socket;
    private final FileChannel lock;
    private final ServerSocketChannel listener;
    private final UserPrincipal user;
    private final Duration lifetime;
    private final Map<ByteBuffer, Held> keys = new LinkedHashMap<>();
    private final Semaphore connections = new Semaphore(MAX_CONNECTIONS);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile boolean isToStop;

    /// @param end        of `System.nanoTime`
    /// @param endByClock the same of the wall clock: the first that passes ends it
    private record Held(LockedKey key, String file, long end, Instant endByClock) {
        boolean isOver() {
            return end - System.nanoTime() <= 0 || !Instant.now().isBefore(endByClock);
        }
    }

    private Agent(Path socket, FileChannel lock, ServerSocketChannel listener, UserPrincipal user, Duration lifetime) {
        this.socket = socket;
        this.lock = lock;
        this.listener = listener;
        this.user = user;
        this.lifetime = lifetime;
    }

    /// Listens, in a folder that only this user can open.
    ///
    /// @param lifetime of a key, from when it is unlocked
    /// @throws IOException if another agent listens there, or it cannot; the message says what to do
    public static Agent open(Path named, Duration lifetime) throws IOException {
        Path folder = TrustedPath.createFolders(named.toAbsolutePath().getParent());
        Path socket = folder.resolve(named.getFileName());
        int length = socket.toString().getBytes(UTF_8).length;
        if (length > AgentClient.MAX_PATH_BYTES) {
            throw new AgentException("the name of the socket " + socket + " has " + length + " bytes, and at most "
                    + AgentClient.MAX_PATH_BYTES + " are possible: name a shorter one in agent.socket");
        }
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(folder);
        if (mode.stream().anyMatch(permission -> !permission.name().startsWith("OWNER_"))) {
            throw new AgentException("others may open the folder " + folder + ": run chmod 700 on it, or name another in agent.socket");
        }
        FileChannel lock = lock(socket);
        ServerSocketChannel listener = null;
        try {
            if (Files.exists(socket, LinkOption.NOFOLLOW_LINKS)
                    && !Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isOther()) {
                throw new AgentException(socket + " is there, and is no socket");
            }
            Files.deleteIfExists(socket); // of an agent that was killed: a living one would have the lock
            listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            bind(listener, socket);
            Files.setPosixFilePermissions(socket, OWNER_ONLY);
            var agent = new Agent(socket, lock, listener, Files.getOwner(socket, LinkOption.NOFOLLOW_LINKS), lifetime);
            Thread.ofVirtual().start(agent::accept);
            return agent;
        } catch (IOException | RuntimeException e) {
            if (listener != null) {
                listener.close();
            }
            lock.close();
            throw e;
        }
    }

    private static void bind(ServerSocketChannel listener, Path socket) throws IOException {
        try {
            listener.bind(UnixDomainSocketAddress.of(socket));
        } catch (SocketException e) { // such as a full disk, which names no file
            throw new AgentException("cannot listen at " + socket + ": " + e.getMessage(), e);
        }
    }

    private static FileChannel lock(Path socket) throws IOException {
        FileChannel lock = FileChannel.open(socket.resolveSibling(socket.getFileName() + ".lock"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        try {
            if (lock.tryLock() != null) {
                return lock;
            }
        } catch (OverlappingFileLockException _) {
            // in this process
        } catch (IOException e) {
            lock.close();
            throw e;
        }
        lock.close();
        throw new AgentException("an agent is running already at " + socket);
    }

    public Path socket() {
        return socket;
    }

    /// Blocks until a client has it stopped, or [#stop]; forgets keys whose time is over meanwhile.
    public void await() throws InterruptedException {
        while (!stopped.await(LOOK_SECONDS, TimeUnit.SECONDS)) {
            forgetOld();
        }
    }

    /// Has [#await] return.
    public void stop() {
        stopped.countDown();
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                SocketChannel peer = listener.accept();
                if (connections.tryAcquire()) {
                    Thread.ofVirtual().start(() -> serve(peer));
                } else {
                    peer.close();
                }
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "the agent's socket accepts nothing", e);
                LockSupport.parkNanos(ACCEPT_PAUSE_NANOS);
            }
        }
    }

    private void serve(SocketChannel peer) {
        try (peer) {
            UserPrincipal from = peer.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
            if (!from.equals(user)) {
                LOG.log(System.Logger.Level.WARNING, "refused a process of the user {0}", from.getName());
                return;
            }
            SessionHandshake.within(CONNECTION_LIMIT, () -> {
                answer(peer);
                return null;
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | TimeoutException | ExecutionException e) {
            LOG.log(System.Logger.Level.DEBUG, "a request to the agent ended early", e);
        } finally {
            connections.release();
        }
    }

    private void answer(SocketChannel peer) throws IOException {
        byte status = AgentClient.OK;
        byte[] body;
        try {
            body = answerTo(peer);
        } catch (AgentException e) {
            status = AgentClient.REFUSED;
            body = e.getMessage().getBytes(UTF_8);
        }
        ByteBuffer answer = ByteBuffer.allocateDirect(AgentClient.ANSWER_HEADER_BYTES + body.length)
                .put(status).putInt(body.length).put(body).flip();
        AgentClient.write(peer, answer);
        AgentClient.wipe(answer);
        Arrays.fill(body, (byte) 0);
        if (status == AgentClient.REFUSED) {
            // Closing with bytes that nobody has read would reset the connection, and the answer with it.
            peer.shutdownOutput();
            ByteBuffer rest = ByteBuffer.allocate(MAX_REQUEST_BYTES);
            while (rest.hasRemaining() && peer.read(rest) >= 0) {
                // until the client closes
            }
        }
        if (isToStop) { // once the client knows
            stop();
        }
    }

    private byte[] answerTo(SocketChannel peer) throws IOException {
        ByteBuffer header = AgentClient.filled(peer, AgentClient.HEADER_BYTES);
        int version = header.get();
        int number = header.get();
        int length = header.getInt();
        if (version != AgentClient.VERSION || number < 0 || number >= Request.values().length) {
            throw new AgentException("it is of another version: stop it, and start it again");
        }
        if (length < 0 || length > MAX_REQUEST_BYTES) {
            throw new AgentException("a request of " + length + " bytes is too large");
        }
        return switch (Request.values()[number]) {
            case HOLD -> hold(peer, length);
            case PUBLIC_KEY -> publicKey(digest(peer, length));
            case X25519 -> x25519(peer, length);
            case LIST -> list().getBytes(UTF_8);
            case LOCK -> Integer.toString(forgetAll()).getBytes(UTF_8);
            case STOP -> {
                forgetAll();
                isToStop = true;
                yield new byte[0];
            }
        };
    }

    private byte[] hold(SocketChannel peer, int length) throws IOException {
        int nameBytes = length - Identity.DIGEST_BYTES - KeyPair.KEY_BYTES;
        if (nameBytes < 0) {
            throw new ProtocolException("a request is cut short");
        }
        ByteBuffer digest = digest(peer, Identity.DIGEST_BYTES);
        LockedKey key = LockedKey.read(peer);
        try {
            String file = UTF_8.decode(AgentClient.filled(peer, nameBytes)).toString();
            add(digest, key, file);
        } catch (IOException | RuntimeException e) {
            key.close();
            throw e;
        }
        if (!key.isLocked()) {
            LOG.log(System.Logger.Level.WARNING, "the system does not lock the memory of a key against swap: raise `ulimit -l`");
        }
        return new byte[0];
    }

    private synchronized void add(ByteBuffer digest, LockedKey key, String file) throws AgentException {
        forgetOld();
        if (keys.size() >= MAX_KEYS && !keys.containsKey(digest)) {
            throw new AgentException("it holds " + MAX_KEYS + " keys, and no more");
        }
        Held before = keys.put(digest, new Held(key, file, System.nanoTime() + lifetime.toNanos(), Instant.now().plus(lifetime)));
        if (before != null) {
            before.key.close();
        }
    }

    private synchronized byte[] publicKey(ByteBuffer digest) {
        forgetOld();
        Held held = keys.get(digest);
        return held == null ? new byte[0] : held.key.publicKey();
    }

    private byte[] x25519(SocketChannel peer, int length) throws IOException {
        ByteBuffer digest = digest(peer, length - KeyPair.KEY_BYTES);
        byte[] point = new byte[KeyPair.KEY_BYTES];
        AgentClient.filled(peer, point.length).get(point);
        LockedKey key = held(digest);
        byte[] shared = new byte[KeyPair.KEY_BYTES];
        key.x25519(shared, point); // all zero if the point is of low order, which the client refuses
        return shared;
    }

    private synchronized LockedKey held(ByteBuffer digest) throws AgentException {
        forgetOld();
        Held held = keys.get(digest);
        if (held == null) {
            throw new AgentException("it does not hold the key any more");
        }
        return held.key;
    }

    private static ByteBuffer digest(SocketChannel peer, int length) throws IOException {
        if (length != Identity.DIGEST_BYTES) {
            throw new ProtocolException("a request has the wrong size");
        }
        byte[] digest = new byte[length];
        AgentClient.filled(peer, length).get(digest);
        return ByteBuffer.wrap(digest);
    }

    private synchronized String list() {
        forgetOld();
        var lines = new StringBuilder();
        long now = System.nanoTime();
        keys.values().forEach(held -> lines.append(PublicKey.of(held.key.publicKey()).fingerprint()).append(' ')
                .append(TimeUnit.NANOSECONDS.toSeconds(held.end - now)).append(' ').append(held.file.replaceAll("[\r\n]", "?")).append('\n'));
        return lines.toString();
    }

    private synchronized void forgetOld() {
        keys.values().removeIf(held -> {
            boolean isOver = held.isOver();
            if (isOver) {
                held.key.close();
            }
            return isOver;
        });
    }

    private synchronized int forgetAll() {
        int count = keys.size();
        keys.values().forEach(held -> held.key.close());
        keys.clear();
        return count;
    }

    @Override
    public void close() {
        forgetAll();
        stop();
        try {
            listener.close();
            Files.deleteIfExists(socket);
            lock.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "the agent's socket stays", e);
        }
    }
}
