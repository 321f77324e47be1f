package dev.cipherlink.server.sessions;

import dev.cipherlink.budget.TokenBucket;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/// Limits how many requests a client sends in a second, over all its connections (`rate=` in its line). Thread-safe.
public final class RequestRates {

    /// At most so long for one batch, so that its connection stays alive: each connection has one request a second served,
    /// whatever the rate.
    private static final long MAX_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    private final Map<Limit, TokenBucket> buckets = new ConcurrentHashMap<>();

    /// @param perSecond also the number that may come at once
    private record Limit(PublicKey key, int perSecond) {
    }

    Rate of(ClientIdentity client) {
        int perSecond = client.rights().rate();
        if (perSecond == 0 || client.key().isEmpty()) {
            return new Rate(null);
        }
        return new Rate(buckets.computeIfAbsent(new Limit(client.key().get(), perSecond),
                _ -> new TokenBucket(perSecond, perSecond, System.nanoTime())));
    }

    /// The rate of one session. Used by its reading thread.
    static final class Rate {

        /// Shared with the client's other sessions, and guarded by itself; null without a limit.
        private final TokenBucket bucket;
        private boolean isSpent;

        private Rate(TokenBucket bucket) {
            this.bucket = bucket;
        }

        /// Takes the tokens of a request, one for each of its commands. The next request of another session finds them gone, whenever that
        /// session began.
        void count(int commands) {
            if (bucket != null) {
                synchronized (bucket) {
                    long now = System.nanoTime();
                    bucket.takeAll(commands, now);
                    isSpent = bucket.available(now) <= 0;
                }
            }
        }

        /// Whether the last request took the last token, or made a debt: its batch ends.
        boolean isSpent() {
            return isSpent;
        }

        /// Blocks until the debt is paid, a second at most.
        void pause() {
            if (bucket == null) {
                return;
            }
            isSpent = false;
            long begin = System.nanoTime();
            long wait;
            synchronized (bucket) {
                wait = Math.min(MAX_PAUSE_NANOS, bucket.takeAll(0, begin));
            }
            long now = begin;
            while (now - begin < wait && !Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(this, wait - (now - begin));
                now = System.nanoTime();
            }
        }
    }
}
