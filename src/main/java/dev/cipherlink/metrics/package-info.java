/// What a monitoring system reads of a server.
///
/// Purpose: histograms that cost next to nothing to record, the text that Prometheus takes, and an HTTP endpoint for it.
///
/// Refuses: what is measured, and where it is counted.
///
/// Threads: histograms are recorded by any thread; a report is made and read by one.
package dev.cipherlink.metrics;
