package dev.cipherlink.server;

import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.server.RemoteListener.Bound;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// The listeners of all clients, and which address each one has. Thread-safe.
final class RemoteListeners {

    static final int MAX_PER_KEY = 32;
    /// A listener that was closed may keep its port for a moment.
    private static final Duration RELEASE_TIME = Duration.ofSeconds(2);
    private static final Duration RELEASE_CHECK = Duration.ofMillis(10);

    private final Server server;
    private final Set<RemoteListener> listeners = ConcurrentHashMap.newKeySet();

    RemoteListeners(Server server) {
        this.server = server;
    }

    /// Counts a listener.
    ///
    /// @return null if it was counted; otherwise the reason for the refusal
    synchronized String enter(RemoteListener listener) {
        if (listeners.stream().filter(other -> isOfSameKey(other, listener)).count() >= MAX_PER_KEY) {
            return "this key listens on " + MAX_PER_KEY + " addresses, and may not have more";
        }
        listeners.add(listener);
        return null;
    }

    private static boolean isOfSameKey(RemoteListener one, RemoteListener other) {
        return one.session().client().key().equals(other.session().client().key());
    }

    void leave(RemoteListener listener) {
        listeners.remove(listener);
    }

    /// Binds the first one that is free. The only one is also taken from a session of the same key that waits for its client, which ends. Blocks for
    /// a moment.
    ///
    /// @throws TargetException if none can be bound; the message says who has it
    List<ServerSocketChannel> bind(RemoteListener asking, List<ForwardSpec> specs) throws IOException {
        for (int i = 0; ; i++) {
            try {
                return asking.listenOn(bind(asking, specs.get(i), specs.size() == 1));
            } catch (TargetException e) {
                if (e.refusal() != Refusal.IN_USE || i == specs.size() - 1) {
                    throw e;
                }
            }
        }
    }

    private Bound bind(RemoteListener asking, ForwardSpec spec, boolean mayTakeOver) throws TargetException {
        long deadline = System.nanoTime();
        while (true) {
            try {
                return Bound.of(spec);
            } catch (IOException e) {
                RemoteListener holder = listeners.stream().filter(listener -> listener.isInTheWayOf(spec)).findFirst().orElse(null);
                if (holder != null) {
                    requireTakeOver(asking, spec, holder, mayTakeOver);
                    deadline = System.nanoTime() + RELEASE_TIME.toNanos();
                } else if (System.nanoTime() >= deadline) {
                    throw new TargetException(ForwardSpec.isInUse(e) ? Refusal.IN_USE : Refusal.FAILED, String.valueOf(e.getMessage()));
                }
            }
            pause();
        }
    }

    private void requireTakeOver(RemoteListener asking, ForwardSpec spec, RemoteListener holder, boolean mayTakeOver) throws TargetException {
        if (!isOfSameKey(holder, asking)) {
            throw new TargetException(Refusal.IN_USE, spec.listenText() + " is taken by " + holder.session().client().name());
        }
        if (!mayTakeOver || !server.channelSessions.endIfDetached(holder.session(), "another session of its key listens on its address")) {
            throw new TargetException(Refusal.IN_USE, spec.listenText() + " is taken by another session of your key, whose client is there");
        }
    }

    private static void pause() throws TargetException {
        try {
            Thread.sleep(RELEASE_CHECK);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TargetException(Refusal.FAILED, "the server stopped waiting for the address");
        }
    }

    /// What the listeners of a session are bound to.
    List<String> addressesOf(ChannelSession session) {
        return bound().filter(listener -> listener.session() == session).map(RemoteListener::address).sorted().toList();
    }

    private Stream<RemoteListener> bound() {
        return listeners.stream().filter(listener -> !listener.address().isEmpty());
    }

    int size() {
        return (int) bound().count();
    }
}
