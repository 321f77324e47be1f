package dev.cipherlink.linearizability;

/// A request on one key, as its client saw it.
///
/// @param client     which client
/// @param request    what was asked
/// @param answer     the text of the answer; null if its outcome is unknown: it may have run, or may run at any later time
/// @param invokedAt  monotonic time in nanoseconds, before it was sent
/// @param answeredAt the same, after its answer came; [#NEVER] if none did
public record Operation(String client, Request request, String answer, long invokedAt, long answeredAt) {
    static final long NEVER = Long.MAX_VALUE;

    /// One whose answer never came.
    public static Operation unknown(String client, Request request, long invokedAt) {
        return new Operation(client, request, null, invokedAt, NEVER);
    }

    boolean isUnknown() {
        return answer == null;
    }

    /// Whether it has changed nothing, and cannot: it reads, or was refused.
    boolean changesNothing() {
        return request instanceof Request.Get || request instanceof Request.Version || answer != null && answer.startsWith("ERROR ");
    }

    @Override
    public String toString() {
        return "%s: %s -> %s [%d us, %s]".formatted(client, request, isUnknown() ? "unknown" : answer, invokedAt / 1_000,
                answeredAt == NEVER ? "never" : answeredAt / 1_000 + " us");
    }

    /// What is asked of a key.
    public sealed interface Request {
        record Get() implements Request {
        }

        record Set(String value) implements Request {
        }

        record Append(String suffix) implements Request {
        }

        record Incr(long by) implements Request {
        }

        record Delete() implements Request {
        }

        record Expire(long nanos) implements Request {
        }

        record Version() implements Request {
        }

        record Cas(long version, String value) implements Request {
        }
    }
}
