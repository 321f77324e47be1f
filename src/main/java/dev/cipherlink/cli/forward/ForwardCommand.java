package dev.cipherlink.cli.forward;

import dev.cipherlink.cli.base.ClientCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.cli.forward.ForwardListeners.ForwardReports;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.console.Signals;
import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.Socks.SocksPasswords;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// `forward`: TCP connections of this machine, continued at the server.
public final class ForwardCommand extends ClientCommand {

    private List<String> local = List.of();
    private List<String> dynamic = List.of();
    private List<String> http = List.of();
    private String stdio;
    private String pool = "0";
    private String passwordFile;

    @Override
    public void describe(Syntax syntax) {
        super.describe(syntax);
        syntax.about("Forward TCP connections through the server.",
                "Prints a line `ready ADDRESS -> TARGET` for each listener once it accepts. The server connects to targets that its "
                    + "operator allows: `authorize --forward` for one client, the setting forward.allow for all. SIGTERM and Ctrl-C stop "
                    + "it, SIGUSR1 prints statistics on stderr.");
        syntax.examples("  cipherlink forward -L 5432:db.internal:5432",
                "  cipherlink forward -L 8080:intranet:80 -L '[::1]:2222:[fd00::7]:22' --pool 4",
                "  cipherlink forward -D 1080",
                "  curl --socks5-hostname 127.0.0.1:1080 http://intranet/",
                "  cipherlink forward -L 5432:/run/postgresql/.s.PGSQL.5432",
                "  HTTPS_PROXY=http://127.0.0.1:1080 git clone https://git.intra/x",
                "  ssh -o ProxyCommand='cipherlink forward --stdio %%h:%%p' user@host");
        syntax.manyOptions("-L", "[BIND:]PORT:HOST:PORT", given -> local = given,
                "Listen on PORT of this machine (0: a free one) and " + "forward to HOST:PORT, as the server sees it.",
                "BIND: the address to listen on, * for all. Default: 127.0.0.1 and ::1.",
                "A path in place of [BIND:]PORT or HOST:PORT is a Unix socket.");
        syntax.manyOptions("-D", "[BIND:]PORT", given -> dynamic = given,
                "Listen on PORT as a SOCKS proxy (5, 4a, 4): each connection says where to. Names are looked up by the server.");
        syntax.manyOptions("-H", "[BIND:]PORT", given -> http = given,
                "Listen on PORT as an HTTP proxy (CONNECT). -D and -H both serve SOCKS and HTTP.");
        syntax.option("--stdio", "HOST:PORT", given -> stdio = given, "Forward stdin and stdout to HOST:PORT.");
        syntax.option("--pool", "N", given -> pool = given,
                "Keep N connections to the server ready, so that a forwarded one costs one round trip.");
        syntax.option("--socks-passwords", "FILE", given -> passwordFile = given,
                "Only users in this file may use -D and -H: USER:PASSWORD on each line. Mode 0600.");
    }

    @Override
    public ExitStatus run() throws InterruptedException {
        List<ForwardSpec> specs = new ArrayList<>(parse("-L", local, ForwardSpec::parseLocal));
        specs.addAll(parse("-D", dynamic, ForwardSpec::parseDynamic));
        specs.addAll(parse("-H", http, ForwardSpec::parseDynamic));
        requireOneUse(specs);
        int poolSize = (Integer) OptionLayer.check(new SettingType.Whole(0, 32), "--pool", pool);
        Optional<SocksPasswords> passwords = passwords();
        Settings settings = clientSettings();
        if (settings.file(Setting.CLIENT_SHARED_KEY).isPresent()) {
            throw CliException.usage("forwarding needs version 2, and "
                    + settings.origin(Setting.CLIENT_SHARED_KEY).orElseThrow() + " chooses version 1")
                    .withHint("an identity instead of a shared key: cipherlink keygen identity");
        }
        try (ClientKeys keys = loadKeys(settings)) {
            if (stdio == null) {
                return listen(specs, settings, new Tunnels(keys, poolSize, passwords));
            }
            ForwardTarget target = parse("--stdio", List.of(stdio), ForwardTarget::parseOfSsh).getFirst();
            try (TunnelClient tunnels = new TunnelClient(CliClient.config(settings, keys), 0)) {
                return new StdioForward(this, settings).run(tunnels, target, keys);
            }
        }
    }

    private record Tunnels(ClientKeys keys, int poolSize, Optional<SocksPasswords> passwords) {
    }

    private void requireOneUse(List<ForwardSpec> specs) {
        if (specs.isEmpty() == (stdio == null)) {
            throw CliException.usage(stdio == null ? "forward: what, and where to?"
                    : "--stdio forwards one connection; -L, -D and -H need another `cipherlink forward`")
                    .withHint("cipherlink forward --help");
        }
        if (passwordFile != null && dynamic.isEmpty() && http.isEmpty()) {
            throw CliException.usage("--socks-passwords has no meaning without -D or -H");
        }
    }

    private static <T> List<T> parse(String option, List<String> texts, Function<String, T> parser) {
        return texts.stream().map(text -> {
            try {
                return parser.apply(text);
            } catch (IllegalArgumentException e) {
                throw CliException.usage(option + " " + TerminalText.escapeLine(text) + ": " + e.getMessage());
            }
        }).toList();
    }

    private Optional<SocksPasswords> passwords() {
        if (passwordFile == null) {
            return Optional.empty();
        }
        Path file = surroundings().folder().resolve(passwordFile);
        String what = "cannot use password file " + TerminalText.escapeLine(passwordFile) + ": ";
        try {
            boolean isSecret = Files.getPosixFilePermissions(file).stream()
                    .allMatch(permission -> permission.name().startsWith("OWNER_"));
            if (!isSecret) {
                throw CliException.usage(what + "others may read or write it").withHint("chmod 600 " + passwordFile);
            }
            return Optional.of(SocksPasswords.parse(Files.readAllLines(TrustedPath.resolve(file), StandardCharsets.UTF_8)));
        } catch (IOException | IllegalArgumentException e) {
            throw CliException.usage(what + FailureText.of(e)).withCause(e);
        }
    }

    /// The first connection shows whether the server is there and lets us in, and asks what there is to ask.
    private ExitStatus listen(List<ForwardSpec> specs, Settings settings, Tunnels what) throws InterruptedException {
        var reports = new ForwardReports(output());
        try (TunnelClient tunnels = new TunnelClient(CliClient.config(settings, what.keys), what.poolSize);
             var listeners = new ForwardListeners(settings.duration(Setting.FORWARD_GRACE_PERIOD), output())) {
            var config = new ForwardListener.Config(tunnels, settings.forwardLimits(), what.passwords, reports);
            for (ForwardSpec spec : specs) {
                listeners.bind(spec, config);
            }
            CliClient.open(settings, what.keys).close();
            tunnels.start();
            Signals.onTermination(listeners::stop);
            Signals.onUserSignal(listeners::report);
            listeners.start();
            listeners.awaitStop();
            return ExitStatus.DONE;
        }
    }
}
