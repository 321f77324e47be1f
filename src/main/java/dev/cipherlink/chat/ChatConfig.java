package dev.cipherlink.chat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.function.LongSupplier;

/// The limits of a chat that an operator may choose.
///
/// @param messagesPerRoom   messages of a room that are kept
/// @param messagesPerSecond requests of one person in a second; [#BURST_SECONDS] times as many at once
/// @param idleAfter         time without a request after which a person is away
/// @param waitingPerName    direct messages that are kept for somebody who is not here
/// @param waitingTime       how long those are kept
public record ChatConfig(int messagesPerRoom, int messagesPerSecond, Duration idleAfter, int waitingPerName,
                         Duration waitingTime) {

    /// Of the direct messages that wait for somebody, one sender's are at most this part, or this many.
    private static final int SENDER_PART = 5;
    private static final int LEAST_OF_SENDER = 5;
    /// How many seconds' worth of requests a person may send at once.
    static final int BURST_SECONDS = 5;
    /// Rooms that one session may be in.
    static final int MAX_ROOMS_PER_SESSION = 100;
    /// Rooms with somebody in them.
    static final int MAX_ROOMS = 10_000;
    /// Sessions in a room up to which joins, leaves and absences are announced: beyond it they would outnumber
    /// the messages.
    static final int MAX_ANNOUNCED_SESSIONS = 250;
    /// How long somebody who was removed from a room cannot join it.
    static final Duration KICK_TIME = Duration.ofSeconds(60);

    /// 1,000 messages a room, 10 a second, away after 10 minutes, 100 waiting messages for 14 days.
    public static final ChatConfig DEFAULT =
            new ChatConfig(1_000, 10, Duration.ofMinutes(10), 100, Duration.ofDays(14));

    /// Direct messages of one sender that are kept for somebody.
    int waitingPerSender() {
        return Math.max(LEAST_OF_SENDER, waitingPerName / SENDER_PART);
    }

    public ChatConfig {
        if (messagesPerRoom < 1 || messagesPerSecond < 1 || waitingPerName < 1 || !idleAfter.isPositive()
                || !waitingTime.isPositive()) {
            throw new IllegalArgumentException("limits must be positive");
        }
    }

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
}
