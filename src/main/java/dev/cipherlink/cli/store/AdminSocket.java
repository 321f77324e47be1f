package dev.cipherlink.cli.store;

import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.disk.RocksStore;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/// A socket in the store's folder through which a process of the same user asks the running server for a copy of its store,
/// or for its figures, or tells it to take up the authorized keys. A user who may open that folder (mode 0700) may read the
/// store's files anyway.
///
/// A request is one line, `backup FOLDER`, `stats` or `keys FILE`; the answer is lines, the first of them `ok` or what went wrong.
final class AdminSocket implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(AdminSocket.class.getName());
    private static final String NAME = "door";
    private static final String OK = "ok";
    private static final String BACKUP = "backup ";
    private static final String STATS = "stats";
    private static final String KEYS = "keys ";
    private static final Duration KEYS_PATIENCE = Duration.ofSeconds(5);

    private final ServerSocketChannel listener;
    private final Path path;
    private final RocksStore store;
    private final Thread thread;
    /// Takes up the keys of a file; returns why they are not in force, or an empty text.
    private volatile Function<Path, String> keys = _ -> "the server is starting";
    /// Peers that have not sent their request yet.
    private final Set<SocketChannel> asking = ConcurrentHashMap.newKeySet();
    private final ExecutorService peers = Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().name("store-admin-", 0).daemon().factory());

    private AdminSocket(ServerSocketChannel listener, Path path, RocksStore store) {
        this.listener = listener;
        this.path = path;
        this.store = store;
        this.thread = Thread.ofPlatform().name("store-admin").daemon().unstarted(this::serve);
    }

    /// A server works without it, so a failure is only logged: the path of such a socket has at most about 100 bytes.
    ///
    /// @return null if it cannot be made
    static AdminSocket open(Path folder, RocksStore store) {
        Path path = folder.resolve(NAME);
        try {
            // Left by a process that was killed: the process that has the store open is alone here.
            Files.deleteIfExists(path);
            var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                listener.bind(UnixDomainSocketAddress.of(path));
            } catch (IOException | RuntimeException e) {
                listener.close();
                throw e;
            }
            var socket = new AdminSocket(listener, path, store);
            socket.thread.start();
            return socket;
        } catch (IOException | UnsupportedOperationException e) {
            LOG.log(System.Logger.Level.WARNING, "`cipherlink store backup` cannot reach this server: {0}: {1}", path, e.getMessage());
            return null;
        }
    }

    void onKeys(Function<Path, String> takeUp) {
        keys = takeUp;
    }

    private void serve() {
        while (listener.isOpen()) {
            try {
                SocketChannel peer = listener.accept();
                asking.add(peer);
                peers.execute(() -> serve(peer));
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "the store's socket accepts nothing", e);
            }
        }
    }

    private void serve(SocketChannel peer) {
        try (peer) {
            String request = new BufferedReader(Channels.newReader(peer, StandardCharsets.UTF_8)).readLine();
            // From here on the end of the server waits for the answer.
            if (asking.remove(peer)) {
                String answer = request != null && request.startsWith(KEYS) ? takeUp(request.substring(KEYS.length())) : answer(request);
                peer.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a request at the store's socket ended early", e);
        } finally {
            asking.remove(peer);
        }
    }

    /// Not delayed by a copy under way.
    private String takeUp(String file) {
        try {
            return OK + "\n" + keys.apply(Path.of(file)) + "\n";
        } catch (InvalidPathException e) {
            return FailureText.withFile(new IOException(e)) + "\n";
        }
    }

    private synchronized String answer(String request) {
        try {
            if (request != null && request.startsWith(BACKUP)) {
                store.backUp(TrustedPath.resolve(Path.of(request.substring(BACKUP.length()))));
                return OK + "\n";
            }
            return STATS.equals(request) ? OK + "\n" + lines(store) : "unknown request\n";
        } catch (IOException | StoreException | InvalidPathException e) {
            return FailureText.withFile(e) + "\n";
        }
    }

    /// The figures of an open store, one a line.
    static String lines(RocksStore store) throws StoreException {
        var lines = new StringBuilder("keys: ").append(store.size()).append('\n');
        for (Map.Entry<String, Object> figure : store.info().entrySet()) {
            lines.append(figure.getKey()).append(": ").append(figure.getValue()).append('\n');
        }
        return lines.toString();
    }

    /// Asks the server that has this store open.
    ///
    /// @return its answer without the first line; empty if no server answers
    /// @throws CliException if it could not do what it was asked
    static Optional<String> askBackup(Path folder, Path target) {
        return ask(folder, BACKUP + target.toAbsolutePath());
    }

    static Optional<String> askStats(Path folder) {
        return ask(folder, STATS);
    }

    /// Has the server take up its authorized keys. Blocks for a few seconds at most.
    ///
    /// @return why what the file says is not in force, or an empty text; empty if no server answers
    static Optional<String> askKeys(Path folder, Path file) {
        var answer = new CompletableFuture<Optional<String>>();
        Thread.startVirtualThread(() -> {
            try {
                answer.complete(ask(folder, KEYS + file.toAbsolutePath()));
            } catch (CliException e) {
                // A server of an older version does not know the request.
                answer.complete(Optional.of(e.getMessage()));
            } catch (RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        return answer.completeOnTimeout(Optional.of("the running server does not answer"), KEYS_PATIENCE.toMillis(),
                TimeUnit.MILLISECONDS).join().map(String::strip);
    }

    private static Optional<String> ask(Path folder, String request) {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve(NAME)))) {
            channel.write(ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8)));
            String answer = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
            if (!answer.startsWith(OK + "\n")) {
                throw CliException.usage("the server says: " + TerminalText.escapeLine(answer.strip()));
            }
            return Optional.of(answer.substring(OK.length() + 1));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// Waits for a copy under way: the store is closed next. Peers without a request are cut off.
    @Override
    public void close() {
        try {
            listener.close();
            Files.deleteIfExists(path);
            thread.join();
            for (SocketChannel peer : asking) {
                if (asking.remove(peer)) {
                    peer.close();
                }
            }
            peers.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "the store's socket stays open", e);
        }
    }
}
