package dev.cipherlink.linearizability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.linearizability.Operation.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The check itself: it accepts what one store can answer, and finds what no store can.
class LinearizabilityTest {
    private static final String NOT_FOUND = "ERROR not found";
    private static final long SECOND = 1_000_000_000L;

    private final List<Operation> history = new ArrayList<>();

    private LinearizabilityTest ask(Request request, String answer, long invokedAt, long answeredAt) {
        history.add(new Operation("c" + history.size(), request, answer, invokedAt, answeredAt));
        return this;
    }

    private LinearizabilityTest askWithoutAnswer(Request request, long invokedAt) {
        history.add(Operation.unknown("c" + history.size(), request, invokedAt));
        return this;
    }

    private void isGood() {
        assertEquals(Optional.empty(), Linearizability.violation(history));
    }

    private void isWrong() {
        assertTrue(Linearizability.violation(history).isPresent(), history::toString);
    }

    @Test
    void nothingIsGood() {
        isGood();
    }

    @Test
    void aStaleReadIsFound() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Set("b"), "OK", 2, 3).ask(new Request.Get(), "a", 4, 5).isWrong();
    }

    @Test
    void aReadBesideAWriteMaySeeEither() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Set("b"), "OK", 2, 9)
                .ask(new Request.Get(), "a", 3, 5).ask(new Request.Get(), "b", 6, 8).isGood();
    }

    /// Two reads, one after the other, beside one write: what the first saw the second must see too.
    @Test
    void aReadThatGoesBackIsFound() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Set("b"), "OK", 2, 9)
                .ask(new Request.Get(), "b", 3, 5).ask(new Request.Get(), "a", 6, 8).isWrong();
    }

    @Test
    void aReadOfWhatNobodyWroteIsFound() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Get(), "c", 2, 3).isWrong();
    }

    @Test
    void aLostWriteIsFound() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Get(), NOT_FOUND, 2, 3).isWrong();
    }

    @Test
    void aLostUpdateIsFound() {
        ask(new Request.Incr(1), "1", 0, 5).ask(new Request.Incr(1), "1", 1, 4).isWrong();
    }

    @Test
    void aDoubledIncrementIsFound() {
        ask(new Request.Incr(1), "1", 0, 1).ask(new Request.Incr(1), "3", 2, 3).isWrong();
    }

    @Test
    void anIncrementOfUnknownOutcomeRanOnceOrNever() {
        ask(new Request.Incr(1), "1", 0, 1).askWithoutAnswer(new Request.Incr(1), 2);
        ask(new Request.Get(), "1", 3, 4).isGood();
        ask(new Request.Get(), "2", 5, 6).isGood();
        ask(new Request.Get(), "2", 7, 8).isGood();
        ask(new Request.Get(), "3", 9, 10).isWrong();
    }

    @Test
    void whatRanIsNotUndone() {
        ask(new Request.Incr(1), "1", 0, 1).askWithoutAnswer(new Request.Incr(1), 2);
        ask(new Request.Get(), "2", 3, 4).ask(new Request.Get(), "1", 5, 6).isWrong();
    }

    @Test
    void aRequestDoesNotRunBeforeItIsSent() {
        ask(new Request.Get(), "a", 0, 1).askWithoutAnswer(new Request.Set("a"), 2).isWrong();
    }

    @Test
    void aDoubledAppendIsFound() {
        ask(new Request.Append("ab"), "2", 0, 1).ask(new Request.Append("cd"), "6", 2, 3).isWrong();
    }

    @Test
    void appendsStandInOneOrder() {
        ask(new Request.Append("a"), "1", 0, 9).ask(new Request.Append("b"), "2", 0, 9).ask(new Request.Get(), "ab", 10, 11).isGood();
        ask(new Request.Get(), "ba", 12, 13).isWrong();
    }

    @Test
    void aDeletedKeyDoesNotComeBack() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Delete(), "OK", 2, 3).ask(new Request.Get(), "a", 4, 5).isWrong();
    }

    @Test
    void ofTwoDeletesOneFindsTheKey() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Delete(), "OK", 2, 5).ask(new Request.Delete(), NOT_FOUND, 2, 5).isGood();
        ask(new Request.Delete(), "OK", 2, 5).isWrong();
    }

    @Test
    void ofTwoSwapsOfAVersionOneSucceeds() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Version(), "7", 2, 3);
        ask(new Request.Cas(7, "b"), "OK 9", 4, 8).ask(new Request.Cas(7, "c"), "ERROR conflict, version is 9", 4, 8);
        ask(new Request.Get(), "b", 9, 10).isGood();
        ask(new Request.Cas(7, "d"), "OK 12", 4, 8).isWrong();
    }

    @Test
    void aSwapOverAWriteIsFound() {
        ask(new Request.Cas(0, "a"), "OK 3", 0, 1).ask(new Request.Set("b"), "OK", 2, 3).ask(new Request.Cas(3, "c"), "OK 5", 4, 5).isWrong();
    }

    @Test
    void versionsGrow() {
        ask(new Request.Cas(0, "a"), "OK 3", 0, 1).ask(new Request.Delete(), "OK", 2, 3).ask(new Request.Cas(0, "b"), "OK 3", 4, 5).isWrong();
    }

    @Test
    void aKeyEndsAtItsDeadline() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Expire(5 * SECOND), "OK", 2, 3);
        ask(new Request.Get(), "a", 4 * SECOND, 4 * SECOND + 1);
        ask(new Request.Get(), NOT_FOUND, 6 * SECOND, 6 * SECOND + 1).isGood();
    }

    @Test
    void aKeyThatOutlivesItsDeadlineIsFound() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Expire(5 * SECOND), "OK", 2, 3);
        ask(new Request.Get(), "a", 6 * SECOND, 6 * SECOND + 1).isWrong();
    }

    @Test
    void aKeyThatEndsTooEarlyIsFound() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Expire(5 * SECOND), "OK", 2, 3);
        ask(new Request.Get(), NOT_FOUND, 4 * SECOND, 4 * SECOND + 1).isWrong();
    }

    @Test
    void aWriteTakesTheDeadlineAwayAndAnIncrementKeepsIt() {
        ask(new Request.Set("1"), "OK", 0, 1).ask(new Request.Expire(SECOND), "OK", 2, 3).ask(new Request.Set("2"), "OK", 4, 5);
        ask(new Request.Get(), "2", 3 * SECOND, 3 * SECOND + 1).isGood();
        ask(new Request.Expire(SECOND), "OK", 4 * SECOND, 4 * SECOND + 1).ask(new Request.Incr(1), "3", 4 * SECOND + 2, 4 * SECOND + 3);
        ask(new Request.Incr(1), "1", 6 * SECOND, 6 * SECOND + 1).isGood();
        ask(new Request.Get(), "2", 7 * SECOND, 7 * SECOND + 1).isWrong();
    }

    @Test
    void whatWasSeenGoneStaysGone() {
        ask(new Request.Set("a"), "OK", 0, 1).ask(new Request.Expire(SECOND), "OK", 2, SECOND);
        ask(new Request.Get(), NOT_FOUND, SECOND + 1, SECOND + 2).ask(new Request.Get(), "a", SECOND + 3, SECOND + 4).isWrong();
    }

    /// Faults of a store, each of which makes a history that is wrong for certain.
    private enum Fault { NONE, STALE_READ, LOST_UPDATE, DOUBLED_INCREMENT }

    /// Eight clients at once over a store in which each request runs at one moment between its sending and its answer; one in
    /// forty is not answered. Behind them one client alone meets the fault.
    @ParameterizedTest
    @EnumSource
    void historiesOfManyClients(Fault fault) {
        for (int seed = 0; seed < 60; seed++) {
            history.clear();
            var clients = new SimulatedClients(new Random(seed), 40, history);
            clients.run(150);
            clients.meet(fault);
            clients.run(50);
            if (fault == Fault.NONE) {
                isGood();
            } else {
                isWrong();
            }
        }
    }

    private static final class SimulatedClients {
        private static final int CLIENTS = 8;

        private final Random random;
        private final int answersForOneLost;
        private final List<Operation> history;
        private final Request[] requests = new Request[CLIENTS];
        private final String[] answers = new String[CLIENTS];
        private final long[] invokedAt = new long[CLIENTS];
        private String value;
        private long version;
        private long time;
        private int written;

        SimulatedClients(Random random, int answersForOneLost, List<Operation> history) {
            this.random = random;
            this.answersForOneLost = answersForOneLost;
            this.history = history;
        }

        /// Each step sends a request, runs one, or answers one.
        void run(int requestsToSend) {
            int left = requestsToSend;
            boolean isBusy = true;
            while (left > 0 || isBusy) {
                int client = random.nextInt(CLIENTS);
                time++;
                if (requests[client] == null && left > 0) {
                    requests[client] = newRequest();
                    invokedAt[client] = time;
                    left--;
                } else if (requests[client] != null && answers[client] == null) {
                    answers[client] = run(requests[client]);
                } else if (requests[client] != null) {
                    history.add(random.nextInt(answersForOneLost) == 0 ? Operation.unknown("c" + client, requests[client], invokedAt[client])
                            : new Operation("c" + client, requests[client], answers[client], invokedAt[client], time));
                    requests[client] = null;
                    answers[client] = null;
                }
                isBusy = false;
                for (Request request : requests) {
                    isBusy |= request != null;
                }
            }
        }

        private Request newRequest() {
            return switch (random.nextInt(8)) {
                case 0 -> new Request.Set(Integer.toString(1_000 * ++written));
                case 1 -> new Request.Append(Integer.toString(random.nextInt(1, 10)));
                case 2 -> new Request.Delete();
                case 3 -> new Request.Cas(random.nextBoolean() ? version : 0, Integer.toString(1_000 * ++written));
                case 4 -> new Request.Version();
                case 5, 6 -> new Request.Incr(1 + random.nextInt(3));
                default -> new Request.Get();
            };
        }

        private String run(Request request) {
            return switch (request) {
                case Request.Get() -> value == null ? NOT_FOUND : value;
                case Request.Set(String newValue) -> write(newValue, "OK");
                case Request.Append(String suffix) -> {
                    String longer = value == null ? suffix : value + suffix;
                    yield write(longer, Integer.toString(longer.length()));
                }
                case Request.Incr(long by) -> increment(by);
                case Request.Delete() -> {
                    String answer = value == null ? NOT_FOUND : "OK";
                    value = null;
                    yield answer;
                }
                case Request.Expire(long _) -> throw new IllegalArgumentException("no clock here");
                case Request.Version() -> Long.toString(value == null ? 0 : version);
                case Request.Cas(long expected, String newValue) -> expected == (value == null ? 0 : version)
                        ? write(newValue, "OK " + (version + 1)) : "ERROR conflict, version is " + (value == null ? 0 : version);
            };
        }

        private String write(String newValue, String answer) {
            value = newValue;
            version++;
            return answer;
        }

        private String increment(long by) {
            try {
                String sum = Long.toString(Math.addExact(value == null ? 0 : Long.parseLong(value), by));
                return write(sum, sum);
            } catch (ArithmeticException | NumberFormatException e) {
                return "ERROR the number would not fit into 64 bits";
            }
        }

        /// Nothing else runs meanwhile but what was never answered, which may run at any time: none of it makes such values.
        void meet(Fault fault) {
            alone(new Request.Set("500000001"), "OK");
            switch (fault) {
                case NONE -> alone(new Request.Get(), "500000001");
                case STALE_READ -> {
                    alone(new Request.Set("600000001"), "OK");
                    alone(new Request.Get(), "500000001");
                }
                case LOST_UPDATE -> {
                    alone(new Request.Incr(10_000), "500010001");
                    alone(new Request.Incr(10_000), "500010001");
                }
                case DOUBLED_INCREMENT -> {
                    alone(new Request.Incr(10_000), "500010001");
                    alone(new Request.Get(), "500020001");
                }
            }
            value = "600000001";
            version += 10;
            alone(new Request.Set(value), "OK");
        }

        private void alone(Request request, String answer) {
            time += 2;
            history.add(new Operation("alone", request, answer, time - 1, time));
        }
    }

    /// A search without memory would take for ever.
    @Test
    void aLongHistoryIsCheckedInTime() {
        var clients = new SimulatedClients(new Random(1), 2_000, history);
        clients.run(20_000);
        clients.meet(Fault.NONE);
        isGood();
    }
}
