package dev.cipherlink.cli.keys;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.client.KnownHosts;
import dev.cipherlink.client.RevokedHosts;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.NearestMatch;
import dev.cipherlink.text.ServerAddress;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// `hosts`: the servers that this user has met.
public final class HostsCommand extends ProgramCommand {
    @Override
    public void describe(Syntax syntax) {
        syntax.about("Show the servers whose keys you keep, forget one, or revoke a key.");
        syntax.examples("  cipherlink hosts list", "  cipherlink hosts forget server.example:8888");
        syntax.subcommand("list", new Listing());
        syntax.subcommand("forget", new Forget());
        syntax.subcommand("revoke", new Revoke());
    }

    @Override
    public ExitStatus run() {
        throw CliException.usage("hosts: list, forget or revoke?").withHint("cipherlink hosts list");
    }

    private static KnownHosts open(ProgramCommand command) {
        return ClientKeys.knownHosts(command.readSettings().requireValid());
    }

    private static List<KnownHosts.Host> list(KnownHosts hosts) {
        try {
            return hosts.list();
        } catch (IOException e) {
            throw cannotUse(e);
        }
    }

    private static CliException cannotUse(IOException failure) {
        return CliException.usage("cannot use the known hosts: " + FailureText.withFile(failure)).withCause(failure);
    }

    /// `hosts list`.
    static final class Listing extends ProgramCommand {
        @Override
        public void describe(Syntax syntax) {
            syntax.about("Show the known servers: name, fingerprint of the key, and when it was first seen.",
                    "A second line that ends with `next` is the key that the server has announced for later: you believe it, too.");
            syntax.examples("  cipherlink hosts list", "  cipherlink hosts list --json | jq -r .name");
        }

        @Override
        public ExitStatus run() {
            List<KnownHosts.Host> hosts = list(open(this));
            int width = hosts.stream().mapToInt(host -> host.name().length()).max().orElse(0);
            for (KnownHosts.Host host : hosts) {
                if (output().isJson()) {
                    output().line(Json.object(Json.members("name", host.name(), "fingerprint", host.key().fingerprint().toString(),
                            "first_seen", host.firstSeen(), "next", host.isNext(), "line", host.line())));
                } else {
                    output().line(TerminalText.escapeLine(String.format("%-" + Math.max(1, width) + "s %s %s%s", host.name(),
                            host.key().fingerprint(), host.firstSeen(), host.isNext() ? " next" : "")).stripTrailing());
                }
            }
            return ExitStatus.DONE;
        }
    }

    /// `hosts forget`.
    static final class Forget extends ProgramCommand {
        private String address;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Forget the key of a server: when you connect next, it is new and its key has to be accepted.",
                    "Do this only if its operator confirms that it has a new key.");
            syntax.examples("  cipherlink hosts forget server.example", "  cipherlink hosts forget '[::1]:9000'");
            syntax.parameter("1", "HOST[:PORT]", given -> address = given, "As `cipherlink hosts list` shows it. Default port: 8888.");
        }

        @Override
        public ExitStatus run() {
            var server = (ServerAddress) OptionLayer.check(SettingType.ADDRESS, "HOST[:PORT]", address);
            KnownHosts hosts = open(this);
            String name = KnownHosts.name(server.host(), server.port());
            try {
                if (!hosts.forget(server.host(), server.port())) {
                    List<String> names = list(hosts).stream().map(KnownHosts.Host::name).toList();
                    throw CliException.usage(name + " is not known in " + TerminalText.escapeLine(hosts.path().toString())
                            + NearestMatch.find(name, names).map(near -> ", did you mean " + TerminalText.escapeLine(near) + "?").orElse(""));
                }
            } catch (IOException e) {
                throw cannotUse(e);
            }
            output().done("forgot " + name, Map.of("name", name));
            return ExitStatus.DONE;
        }
    }

    /// `hosts revoke`.
    static final class Revoke extends ProgramCommand {
        private String fingerprint;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Never believe a server's key again, whatever else says that it is right.",
                    "For a key that was stolen: also one that is known, announced, or given with --host-key is refused.");
            syntax.examples("  cipherlink hosts revoke c966-v3ga-1wme-9ehd-r5xx-c1vy-p2f3-drmt");
            syntax.parameter("1", "FINGERPRINT", given -> fingerprint = given, "As the server's operator says it.");
        }

        @Override
        public ExitStatus run() {
            var key = (Fingerprint) OptionLayer.check(SettingType.KEY_FINGERPRINT, "FINGERPRINT", fingerprint);
            Path file = readSettings().requireValid().file(Setting.CLIENT_REVOKED_HOSTS).orElseThrow(() ->
                    CliException.usage("no file of revoked hosts: there is no home folder to keep one in; set "
                            + Setting.CLIENT_REVOKED_HOSTS.key()));
            try {
                new RevokedHosts(file).add(key);
            } catch (IOException e) {
                throw CliException.usage("cannot revoke: " + FailureText.withFile(e)).withCause(e);
            }
            output().done("revoked " + key, Map.of("fingerprint", key.toString()));
            return ExitStatus.DONE;
        }
    }
}
