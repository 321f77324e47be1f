package dev.cipherlink.chat;

import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.function.LongSupplier;

/// The clocks of a chat.
///
/// @param nanoTime monotonic, in nanoseconds, with any origin: for rates, idleness and everything that ends
/// @param wall     for the times that people see, and for what outlives the process
public record ChatClock(LongSupplier nanoTime, InstantSource wall) {

    /// The system's.
    public static final ChatClock SYSTEM = new ChatClock(System::nanoTime, InstantSource.system());

    long nanos() {
        return nanoTime.getAsLong();
    }

    Instant now() {
        return wall.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
