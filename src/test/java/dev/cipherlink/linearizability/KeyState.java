package dev.cipherlink.linearizability;

import dev.cipherlink.linearizability.Operation.Request;
import java.util.ArrayList;
import java.util.List;

/// What a key is after some of its requests, as far as their answers tell.
///
/// @param value        null if the key does not exist
/// @param version      of the value; 0 while no answer has told it
/// @param floor        versions are larger than this one, but for that of the value if it is known
/// @param expiresFrom  the deadline is not before this time; [Operation#NEVER] if there is none
/// @param expiresUntil the deadline is not after this time
record KeyState(String value, long version, long floor, long expiresFrom, long expiresUntil) {
    static final KeyState MISSING = new KeyState(null, 0, 0, Operation.NEVER, Operation.NEVER);

    /// Clocks of client and server may disagree so much over the seconds of a deadline.
    private static final long CLOCK_NANOS = 100_000_000L;
    private static final String NOT_FOUND = "ERROR not found";
    private static final String CONFLICT = "ERROR conflict, version is ";

    /// The states in which the key may be after this request, if it has this answer; none if it cannot have it.
    List<KeyState> after(Operation operation) {
        var next = new ArrayList<KeyState>(2);
        if (expiresFrom == Operation.NEVER) {
            add(next, run(operation));
            return next;
        }
        if (operation.invokedAt() <= expiresUntil) {
            // It is there at a moment after `invokedAt`, so the deadline is later than that.
            add(next, new KeyState(value, version, floor, Math.max(expiresFrom, operation.invokedAt()), expiresUntil).run(operation));
        }
        if (operation.answeredAt() >= expiresFrom) {
            add(next, missing().run(operation));
        }
        return next;
    }

    private static void add(List<KeyState> states, KeyState state) {
        if (state != null) {
            states.add(state);
        }
    }

    /// @return null if it cannot have this answer
    private KeyState run(Operation operation) {
        String answer = operation.answer();
        return switch (operation.request()) {
            case Request.Get() -> isAnswer(answer, exists() ? value : NOT_FOUND) ? this : null;
            case Request.Set(String newValue) -> isAnswer(answer, "OK") ? written(newValue, false) : null;
            case Request.Append(String suffix) -> append(suffix, answer);
            case Request.Incr(long by) -> increment(by, answer);
            case Request.Delete() -> isAnswer(answer, exists() ? "OK" : NOT_FOUND) ? missing() : null;
            case Request.Expire(long nanos) -> expire(nanos, operation);
            case Request.Version() -> answer == null ? this : withVersion(number(answer));
            case Request.Cas(long expected, String newValue) -> swap(expected, newValue, answer);
        };
    }

    private static boolean isAnswer(String answer, String right) {
        return answer == null || answer.equals(right);
    }

    private boolean exists() {
        return value != null;
    }

    private KeyState missing() {
        return new KeyState(null, 0, Math.max(floor, version), Operation.NEVER, Operation.NEVER);
    }

    /// With a value whose version is not known yet.
    private KeyState written(String newValue, boolean keepsExpiry) {
        return new KeyState(newValue, 0, Math.max(floor, version), keepsExpiry ? expiresFrom : Operation.NEVER,
                keepsExpiry ? expiresUntil : Operation.NEVER);
    }

    private KeyState append(String suffix, String answer) {
        String longer = exists() ? value + suffix : suffix;
        return isAnswer(answer, Integer.toString(longer.length())) ? written(longer, true) : null;
    }

    private KeyState increment(long by, String answer) {
        try {
            String sum = Long.toString(Math.addExact(exists() ? Long.parseLong(value) : 0, by));
            return isAnswer(answer, sum) ? written(sum, true) : null;
        } catch (ArithmeticException | NumberFormatException e) {
            return answer == null || answer.startsWith("ERROR ") && !answer.equals(NOT_FOUND) ? this : null;
        }
    }

    private KeyState expire(long nanos, Operation operation) {
        if (!exists()) {
            return isAnswer(operation.answer(), NOT_FOUND) ? this : null;
        }
        long until = operation.answeredAt() == Operation.NEVER ? Operation.NEVER - 1 : operation.answeredAt() + nanos + CLOCK_NANOS;
        return isAnswer(operation.answer(), "OK")
                ? new KeyState(value, version, floor, operation.invokedAt() + nanos - CLOCK_NANOS, until) : null;
    }

    /// The same, told to have this version; 0 for a key that does not exist.
    ///
    /// @return null if it cannot have it
    private KeyState withVersion(long told) {
        if (!exists()) {
            return told == 0 ? this : null;
        }
        boolean isPossible = version == 0 ? told > floor : told == version;
        return isPossible ? new KeyState(value, told, floor, expiresFrom, expiresUntil) : null;
    }

    private KeyState swap(long expected, String newValue, String answer) {
        if (answer != null && answer.startsWith(CONFLICT)) {
            long told = number(answer.substring(CONFLICT.length()));
            return told == expected ? null : withVersion(told);
        }
        KeyState found = withVersion(expected);
        if (found == null) {
            // Without an answer it may have found another version, and changed nothing.
            return answer == null ? this : null;
        }
        KeyState swapped = found.written(newValue, false);
        if (answer == null) {
            return swapped;
        }
        return answer.startsWith("OK ") ? swapped.withVersion(number(answer.substring("OK ".length()))) : null;
    }

    /// @return -1, which no version is, if it is no number
    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
