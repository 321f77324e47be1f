package dev.cipherlink.cli;

import dev.cipherlink.cli.base.ClientCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.Reply;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.time.Duration;
import java.util.LongSummaryStatistics;

/// `ping`: round-trip times through the whole tunnel.
final class PingCommand extends ClientCommand {
    private static final byte[] PING = new Command.Ping().encode();

    private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(50);

    private String count = "4";
    private String interval = "200ms";
    private String wait = "0ms";

    @Override
    public void describe(Syntax syntax) {
        super.describe(syntax);
        syntax.about("Measure round-trip times: request, encryption and server included.");
        syntax.examples("  cipherlink ping", "  cipherlink ping -n 100 --interval 10ms -s example.org",
                "  cipherlink serve -q & cipherlink ping -n 1 --wait 10s");
        syntax.option("-n --count", "N", given -> count = given, "How many. Default: 4.");
        syntax.option("--interval", "DURATION", given -> interval = given, "Pause between two. Default: 200ms.");
        syntax.option("--wait", "DURATION", given -> wait = given,
                "Try for so long to connect, to a server that is just starting. Default: once.");
    }

    @Override
    public ExitStatus run() throws InterruptedException {
        int times = (Integer) OptionLayer.check(new SettingType.Whole(1, 1_000_000), "--count", count);
        Duration pause = (Duration) OptionLayer.check(
                new SettingType.Time(Duration.ZERO, Duration.ofHours(1)), "--interval", interval);
        Duration patience = (Duration) OptionLayer.check(
                new SettingType.Time(Duration.ZERO, Duration.ofDays(1)), "--wait", wait);
        LongSummaryStatistics nanos = new LongSummaryStatistics();
        Settings settings = once(clientSettings());
        try (ClientKeys keys = loadKeys(settings);
             CliClient connection = connectWithin(patience, settings, keys)) {
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

    /// @param patience how long a server may be out of reach; other failures are final
    private static CliClient connectWithin(Duration patience, Settings settings, ClientKeys keys) throws InterruptedException {
        long start = System.nanoTime();
        while (true) {
            try {
                return CliClient.open(settings, keys);
            } catch (CliException e) {
                if (e.status() != ExitStatus.UNREACHABLE || System.nanoTime() - start > patience.toNanos()) {
                    throw e;
                }
                Thread.sleep(BETWEEN_ATTEMPTS);
            }
        }
    }

    private long ping(CliClient connection, int number) throws InterruptedException {
        long start = System.nanoTime();
        Reply reply = connection.request(PING);
        long nanos = System.nanoTime() - start;
        if (reply.isError()) {
            throw new CliException(ExitStatus.REFUSED, "PING: " + TerminalText.escapeLine(reply.reason()));
        }
        output().done(connection.server() + " " + number + ": " + DurationText.measured(nanos),
                Json.members("number", number, "milliseconds", nanos / 1e6));
        output().flush();
        return nanos;
    }
}
