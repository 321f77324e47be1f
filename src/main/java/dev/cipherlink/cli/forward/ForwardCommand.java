package dev.cipherlink.cli.forward;

import dev.cipherlink.cli.base.ClientCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.cli.forward.ForwardGroup.Plan;
import dev.cipherlink.cli.forward.ForwardGroup.Wanted;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.crypto.PasswordFile;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.Socks.SocksPasswords;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.ForwardProfile;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/// `forward`: TCP connections of this machine, continued at the server.
public final class ForwardCommand extends ClientCommand {

    private List<String> local = List.of();
    private List<String> dynamic = List.of();
    private List<String> http = List.of();
    private List<String> remote = List.of();
    private String stdio;
    private String pool = "0";
    private String passwordFile;
    private boolean retryBind;
    private boolean status;
    private List<String> profiles = List.of();

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
                "  cipherlink forward -R 8080:localhost:80",
                "  cipherlink forward db web --retry-bind",
                "  ssh -o ProxyCommand='cipherlink forward --stdio %%h:%%p' user@host");
        syntax.manyOptions("-L", "[BIND:]PORT:HOST:PORT", given -> local = given,
                "Listen on PORT of this machine (0: a free one) and " + "forward to HOST:PORT, as the server sees it.",
                "BIND: the address to listen on, * for all. Default: 127.0.0.1 and ::1.",
                "A path in place of [BIND:]PORT or HOST:PORT is a Unix socket.");
        syntax.manyOptions("-D", "[BIND:]PORT", given -> dynamic = given,
                "Listen on PORT as a SOCKS proxy (5, 4a, 4): each connection says where to. Names are looked up by the server.");
        syntax.manyOptions("-H", "[BIND:]PORT", given -> http = given,
                "Listen on PORT as an HTTP proxy (CONNECT). -D and -H both serve SOCKS and HTTP.");
        syntax.manyOptions("-R", "[BIND:]PORT[:HOST:PORT]", given -> remote = given,
                "Have the server listen on PORT (0: a free one) and forward to HOST:PORT, as this machine sees it; without HOST:PORT as a SOCKS "
                    + "and HTTP proxy to all that this machine reaches. Its operator has to allow it: `authorize --listen`.",
                "BIND: an address of the server, * for all. Default: 127.0.0.1 and ::1. Paths are those of -L.");
        syntax.option("--stdio", "HOST:PORT", given -> stdio = given, "Forward stdin and stdout to HOST:PORT.");
        syntax.option("--pool", "N", given -> pool = given,
                "Use a connection to the server for each forwarded one, and keep N ready. Without it all share one and outlive it.");
        syntax.option("--socks-passwords", "FILE", given -> passwordFile = given,
                "Only users in this file may use -D, -H and -R PORT: USER:PASSWORD on each line. Mode 0600.");
        syntax.flag("--retry-bind", given -> retryBind = given, "Wait for a port that another process has, instead of ending.");
        syntax.flag("--status", given -> status = given, "Show your forwards that run: state, traffic, last error. Exit status 1 if none does.");
        syntax.parameters("0..*", "PROFILE", given -> profiles = given,
                "Named forwards of the configuration: `forward: {db: -L 5432:db.internal:5432 -s server.example}`.");
    }

    @Override
    public ExitStatus run() throws InterruptedException {
        Settings read = readSettings();
        if (status) {
            if (!profiles.isEmpty() || hasListeners() || stdio != null) {
                throw CliException.usage("--status shows all of your forwards, and starts none");
            }
            return ForwardStatus.show(sockets(read.requireValid()).orElseThrow(() -> CliException.usage("no folder of running forwards: set "
                    + Setting.FORWARD_SOCKETS.key())), output());
        }
        requireOneUse();
        if (stdio != null) {
            return forwardStdio(version2(clientSettings(read, client, surroundings().folder())));
        }
        List<ForwardGroup> groups = new ArrayList<>();
        try {
            for (String profile : new LinkedHashSet<>(profiles)) {
                groups.add(profile(profile, read));
            }
            if (hasListeners()) {
                groups.add(group("", this, read, surroundings().folder()));
            }
            new ForwardListeners(groups, output()).run(sockets(read), read.duration(Setting.FORWARD_GRACE_PERIOD));
            return ExitStatus.DONE;
        } finally {
            groups.forEach(ForwardGroup::close);
        }
    }

    private static Optional<Path> sockets(Settings settings) {
        return settings.file(Setting.FORWARD_SOCKETS);
    }

    private boolean hasListeners() {
        return !(local.isEmpty() && dynamic.isEmpty() && http.isEmpty() && remote.isEmpty());
    }

    private void requireOneUse() {
        boolean isListening = hasListeners() || !profiles.isEmpty();
        if (isListening == (stdio != null)) {
            throw CliException.usage(stdio == null ? "forward: what, and where to?"
                    : "--stdio forwards one connection; profiles, -L, -D, -H and -R need another `cipherlink forward`")
                    .withHint("cipherlink forward --help");
        }
        requirePasswordsHaveAUse();
    }

    private void requirePasswordsHaveAUse() {
        boolean isProxy = !dynamic.isEmpty() || !http.isEmpty()
                || parse("-R", remote, ForwardSpec::parseRemote).stream().anyMatch(spec -> spec.target().isEmpty());
        if (passwordFile != null && !isProxy) {
            throw CliException.usage("--socks-passwords has no meaning without -D, -H or -R PORT");
        }
    }

    private static Settings version2(Settings settings) {
        if (settings.file(Setting.CLIENT_SHARED_KEY).isPresent()) {
            throw CliException.usage("forwarding needs version 2, and "
                    + settings.origin(Setting.CLIENT_SHARED_KEY).orElseThrow() + " chooses version 1")
                    .withHint("an identity instead of a shared key: cipherlink keygen identity");
        }
        return settings;
    }

    private ExitStatus forwardStdio(Settings settings) throws InterruptedException {
        ForwardTarget target = parse("--stdio", List.of(stdio), ForwardTarget::parseOfSsh).getFirst();
        try (ClientKeys keys = loadKeys(settings);
             TunnelClient tunnels = new TunnelClient(CliClient.config(settings, keys), 0)) {
            return new StdioForward(this, settings).run(tunnels, target, keys);
        }
    }

    /// The group of a profile: its options are parsed as those of a command line.
    private ForwardGroup profile(String name, Settings read) {
        ForwardProfile profile = read.requireValid().forwardProfiles().get(name);
        if (profile == null) {
            throw CliException.usage("no forward is named " + TerminalText.escapeLine(name) + " in the configuration").withHint(
                    read.forwardProfiles().isEmpty() ? "a line under forward: in cipherlink.yaml, such as db: -L 5432:db.internal:5432"
                            : "one of " + String.join(", ", read.forwardProfiles().keySet()));
        }
        var part = new ForwardCommand();
        try {
            var given = new CommandLine(part.specify("forward")).parseArgs(profile.options().strip().split("\\s+"));
            given.matchedOptions().stream().filter(option -> Syntax.isCommon(part.spec(), option)).findFirst().ifPresent(option -> {
                throw new IllegalArgumentException(option.longestName() + " belongs on the command line");
            });
            if (part.stdio != null || part.status || !part.profiles.isEmpty() || !part.hasListeners()) {
                throw new IllegalArgumentException("it needs -L, -D, -H or -R, and takes no profile, --stdio or --status");
            }
            part.requirePasswordsHaveAUse();
            return group(name, part, read, profile.folder());
        } catch (ParameterException | IllegalArgumentException | CliException e) {
            ExitStatus cause = e instanceof CliException known ? known.status() : ExitStatus.USAGE;
            throw new CliException(cause, "forward." + name + " (" + profile.origin() + "): " + e.getMessage()).withCause(e);
        }
    }

    /// @param part   the command whose options say what to forward
    /// @param folder what file names in them are relative to
    private ForwardGroup group(String name, ForwardCommand part, Settings read, Path folder) {
        List<ForwardSpec> specs = new ArrayList<>(parse("-L", part.local, ForwardSpec::parseLocal));
        specs.addAll(parse("-D", part.dynamic, ForwardSpec::parseDynamic));
        specs.addAll(parse("-H", part.http, ForwardSpec::parseDynamic));
        specs.replaceAll(spec -> spec.isPath() ? new ForwardSpec(folder.resolve(spec.bind()).normalize().toString(), 0, spec.target()) : spec);
        List<Wanted> wanted = new ArrayList<>(specs.stream().map(spec -> new Wanted(spec, false)).toList());
        parse("-R", part.remote, ForwardSpec::parseRemote).forEach(spec -> wanted.add(new Wanted(spec, true)));
        int poolSize = (Integer) OptionLayer.check(new SettingType.Whole(0, 32), "--pool", part.pool);
        Optional<SocksPasswords> passwords = part.passwords(folder);
        Settings settings = version2(clientSettings(read, part.client, folder));
        ClientKeys keys = loadKeys(settings, part.client);
        return new ForwardGroup(new Plan(name, wanted, settings, keys, poolSize, retryBind || part.retryBind), passwords, output());
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

    private Optional<SocksPasswords> passwords(Path folder) {
        if (passwordFile == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(SocksPasswords.parse(PasswordFile.lines(folder.resolve(passwordFile))));
        } catch (IOException | IllegalArgumentException e) {
            throw CliException.usage("cannot use password file " + TerminalText.escapeLine(passwordFile) + ": " + FailureText.of(e)).withCause(e);
        }
    }
}
