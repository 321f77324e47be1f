package dev.cipherlink.linearizability;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Searches for an order of all answered requests of one key in which each has the answer that it had: one that keeps every request
/// behind those that were answered before it was sent. Requests without an answer may stand in it or not.
///
/// Depth first, with a set of what was tried: which requests are in the order so far, and what the key is then. A read that fits is taken
/// at once, since it changes nothing for the others, and so is a refusal.
public final class Linearizability {
    /// Beyond so many the search gives up, which is a failure of the test too. A history of a few clients takes about one for each request.
    private static final int MAX_TRIED = 500_000;

    /// With an answer, by the time at which they were sent.
    private final List<Operation> answered;
    private final List<Operation> unknown;
    private final BitSet done = new BitSet();
    private final BitSet unknownDone = new BitSet();
    private final Set<Tried> tried = new HashSet<>();
    private final Deque<Step> order = new ArrayDeque<>();
    private Impasse longest = new Impasse(-1, KeyState.MISSING, List.of());

    /// Which requests are in an order, and the key behind them.
    ///
    /// @param first of the answered ones that is not in it
    /// @param rest  those behind `first` that are
    private record Tried(int first, BitSet rest, BitSet unknown, KeyState state) {
    }

    /// The end of an order, for the message of a violation.
    ///
    /// @param count of answered requests in it
    /// @param open  what might have been next
    private record Impasse(int count, KeyState state, List<Integer> open) {
    }

    /// A request that may be next, and what the key is then.
    private record Choice(Operation operation, int index, KeyState state) {
    }

    /// What may follow an order.
    private static final class Step {
        private final List<Choice> choices;
        private int next;
        private Choice taken;

        private Step(List<Choice> choices) {
            this.choices = choices;
        }
    }

    private Linearizability(List<Operation> history) {
        answered = history.stream().filter(each -> !each.isUnknown()).sorted(Comparator.comparingLong(Operation::invokedAt)).toList();
        unknown = history.stream().filter(each -> each.isUnknown() && !each.changesNothing()).toList();
    }

    /// What is wrong with the history of one key that did not exist before.
    ///
    /// @return empty if nothing is
    public static Optional<String> violation(List<Operation> history) {
        return new Linearizability(history).search();
    }

    private Optional<String> search() {
        if (!answered.isEmpty()) {
            order.push(new Step(choices(KeyState.MISSING)));
        }
        while (done.cardinality() < answered.size()) {
            Step step = order.peek();
            undo(step);
            if (step.next == step.choices.size()) {
                order.pop();
                if (order.isEmpty()) {
                    return Optional.of("after %d of %d requests the key is %s, and none of these can be next: %s".formatted(longest.count,
                            answered.size(), longest.state, longest.open.stream().map(answered::get).toList()));
                }
                continue;
            }
            step.taken = step.choices.get(step.next++);
            mark(step.taken, true);
            if (isNew(step.taken.state)) {
                order.push(new Step(choices(step.taken.state)));
            }
        }
        return Optional.empty();
    }

    private void undo(Step step) {
        if (step.taken != null) {
            mark(step.taken, false);
            step.taken = null;
        }
    }

    private void mark(Choice choice, boolean isDone) {
        (choice.operation.isUnknown() ? unknownDone : done).set(choice.index, isDone);
    }

    private boolean isNew(KeyState state) {
        if (tried.size() == MAX_TRIED) {
            throw new IllegalStateException("the history is too entangled to be checked: fewer requests at a time, or of unknown outcome");
        }
        int first = done.nextClearBit(0);
        return tried.add(new Tried(first, done.get(first, Math.max(first, done.length())), (BitSet) unknownDone.clone(), state));
    }

    /// What may be next: a request that was sent before any other one that is left was answered.
    private List<Choice> choices(KeyState state) {
        long firstAnswer = Operation.NEVER;
        var open = new ArrayList<Integer>();
        for (int i = done.nextClearBit(0); i < answered.size() && answered.get(i).invokedAt() <= firstAnswer; i = done.nextClearBit(i + 1)) {
            open.add(i);
            firstAnswer = Math.min(firstAnswer, answered.get(i).answeredAt());
        }
        long before = firstAnswer;
        open.removeIf(index -> answered.get(index).invokedAt() > before);
        open.sort(Comparator.comparingLong(index -> answered.get(index).answeredAt()));
        if (done.cardinality() > longest.count) {
            longest = new Impasse(done.cardinality(), state, open);
        }
        var choices = new ArrayList<Choice>();
        for (int index : open) {
            Operation operation = answered.get(index);
            for (KeyState next : state.after(operation)) {
                if (operation.changesNothing() && next.equals(state)) {
                    return List.of(new Choice(operation, index, next));
                }
                choices.add(new Choice(operation, index, next));
            }
        }
        for (int index = 0; index < unknown.size(); index++) {
            Operation operation = unknown.get(index);
            if (!unknownDone.get(index) && operation.invokedAt() <= before) {
                for (KeyState next : state.after(operation)) {
                    if (!next.equals(state)) {
                        choices.add(new Choice(operation, index, next));
                    }
                }
            }
        }
        return choices;
    }
}
