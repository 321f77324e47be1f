package dev.cipherlink.cli.keys;

import dev.cipherlink.agent.Agent;
import dev.cipherlink.agent.AgentClient;
import dev.cipherlink.agent.AgentClient.AgentException;
import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.connect.Identities;
import dev.cipherlink.console.Signals;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.LockedKey;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/// `agent`: holds keys that have a passphrase, so that it is asked once, and the keys are in no other process.
public final class AgentCommand extends ProgramCommand {
    private String timeout;

    @Override
    public void describe(Syntax syntax) {
        syntax.about("Hold keys that have a passphrase, as ssh-agent does.",
                "Other commands of this user find it by its socket, and need no passphrase for a key that it holds. The key never leaves "
                    + "the agent, which forgets it after a while. Runs until `agent stop`, SIGTERM or Ctrl-C, and then forgets all.");
        syntax.examples("  cipherlink agent &", "  cipherlink agent unlock", "  cipherlink kv GET greeting", "  cipherlink agent lock");
        syntax.subcommand("unlock", new Unlock());
        syntax.subcommand("list", new Listing());
        syntax.subcommand("lock", new Lock());
        syntax.subcommand("stop", new Stop());
        syntax.option("--timeout", "DURATION", given -> timeout = given, "Forget a key that long after it was unlocked. Default: 8h.");
    }

    @Override
    public ExitStatus run() throws InterruptedException {
        Settings settings = readSettings().requireValid()
                .with(new OptionLayer().put(Setting.AGENT_TIMEOUT, "--timeout", timeout).layer(surroundings().folder()));
        try (var agent = Agent.open(socket(settings), settings.duration(Setting.AGENT_TIMEOUT))) {
            LockedKey.hideProcess();
            Signals.onTermination(agent::stop);
            output().done("ready " + TerminalText.escapeLine(agent.socket().toString()), Map.of("ready", agent.socket().toString()));
            output().flush();
            agent.await();
            return ExitStatus.DONE;
        } catch (IOException e) {
            throw CliException.usage("cannot run an agent: " + (e instanceof AgentException ? FailureText.of(e) : FailureText.withFile(e)))
                    .withCause(e);
        }
    }

    private static Path socket(Settings settings) {
        return settings.file(Setting.AGENT_SOCKET).orElseThrow(() ->
                CliException.usage("no place for the agent's socket: there is no home folder; set " + Setting.AGENT_SOCKET.key()));
    }

    /// A command that asks the agent.
    private abstract static class Asking extends ProgramCommand {
        abstract void ask(AgentClient agent) throws IOException;

        @Override
        public final ExitStatus run() {
            try {
                ask(new AgentClient(socket(readSettings().requireValid())));
                return ExitStatus.DONE;
            } catch (IOException e) {
                throw CliException.usage(FailureText.of(e)).withCause(e).withHint("cipherlink agent &");
            }
        }
    }

    /// `agent unlock`.
    static final class Unlock extends Asking {
        private String file;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Ask for the passphrase of a private key file, and have the agent hold the key.");
            syntax.examples("  cipherlink agent unlock", "  cipherlink agent unlock ~/.config/cipherlink/work");
            syntax.parameter("0..1", "FILE", given -> file = given, OwnKey.FILE);
        }

        @Override
        void ask(AgentClient agent) throws IOException {
            agent.list(); // before the passphrase is asked
            Path path = OwnKey.path(this, file);
            String shown = TerminalText.escapeLine(path.toString());
            byte[] digest;
            try {
                digest = Identity.sealedDigest(path).orElseThrow(() ->
                        CliException.usage(shown + " has no passphrase, and needs no agent").withHint("cipherlink keys passphrase"));
            } catch (IOException e) {
                throw CliException.usage("cannot use identity " + shown + ": " + FailureText.of(e)).withCause(e);
            }
            try (Identity identity = new Identities(surroundings(), output()).load(path)) {
                agent.hold(digest, identity, path);
                output().done("unlocked " + identity.publicKey().fingerprint(), Json.members("file", path.toString(),
                        "fingerprint", identity.publicKey().fingerprint().toString()));
            }
        }
    }

    /// `agent list`.
    static final class Listing extends Asking {
        @Override
        public void describe(Syntax syntax) {
            syntax.about("Show the keys that the agent holds: fingerprint, time until it forgets the key, file.");
            syntax.examples("  cipherlink agent list", "  cipherlink agent list --json | jq -r .fingerprint");
        }

        @Override
        void ask(AgentClient agent) throws IOException {
            for (AgentClient.HeldKey key : agent.list()) {
                if (output().isJson()) {
                    output().line(Json.object(Json.members("fingerprint", key.fingerprint(), "seconds_left", key.left().toSeconds(),
                            "file", key.file())));
                } else {
                    Duration left = key.left().toMinutes() > 1 ? key.left().truncatedTo(ChronoUnit.MINUTES) : key.left();
                    output().line(key.fingerprint() + " " + DurationText.format(left) + " " + TerminalText.escapeLine(key.file()));
                }
            }
        }
    }

    /// `agent lock`.
    static final class Lock extends Asking {
        @Override
        public void describe(Syntax syntax) {
            syntax.about("Have the agent forget all keys. It goes on: `agent unlock` gives it keys again.");
            syntax.examples("  cipherlink agent lock");
        }

        @Override
        void ask(AgentClient agent) throws IOException {
            int forgotten = agent.lock();
            output().done("forgotten: " + forgotten, Map.of("forgotten", forgotten));
        }
    }

    /// `agent stop`.
    static final class Stop extends Asking {
        @Override
        public void describe(Syntax syntax) {
            syntax.about("Have the agent forget all keys and end.");
            syntax.examples("  cipherlink agent stop");
        }

        @Override
        void ask(AgentClient agent) throws IOException {
            agent.stop();
            output().done("stopped", Map.of());
        }
    }
}
