package dev.cipherlink.metrics;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The metrics of one scrape, each with the prefix `cipherlink_`, but for those of every process.
///
/// Labels are words of the program and never text of a client, so that a client cannot make the number of series grow.
public final class MetricsReport {

    /// Of the text.
    public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;
    private static final String PREFIX = "cipherlink_";

    private final MetricSnapshots.Builder metrics = MetricSnapshots.builder();

    /// Adds a number that only grows.
    ///
    /// @param name without the suffix `_total`, which is added
    public MetricsReport counter(String name, String help, double value) {
        return counters(PREFIX + name, help, List.of(new Sample(value)));
    }

    /// Adds a counter with a label.
    ///
    /// @param values by the label's value
    public MetricsReport counter(String name, String help, String label, Map<? extends Enum<?>, ? extends Number> values) {
        List<Sample> samples = new ArrayList<>();
        values.forEach((key, value) -> samples.add(new Sample(value.doubleValue(), label, word(key))));
        return counters(PREFIX + name, help, samples);
    }

    /// Adds a counter with any labels.
    public MetricsReport counter(String name, String help, List<Sample> samples) {
        return counters(PREFIX + name, help, samples);
    }

    /// Adds a number that rises and falls.
    public MetricsReport gauge(String name, String help, double value) {
        return gauge(name, help, new Sample(value));
    }

    /// Adds a gauge with labels.
    public MetricsReport gauge(String name, String help, Sample sample) {
        return gauges(PREFIX + name, help, sample);
    }

    /// Adds a histogram.
    public MetricsReport histogram(String name, String help, DurationHistogram durations) {
        metrics.metricSnapshot(HistogramSnapshot.builder().name(PREFIX + name).help(help).dataPoint(HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(ClassicHistogramBuckets.of(DurationHistogram.bounds(), durations.counts()))
                .sum(durations.sum()).build()).build());
        return this;
    }

    /// Adds a counter that every process has, under the name that all programs give it.
    MetricsReport processCounter(String name, String help, double value) {
        return counters("process_" + name, help, List.of(new Sample(value)));
    }

    /// Adds a gauge that every process has.
    MetricsReport processGauge(String name, String help, double value) {
        return gauges("process_" + name, help, new Sample(value));
    }

    private MetricsReport counters(String name, String help, List<Sample> samples) {
        var counter = CounterSnapshot.builder().name(name).help(help);
        samples.forEach(sample -> counter.dataPoint(
                CounterDataPointSnapshot.builder().value(sample.value).labels(Labels.of(sample.labels)).build()));
        metrics.metricSnapshot(counter.build());
        return this;
    }

    private MetricsReport gauges(String name, String help, Sample sample) {
        metrics.metricSnapshot(GaugeSnapshot.builder().name(name).help(help).dataPoint(
                GaugeDataPointSnapshot.builder().value(sample.value).labels(Labels.of(sample.labels)).build()).build());
        return this;
    }

    /// The value of a label that stands for a constant: its name in lower case.
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /// In Prometheus' text format, version 0.0.4.
    byte[] encode() {
        var out = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(out, metrics.build());
        } catch (IOException e) {
            throw new UncheckedIOException("an array takes whatever is written", e);
        }
        return out.toByteArray();
    }

    /// A value with its labels.
    ///
    /// @param labels names and values in turn
    public record Sample(double value, String... labels) {
    }
}
