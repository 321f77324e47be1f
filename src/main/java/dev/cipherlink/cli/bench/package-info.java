/// `bench`: a load generator for a server.
///
/// Purpose: [dev.cipherlink.cli.bench.BenchCommand] is the command; a `LoadGenerator` runs clients and collects their times.
///
/// Refuses: a verdict. It prints rates, percentiles and a histogram.
///
/// Threads: one virtual thread for each client.
package dev.cipherlink.cli.bench;
