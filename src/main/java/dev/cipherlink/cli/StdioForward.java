package dev.cipherlink.cli;

import dev.cipherlink.client.AuthenticationException;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.Forwards;
import dev.cipherlink.forward.Relay;
import dev.cipherlink.forward.RelayEnd;
import dev.cipherlink.forward.TargetException;
import dev.cipherlink.forward.Tunnel;
import java.io.IOException;
import java.time.Duration;

/// `forward --stdio`: one connection, between stdin and stdout and a target.
final class StdioForward {

    private static final Duration TICK = Duration.ofSeconds(1);

    private final ForwardCommand command;
    private final Settings settings;

    StdioForward(ForwardCommand command, Settings settings) {
        this.command = command;
        this.settings = settings;
    }

    /// Blocks until both directions have ended.
    ExitStatus run(TunnelClient tunnels, ForwardTarget target, ClientKeys keys) throws InterruptedException {
        Tunnel tunnel = open(tunnels, target, keys);
        var plain = new StdioEnd(command.surroundings());
        var relay = new Relay(tunnel, plain, settings.forwardLimits());
        var forwards = new Forwards();
        Thread clock = Thread.ofVirtual().start(() -> watch(forwards));
        Signals.onTermination(relay::stop);
        try {
            return status(forwards.run(relay, Thread.ofPlatform().daemon().name("cipherlink-stdio").factory()), target);
        } finally {
            clock.interrupt();
        }
    }

    private static void watch(Forwards forwards) {
        try {
            while (true) {
                Thread.sleep(TICK);
                forwards.checkTimes(System.nanoTime());
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// A server that is new, or that does not know us, is met by an ordinary connection: it asks and explains.
    private Tunnel open(TunnelClient tunnels, ForwardTarget target, ClientKeys keys) {
        try {
            try {
                return tunnels.open(target);
            } catch (AuthenticationException e) {
                Connection.open(settings, keys).close();
                return tunnels.open(target);
            }
        } catch (TargetException e) {
            throw new CliException(ExitStatus.REFUSED, "cannot forward to " + target + ": " + FailureText.of(e)).withCause(e);
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private CliException unreachable(IOException cause) {
        return new CliException(ExitStatus.UNREACHABLE, "cannot connect to " + settings.address(Setting.CLIENT_SERVER) + ": "
                + FailureText.of(cause)).withCause(cause).withHint("is the server running there? --server HOST:PORT names another");
    }

    private static ExitStatus status(RelayEnd end, ForwardTarget target) {
        return switch (end.reason()) {
            case ENDED, STOPPED -> ExitStatus.DONE;
            case PLAIN_RESET -> throw new StdoutLostException(new IOException(end.detail()));
            case TUNNEL_LOST, PROTOCOL_ERROR -> throw new CliException(ExitStatus.UNREACHABLE,
                    "connection to " + target + " lost: " + end.detail());
            case IDLE -> throw new CliException(ExitStatus.UNREACHABLE, "connection to " + target + " ended: nothing was moved for "
                    + "the time of " + Setting.FORWARD_IDLE_TIMEOUT.key() + " or " + Setting.FORWARD_HALF_CLOSE_TIMEOUT.key());
        };
    }
}
