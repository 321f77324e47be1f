package dev.cipherlink.client;

import dev.cipherlink.client.RequestException.NotDoneException;
import dev.cipherlink.client.RequestException.RefusedException;
import dev.cipherlink.command.Event;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The changes of the keys with one prefix, in the order in which they were made durable; made by [Client#watch].
///
/// Thread-safe. Closing it ends the watch.
public final class Watch implements AutoCloseable {

    /// Changes that wait to be taken; more are counted as missed.
    private static final int MAX_WAITING = 65_536;

    private final Client client;
    private final Watches watches;
    private final String prefix;
    private final BlockingQueue<Object> changes = new LinkedBlockingQueue<>();
    private volatile boolean isMissing;

    private Watch(Client client, Watches watches, String prefix) {
        this.client = client;
        this.watches = watches;
        this.prefix = prefix;
    }

    /// What became of a key.
    public sealed interface Change {

        /// The key has a value, or another one.
        record Set(String key) implements Change {
        }

        /// The key was deleted.
        record Deleted(String key) implements Change {
        }

        /// The key is gone, since its expiry is over.
        record Expired(String key) implements Change {
        }

        /// Changes may have been missed, since this client was too slow, or its session or the server had to begin anew: read the
        /// keys again. Later changes are told again.
        record Missed() implements Change {
        }
    }

    /// The client has ended.
    private record Ended(IOException cause) {
    }

    /// The next change. Blocks until there is one.
    ///
    /// @throws NotDoneException if the client has ended: no other change comes
    public Change take() throws NotDoneException, InterruptedException {
        return change(changes.take());
    }

    /// The next change; empty if there is none within this time. Blocks for so long.
    ///
    /// @throws NotDoneException if the client has ended: no other change comes
    public Optional<Change> poll(Duration limit) throws NotDoneException, InterruptedException {
        Object next = changes.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
        return next == null ? Optional.empty() : Optional.of(change(next));
    }

    private Change change(Object next) throws NotDoneException {
        return switch (next) {
            case Ended(IOException cause) -> {
                changes.add(next); // for the next call
                throw new NotDoneException(cause);
            }
            case Change.Missed missed -> {
                isMissing = false;
                yield missed;
            }
            default -> (Change) next;
        };
    }

    private void heard(String key, Change change) {
        if (!key.startsWith(prefix)) {
            return;
        }
        if (changes.size() < MAX_WAITING) {
            changes.add(change);
        } else {
            missed();
        }
    }

    /// Once until it is taken.
    private void missed() {
        if (!isMissing) {
            isMissing = true;
            changes.add(new Change.Missed());
        }
    }

    /// Ends it. Blocks only while too many requests are waiting.
    @Override
    public void close() {
        watches.remove(this);
    }

    /// All watches of one client. The lock keeps requests for one prefix in the order of their watches.
    static final class Watches {
        private final List<Watch> open = new CopyOnWriteArrayList<>();

        /// Begins a watch. Blocks until the server has it.
        Watch add(Client client, String prefix) throws RequestException, InterruptedException {
            client.requireNoHandler();
            var watch = new Watch(client, this, prefix);
            try {
                Client.join(begin(watch));
                return watch;
            } catch (RequestException | InterruptedException | RuntimeException e) {
                open.remove(watch);
                throw e;
            }
        }

        private synchronized CompletableFuture<Void> begin(Watch watch) throws RequestException, InterruptedException {
            open.add(watch);
            return watch.client.submit(Request.watch(watch.prefix));
        }

        private synchronized void remove(Watch watch) {
            if (!open.remove(watch) || open.stream().anyMatch(other -> other.prefix.equals(watch.prefix))) {
                return;
            }
            try {
                watch.client.submit(Request.unwatch(watch.prefix));
            } catch (RequestException e) {
                // The session is over, and the watch with it.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /// Hands an event to the watches that it is for. Does not block.
        void heard(byte[] payload) {
            if (open.isEmpty()) {
                return;
            }
            try {
                switch (Event.decode(payload, 0, payload.length)) {
                    case Event.KeySet(String key) -> open.forEach(watch -> watch.heard(key, new Change.Set(key)));
                    case Event.KeyDeleted(String key) -> open.forEach(watch -> watch.heard(key, new Change.Deleted(key)));
                    case Event.KeyExpired(String key) -> open.forEach(watch -> watch.heard(key, new Change.Expired(key)));
                    // A sentence for people; those about watches say that something was missed.
                    case Event.Notice _ -> open.forEach(Watch::missed);
                    default -> { }
                }
            } catch (ProtocolException e) {
                // An event that this version does not know.
            }
        }

        /// Asks for the watches again in a session that is new; each tells that something was missed once the server has it.
        /// Returns at once.
        void renew() {
            if (!open.isEmpty()) {
                Thread.startVirtualThread(() -> open.forEach(this::renew));
            }
        }

        private synchronized void renew(Watch watch) {
            if (!open.contains(watch)) {
                return;
            }
            try {
                watch.client.submit(Request.watch(watch.prefix)).whenComplete((_, failure) -> {
                    if (failure == null) {
                        watch.missed();
                    } else if (failure instanceof RefusedException refused) {
                        watch.changes.add(new Ended(refused));
                    } // else that session is over as well, and the next asks again
                });
            } catch (RequestException | InterruptedException e) {
                // The client has ended.
            }
        }

        /// No other event will come.
        void ended(IOException cause) {
            open.forEach(watch -> watch.changes.add(new Ended(cause)));
        }
    }
}
