package dev.cipherlink.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.bench.BenchCommand.LatencyChart;
import dev.cipherlink.cli.bench.LoadClient;
import dev.cipherlink.cli.bench.LoadGenerator.LoadPlan;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.log.LogConfiguration.LogFormatter;
import dev.cipherlink.log.LogConfiguration.LogLevel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

/// What is drawn for people: progress, latencies, log lines.
class DrawingTest {
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

    private Output output(boolean onTerminal, String locale) {
        ProcessEnvironment surroundings = new ProcessEnvironment(InputStream.nullInputStream(), new ByteArrayOutputStream(), stderr,
                Map.of("LANG", locale), Path.of(""), Path.of("etc"), new Terminals(false, false, onTerminal));
        return new Output(surroundings, new Output.Options(0, false, false, null));
    }

    @Test
    void showsProgressOnlyAfterASecond() {
        ProgressBar bar = new ProgressBar(output(true, "C"), 100, 0);
        bar.update(10, 5, 999_999_999L);
        assertEquals(0, stderr.size());
        bar.update(50, 20, 2_000_000_000L);
        assertEquals("\r\u001b[K###############...............  50%  20 answered, 10/s, 2.0 s left",
                stderr.toString(StandardCharsets.UTF_8));
        stderr.reset();
        bar.clear();
        assertEquals("\r\u001b[K", stderr.toString(StandardCharsets.UTF_8));
    }

    @Test
    void showsNoProgressWhereThereIsNoTerminal() {
        new ProgressBar(output(false, "C"), 100, 0).update(50, 20, 2_000_000_000L);
        assertEquals(0, stderr.size());
    }

    @Test
    void drawsBlocksWhereTheLocaleHasThem() {
        assertTrue(new ProgressBar(output(true, "C.UTF-8"), 2, 0).text(1, 1, 1).startsWith("█".repeat(15) + "░"));
    }

    @Test
    void drawsABarForEveryBucketThatIsNotEmpty() {
        Histogram latencies = LoadClient.newHistogram();
        latencies.recordValueWithCount(40_000, 100);
        latencies.recordValueWithCount(60_000, 50);
        latencies.recordValueWithCount(9_000_000, 1);
        List<String> lines = LatencyChart.draw(latencies, false);
        assertEquals(3, lines.size());
        assertEquals(" < 0.050 ms   66.23%  " + "#".repeat(50), lines.get(0));
        assertEquals(" < 0.070 ms   33.11%  " + "#".repeat(25), lines.get(1));
        assertEquals(" < 10.00 ms    0.66%  #", lines.get(2));
        assertTrue(LatencyChart.draw(latencies, true).get(2).endsWith("▌") || LatencyChart.draw(latencies, true).get(2).endsWith("▍"));
    }

    @Test
    void checksTheAnswersOfALoad() {
        LoadPlan plan = new LoadPlan(10, 4, 9, 1, new SplittableRandom(1));
        assertTrue(plan.isExpected(false, "OK\n".getBytes(StandardCharsets.US_ASCII)));
        assertTrue(plan.isExpected(true, "four\n".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(plan.isExpected(true, "three\n".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(plan.isExpected(true, "OK\n".getBytes(StandardCharsets.US_ASCII)));
        assertTrue(new String(plan.set(3), StandardCharsets.US_ASCII).matches("SET bench:[0-9a-f]{8}:3 .{4}"));
        SplittableRandom random = new SplittableRandom(2);
        long gets = IntStream.range(0, 10_000).filter(_ -> plan.nextIsGet(random)).count();
        assertEquals(9_000, gets, 200);
    }

    @Test
    void logsOneLineARecord() {
        LogRecord record = new LogRecord(Level.WARNING, "peer said {0}");
        record.setParameters(new Object[] {"a\nb\u001b[2J"});
        record.setLoggerName("dev.cipherlink.server.Server");
        record.setInstant(LocalDateTime.of(2026, 11, 21, 3, 4, 5, 6_000_000).atZone(ZoneId.systemDefault()).toInstant());
        record.setThrown(new IOException("broken"));
        String line = new LogFormatter().format(record);
        assertEquals("2026-11-21T03:04:05.006 WARN  Server: peer said a\\nb\\x1b[2J: broken\n", line);
    }

    @Test
    void raisesAndLowersTheLevelFromTheCommandsOwn() {
        assertEquals(LogLevel.WARNING, LogLevel.forClient(0));
        assertEquals(LogLevel.DEBUG, LogLevel.forClient(2));
        assertEquals(LogLevel.ERROR, LogLevel.forClient(-1));
        assertEquals(LogLevel.INFO, LogLevel.forServer(0));
        assertEquals(LogLevel.TRACE, LogLevel.forServer(5));
    }
}
