package dev.cipherlink.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// What the kernel and the JVM tell of this process. What is not there, as beside Linux, is left out.
final class ProcessFigures {

    private static final Path SELF = Path.of("/proc/self");
    private static final int KIB = 1_024;

    private ProcessFigures() {
    }

    static void addTo(MetricsReport report) {
        var memory = Runtime.getRuntime();
        report.gauge("heap_used_bytes", "Bytes of the heap in use, garbage included.", memory.totalMemory() - memory.freeMemory())
                .gauge("heap_max_bytes", "Bytes that the heap may have.", memory.maxMemory());
        ProcessHandle.Info process = ProcessHandle.current().info();
        process.totalCpuDuration().ifPresent(time ->
                report.processCounter("cpu_seconds", "Processor time of the process, in seconds.", time.toNanos() / 1e9));
        process.startInstant().ifPresent(start ->
                report.processGauge("start_time_seconds", "Start of the process, in seconds since 1970.", start.toEpochMilli() / 1e3));
        List<String> status = lines("status");
        number(status, "VmRSS:").ifPresent(kib ->
                report.processGauge("resident_memory_bytes", "Bytes of memory that are resident.", kib * KIB));
        number(status, "Threads:").ifPresent(threads ->
                report.processGauge("threads", "Threads of the kernel; virtual threads are not counted.", threads));
        number(lines("limits"), "Max open files").ifPresent(limit ->
                report.processGauge("max_fds", "Files that may be open at a time.", limit));
        try (Stream<Path> open = Files.list(SELF.resolve("fd"))) {
            report.processGauge("open_fds", "Files that are open, sockets included.", open.count());
        } catch (IOException e) {
            // There is no such folder here.
        }
    }

    private static List<String> lines(String file) {
        try {
            return Files.readAllLines(SELF.resolve(file));
        } catch (IOException e) {
            return List.of();
        }
    }

    /// The first number behind a name.
    private static OptionalLong number(List<String> lines, String name) {
        return lines.stream().filter(line -> line.startsWith(name)).map(line -> line.substring(name.length()).strip().split("\\s+")[0])
                .filter(word -> word.matches("\\d{1,18}")).mapToLong(Long::parseLong).findFirst();
    }
}
