package dev.cipherlink.cli;

import dev.cipherlink.command.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LongSummaryStatistics;
import java.util.Map;

/// `ping`: round-trip times through the whole tunnel.
final class PingCommand extends ClientCommand {
    private static final byte[] PING = "PING".getBytes(StandardCharsets.US_ASCII);

    private String count = "4";
    private String interval = "200ms";

    @Override
    void describe(Syntax syntax) {
        super.describe(syntax);
        syntax.about("Measure round-trip times: request, encryption and server included.");
        syntax.examples("  cipherlink ping", "  cipherlink ping -n 100 --interval 10ms -s example.org");
        syntax.option("-n --count", "N", given -> count = given, "How many. Default: 4.");
        syntax.option("--interval", "DURATION", given -> interval = given, "Pause between two. Default: 200ms.");
    }

    @Override
    ExitStatus run() throws InterruptedException {
        int times = (Integer) OptionLayer.check(new SettingType.Whole(1, 1_000_000), "--count", count);
        Duration pause = (Duration) OptionLayer.check(
                new SettingType.Time(Duration.ZERO, Duration.ofHours(1)), "--interval", interval);
        LongSummaryStatistics nanos = new LongSummaryStatistics();
        try (Connection connection = connectOnce(clientSettings())) {
            for (int i = 1; i <= times; i++) {
                if (i > 1) {
                    Thread.sleep(pause);
                }
                nanos.accept(ping(connection, i));
            }
            output().notice(String.format("%d answered, min %s, mean %s, max %s", times,
                    DurationText.measured(nanos.getMin()), DurationText.measured((long) nanos.getAverage()),
                    DurationText.measured(nanos.getMax())));
        }
        return ExitStatus.DONE;
    }

    private long ping(Connection connection, int number) throws InterruptedException {
        long start = System.nanoTime();
        Reply reply = connection.request(PING);
        long nanos = System.nanoTime() - start;
        if (reply.isError()) {
            throw new CliException(ExitStatus.REFUSED, "PING: " + TerminalText.escapeLine(reply.reason()));
        }
        if (output().isJson()) {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("ok", true);
            members.put("number", number);
            members.put("milliseconds", nanos / 1e6);
            output().line(Json.object(members));
        } else {
            output().line(connection.server() + " " + number + ": " + DurationText.measured(nanos));
        }
        output().flush();
        return nanos;
    }
}
