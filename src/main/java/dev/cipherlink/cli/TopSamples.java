package dev.cipherlink.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/// What INFO said in the last minutes. Used by one thread.
final class TopSamples {
    private static final int MAX_SAMPLES = 300;

    private final Deque<Double> requestRates = new ArrayDeque<>();
    private final Deque<Double> roundTripMillis = new ArrayDeque<>();
    private Map<String, String> latest = Map.of();
    private long latestAt;
    private double bytesInRate;
    private double bytesOutRate;

    /// @param nanoTime when the answer came
    void add(long nanoTime, long roundTripNanos, Map<String, String> values) {
        keep(roundTripMillis, roundTripNanos / 1e6);
        if (!latest.isEmpty()) {
            double seconds = (nanoTime - latestAt) / 1e9;
            // one of the requests is our own INFO
            keep(requestRates, Math.max(0, (number(values, "requests") - number(latest, "requests") - 1) / seconds));
            bytesInRate = (number(values, "bytes_in") - number(latest, "bytes_in")) / seconds;
            bytesOutRate = (number(values, "bytes_out") - number(latest, "bytes_out")) / seconds;
        }
        latest = values;
        latestAt = nanoTime;
    }

    private static void keep(Deque<Double> values, double value) {
        if (values.size() >= MAX_SAMPLES) {
            values.removeFirst();
        }
        values.add(value);
    }

    private static double number(Map<String, String> values, String name) {
        String text = values.getOrDefault(name, "");
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
    }

    /// A value of the last INFO as a number; 0 if it is none.
    double number(String name) {
        return number(latest, name);
    }

    /// A value of the last INFO; empty if there is none.
    String text(String name) {
        return latest.getOrDefault(name, "");
    }

    boolean has(String name) {
        return latest.containsKey(name);
    }

    List<Double> requestRates() {
        return List.copyOf(requestRates);
    }

    List<Double> roundTripMillis() {
        return List.copyOf(roundTripMillis);
    }

    double bytesInRate() {
        return Math.max(0, bytesInRate);
    }

    double bytesOutRate() {
        return Math.max(0, bytesOutRate);
    }
}
