package dev.cipherlink.cli.keys;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.client.KnownHosts;
import dev.cipherlink.connect.ClientKeys;
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
import java.util.List;
import java.util.Map;

/// `hosts`: the servers that this user has met.
public final class HostsCommand extends ProgramCommand {
    @Override
    public void describe(Syntax syntax) {
        syntax.about("Show the servers whose keys you keep, or forget one.");
        syntax.examples("  cipherlink hosts list", "  cipherlink hosts forget server.example:8888");
        syntax.subcommand("list", new Listing());
        syntax.subcommand("forget", new Forget());
    }

    @Override
    public ExitStatus run() {
        throw CliException.usage("hosts: list or forget?").withHint("cipherlink hosts list");
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
            syntax.about("Show the known servers: name, fingerprint of the key, and when it was first seen.");
            syntax.examples("  cipherlink hosts list", "  cipherlink hosts list --json | jq -r .name");
        }

        @Override
        public ExitStatus run() {
            List<KnownHosts.Host> hosts = list(open(this));
            int width = hosts.stream().mapToInt(host -> host.name().length()).max().orElse(0);
            for (KnownHosts.Host host : hosts) {
                if (output().isJson()) {
                    output().line(Json.object(Json.members("name", host.name(), "fingerprint", host.key().fingerprint().toString(),
                            "first_seen", host.firstSeen(), "line", host.line())));
                } else {
                    output().line(TerminalText.escapeLine(String.format("%-" + Math.max(1, width) + "s %s %s", host.name(),
                            host.key().fingerprint(), host.firstSeen())).stripTrailing());
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
}
