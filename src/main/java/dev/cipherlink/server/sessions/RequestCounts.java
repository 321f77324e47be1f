package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Reply.Outcome;
import dev.cipherlink.command.Verb;
import dev.cipherlink.metrics.DurationHistogram;
import dev.cipherlink.metrics.MetricsReport;
import dev.cipherlink.metrics.MetricsReport.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The requests of a server by verb and outcome, and how long they took. Thread-safe.
public final class RequestCounts {

    private static final Verb[] VERBS = Verb.values();
    private static final int OUTCOMES = Outcome.values().length;

    /// For each verb one of each outcome, and behind them those of requests without a verb.
    private final LongAdder[] counts = Stream.generate(LongAdder::new).limit((VERBS.length + 1L) * OUTCOMES).toArray(LongAdder[]::new);
    private final DurationHistogram durations = new DurationHistogram();

    /// @param verb null if the request has none
    void count(Verb verb, Outcome outcome) {
        counts[index(verb == null ? VERBS.length : verb.ordinal(), outcome)].increment();
    }

    /// Records the requests of a batch: all of them are answered when its changes are durable.
    ///
    /// @param nanos from the first request until then
    void completed(int requests, long nanos) {
        durations.record(nanos, requests);
    }

    private static int index(int verb, Outcome outcome) {
        return verb * OUTCOMES + outcome.ordinal();
    }

    public long sum() {
        return Arrays.stream(counts).mapToLong(LongAdder::sum).sum();
    }

    public long sum(Outcome outcome) {
        return IntStream.rangeClosed(0, VERBS.length).mapToLong(verb -> counts[index(verb, outcome)].sum()).sum();
    }

    /// Every verb has all outcomes from the start, so that a rate sees the first failure.
    public void addTo(MetricsReport report) {
        List<Sample> samples = new ArrayList<>();
        for (int verb = 0; verb <= VERBS.length; verb++) {
            String word = verb == VERBS.length ? "none" : MetricsReport.word(VERBS[verb]);
            for (Outcome outcome : Outcome.values()) {
                samples.add(new Sample(counts[index(verb, outcome)].sum(), "verb", word, "outcome", MetricsReport.word(outcome)));
            }
        }
        report.counter("requests", "Requests that were answered, by verb and outcome.", samples)
                .histogram("request_duration_seconds", "Time from reading a request's batch until its answers may leave, "
                        + "the wait for the disk included.", durations);
    }
}
