package dev.cipherlink.channel;

import java.io.IOException;
import java.io.InputStream;

/// Reads from a socket; before that parks the thread, it looks for bytes a short while, as long as that pays.
///
/// In a dialogue the peer has often answered within microseconds. To find that is cheaper than to be parked, polled for and
/// woken, which is two switches of threads, and much sooner. Between two looks other virtual threads may run. Used by one
/// thread.
public final class AdaptiveSpin {

    /// Looks that every wait begins with.
    private static final int FIRST_LOOKS = 4;
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    private final Decision decision = new Decision();

    /// As [InputStream#read(byte[], int, int)].
    public int read(InputStream in, byte[] buffer, int offset, int length) throws IOException {
        boolean isParking = !find(in);
        int count = in.read(buffer, offset, length);
        if (isParking) {
            decision.parked(System.nanoTime());
        }
        return count;
    }

    /// Whether the last read waited for a second or more.
    boolean hasRested() {
        return decision.hasRested();
    }

    /// @return false if nothing has come and it is time to wait for it
    private boolean find(InputStream in) throws IOException {
        for (int i = 0; i < FIRST_LOOKS; i++) {
            if (in.available() > 0) {
                return true;
            }
            Thread.yield();
        }
        decision.begin(System.nanoTime(), PROCESSORS);
        while (decision.goesOn(System.nanoTime())) {
            if (in.available() > 0) {
                decision.found();
                return true;
            }
            Thread.yield();
        }
        return false;
    }

    /// Whether to go on looking. It knows no clock.
    ///
    /// A wait spins if the one before was short. After a spin in vain some waits do not, twice as many each time.
    static final class Decision {

        /// How long one wait spins.
        static final long SPIN_NANOS = 100_000;
        /// The longest wait, with the wake-up, after which the next may spin.
        static final long SHORT_NANOS = 2 * SPIN_NANOS;
        /// After so long without having parked, a wait does not spin. A thread that spins and yields comes back to its carrier
        /// before those that the poller has woken.
        static final long TURN_NANOS = 500_000;
        private static final int MAX_PAUSE = 64;

        /// A wait after which a connection counts as one that was at rest.
        static final long REST_NANOS = 1_000_000_000;

        private boolean wasShort;
        private boolean hasRested;
        private boolean spins;
        private long begunAt;
        private long parkedAt;
        /// Waits that will not spin, and how many that were to be after the last spin in vain.
        private int pause;
        private int lastPause;

        /// A wait begins.
        ///
        /// @param processors on one, or a share of one, the peer may be what has to run: no wait spins
        void begin(long now, int processors) {
            begunAt = now;
            hasRested = false;
            if (pause > 0) {
                pause--;
                spins = false;
            } else {
                spins = processors > 1 && wasShort && now - parkedAt < TURN_NANOS;
            }
        }

        /// Whether to look again.
        boolean goesOn(long now) {
            return spins && now - begunAt < SPIN_NANOS;
        }

        /// The wait ended while it spun.
        void found() {
            lastPause = 0;
        }

        /// Whether the last wait that parked took a second or more, and none has begun since.
        boolean hasRested() {
            return hasRested;
        }

        /// The wait ended after the thread was parked.
        void parked(long now) {
            parkedAt = now;
            wasShort = now - begunAt <= SHORT_NANOS;
            hasRested = now - begunAt >= REST_NANOS;
            if (spins) {
                lastPause = Math.clamp(2L * lastPause, 1, MAX_PAUSE);
                pause = lastPause;
            }
        }
    }
}
