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
            return new Rate(null, Integer.MAX_VALUE);
        }
        return new Rate(buckets.computeIfAbsent(new Limit(client.key().get(), perSecond),
                _ -> new TokenBucket(perSecond, perSecond, System.nanoTime())), perSecond);
    }

    /// The rate of one session. Used by its reading thread.
    static final class Rate {

        /// Shared with the client's other sessions, and guarded by itself; null without a limit.
        private final TokenBucket bucket;
        /// Requests of the next batch.
        private int allowed;
        private int unpaid;

        private Rate(TokenBucket bucket, int allowed) {
            this.bucket = bucket;
            this.allowed = allowed;
        }

        void count() {
            unpaid++;
        }

        /// Whether the batch has all requests that it may have.
        boolean isSpent() {
            return unpaid >= allowed;
        }

        /// Pays for the requests that were counted. Blocks until the rate allows them, a second at most.
        void pause() {
            if (bucket == null) {
                unpaid = 0;
                return;
            }
            long begin = System.nanoTime();
            long wait;
            synchronized (bucket) {
                wait = Math.min(MAX_PAUSE_NANOS, bucket.takeAll(unpaid, begin));
            }
            unpaid = 0;
            long now = begin;
            while (now - begin < wait && !Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(this, wait - (now - begin));
                now = System.nanoTime();
            }
            synchronized (bucket) {
                allowed = Math.max(1, bucket.available(now));
            }
        }
    }
}
