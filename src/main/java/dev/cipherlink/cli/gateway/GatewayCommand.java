package dev.cipherlink.cli.gateway;

import dev.cipherlink.cli.base.ClientCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.console.Signals;
import dev.cipherlink.crypto.PasswordFile;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.gateway.Gateway;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/// `gateway`: clients of Redis on this machine, served from the store of the server.
public final class GatewayCommand extends ClientCommand {

    /// Requests on their way for all clients together, unless a setting says otherwise: what a server grants by default.
    private static final int WINDOW = 1_024;

    private List<String> resp = List.of();
    private String passwordFile;
    private String maxClients;

    @Override
    public void describe(Syntax syntax) {
        super.describe(syntax);
        syntax.about("Serve Redis clients on this machine from the server's store.",
                "Speaks Redis' protocol (RESP2, RESP3) on this machine, and carries the commands over an encrypted session that survives "
                        + "lost connections: each runs once. docs/redis.md has the commands. Prints a line `ready ADDRESS` for each "
                        + "listener. SIGTERM and Ctrl-C stop it, SIGUSR1 prints statistics on stderr.");
        syntax.examples("  cipherlink gateway --resp 6379 -s server.example",
                "  redis-cli -p 6379 SET greeting hello",
                "  cipherlink gateway --resp /run/user/1000/redis.sock --password-file password");
        syntax.manyOptions("--resp", "[BIND:]PORT|PATH", given -> resp = given,
                "Listen on PORT of this machine (0: a free one), or on a Unix socket for this user alone.",
                "BIND: the address to listen on, * for all. Default: 127.0.0.1 and ::1.");
        syntax.option("--password-file", "FILE", given -> passwordFile = given,
                "Clients have to give the password on the first line of this file (AUTH). Mode 0600.");
        syntax.option("--max-clients", "N", given -> maxClients = given, "Clients served at the same time. Default: 10000.");
    }

    @Override
    public ExitStatus run() throws InterruptedException {
        if (resp.isEmpty()) {
            throw CliException.usage("gateway: --resp says where to listen").withHint("cipherlink gateway --resp 6379");
        }
        Settings settings = clientSettings().with(new OptionLayer()
                .put(Setting.GATEWAY_PASSWORD_FILE, "--password-file", passwordFile)
                .put(Setting.GATEWAY_MAX_CLIENTS, "--max-clients", maxClients).layer(surroundings().folder()));
        var config = new Gateway.Config(password(settings), settings.whole(Setting.GATEWAY_MAX_CLIENTS));
        try (var listeners = new RespListeners(output(), surroundings().folder())) {
            resp.forEach(listeners::bind);
            Settings wide = settings.isSet(Setting.CLIENT_WINDOW) ? settings
                    : settings.with(new OptionLayer().put(Setting.CLIENT_WINDOW, "--window", Integer.toString(WINDOW))
                            .layer(surroundings().folder()));
            return serve(wide, config, listeners);
        }
    }

    private ExitStatus serve(Settings settings, Gateway.Config config, RespListeners listeners) throws InterruptedException {
        try (ClientKeys keys = loadKeys(settings);
                CliClient first = CliClient.open(settings, keys)) {
            ClientConfig again = CliClient.config(settings, keys);
            try (var gateway = new Gateway(first.client(), () -> Client.connect(again), config)) {
                var stopped = new CountDownLatch(1);
                Signals.onTermination(stopped::countDown);
                Signals.onUserSignal(() -> report(gateway.totals()));
                listeners.start(gateway);
                stopped.await();
                int cutOff = gateway.stop(settings.duration(Setting.GATEWAY_GRACE_PERIOD));
                if (cutOff > 0) {
                    output().notice("cipherlink: " + cutOff + " clients were cut off");
                }
                return ExitStatus.DONE;
            }
        }
    }

    private void report(Gateway.Totals totals) {
        output().errorLine("cipherlink: gateway: " + totals.live() + " clients, " + totals.accepted() + " accepted, " + totals.refused()
                + " refused, " + totals.commands() + " commands, " + totals.memoryInUse() + " bytes of memory for large ones");
    }

    private Optional<byte[]> password(Settings settings) {
        Optional<Path> named = settings.file(Setting.GATEWAY_PASSWORD_FILE);
        if (named.isEmpty()) {
            return Optional.empty();
        }
        Path file = named.get();
        String what = "cannot use password file " + TerminalText.escapeLine(file.toString()) + ": ";
        try {
            return Optional.of(PasswordFile.firstLine(file));
        } catch (IOException e) {
            throw CliException.usage(what + FailureText.of(e)).withCause(e);
        }
    }

    /// What `--resp` says, for a port.
    static ForwardSpec port(String text) {
        try {
            return ForwardSpec.parseDynamic(text);
        } catch (IllegalArgumentException e) {
            throw CliException.usage("--resp " + TerminalText.escapeLine(text) + ": " + e.getMessage())
                    .withHint("a port such as 6379, or the path of a Unix socket, with a slash");
        }
    }
}
