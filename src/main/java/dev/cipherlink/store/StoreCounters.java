package dev.cipherlink.store;

import java.util.concurrent.atomic.AtomicLong;

/// What a store on disk counts, and goes on counting when it is opened again.
///
/// @param lastVersion the largest version given to a value
/// @param keys        the number of entries, expired ones included that are not yet taken away
record StoreCounters(StoreClock clock, AtomicLong lastVersion, AtomicLong keys) {

    long nextVersion() {
        return lastVersion.incrementAndGet();
    }
}
