package dev.cipherlink.store;

import java.util.concurrent.atomic.AtomicLong;

/// What a store on disk counts, and goes on counting when it is opened again.
///
/// @param lastVersion the largest version given to a value
record StoreCounters(StoreClock clock, AtomicLong lastVersion) {

    long nextVersion() {
        return lastVersion.incrementAndGet();
    }
}
