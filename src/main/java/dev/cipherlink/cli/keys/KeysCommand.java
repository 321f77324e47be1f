package dev.cipherlink.cli.keys;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.cli.store.StoreCommand.OpenStore;
import dev.cipherlink.connect.HostKeys;
import dev.cipherlink.console.Output;
import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.server.access.AuthorizedKey;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.server.access.LastUses;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.NearestMatch;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `keys`: the keys that a server lets in, and the user's own.
public final class KeysCommand extends ProgramCommand {
    @Override
    public void describe(Syntax syntax) {
        syntax.about("Show or check whose keys a server lets in, revoke one, or keep one out; show your own, or change its passphrase.");
        syntax.examples("  cipherlink keys show", "  cipherlink keys list", "  cipherlink keys revoke ann");
        syntax.subcommand("show", new OwnKey.Show());
        syntax.subcommand("passphrase", new OwnKey.Passphrase());
        syntax.subcommand("list", new Listing());
        syntax.subcommand("check", new Check());
        syntax.subcommand("revoke", new Revoke());
        syntax.subcommand("deny", new Deny());
    }

    static final String FILE_DESCRIPTION = "The server's authorized-keys file. Default: the setting server.authorized-keys.";

    @Override
    public ExitStatus run() {
        throw CliException.usage("keys: show, passphrase, list, check, revoke or deny?").withHint("cipherlink keys list");
    }

    /// Reads the file of the option or of the setting.
    ///
    /// @param file what the option says, or null
    /// @throws CliException if there is none, or it is wrong
    static AuthorizedKeys open(ProgramCommand command, String file) {
        Settings settings = command.readSettings()
                .with(new OptionLayer().put(Setting.SERVER_AUTHORIZED_KEYS, "--authorized-keys", file)
                        .layer(command.surroundings().folder()))
                .requireValid();
        return HostKeys.authorized(settings);
    }

    private static Map<String, Object> members(AuthorizedKey key) {
        return Json.members("name", key.name(), "fingerprint", key.key().fingerprint().toString(),
                "options", String.join(" ", key.options()));
    }

    /// Has a running server take up a change, and reports it: when that returns, the server has it.
    static void report(ProgramCommand command, String done, AuthorizedKey key, AuthorizedKeys keys) {
        Optional<String> server = OpenStore.takeUpKeys(command.readSettings(), keys.path());
        Output output = command.output();
        Map<String, Object> members = members(key);
        members.put("taken_up", server.filter(String::isEmpty).isPresent());
        output.done(done + " " + key.name() + " " + key.key().fingerprint(), members);
        if (server.isEmpty()) {
            output.notice("cipherlink: no server answers here; one that uses " + TerminalText.escapeLine(keys.path().toString())
                    + " takes it up when its next client comes");
        } else if (!server.get().isEmpty()) {
            output.notice("cipherlink: not taken up: " + TerminalText.escapeLine(server.get()));
        }
    }

    /// `keys list`.
    static final class Listing extends ProgramCommand {
        private static final int WIDTH_OF_INSTANT = "2027-01-31T18:00:00Z".length();

        private String file;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Show the keys that are let in: name, fingerprint, when each last let a client in, and options.");
            syntax.examples("  cipherlink keys list", "  cipherlink keys list --json | jq -r .name");
            syntax.option("--authorized-keys", "FILE", given -> file = given, FILE_DESCRIPTION);
        }

        @Override
        public ExitStatus run() {
            AuthorizedKeys authorized = open(this, file);
            List<AuthorizedKey> keys = authorized.list();
            Optional<LastUses> uses = uses(authorized);
            int width = keys.stream().mapToInt(key -> key.name().length()).max().orElse(0);
            for (AuthorizedKey key : keys) {
                String used = uses.flatMap(record -> record.of(key.key())).map(Instant::toString).orElse("");
                Map<String, Object> members = members(key);
                members.put("last_use", used);
                output().line(output().isJson() ? Json.object(members)
                        : (key.name() + " ".repeat(width - key.name().length() + 1) + key.key().fingerprint() + " "
                        + String.format("%-" + WIDTH_OF_INSTANT + "s ", used.isEmpty() ? "-" : used)
                        + String.join(" ", key.options())).stripTrailing());
            }
            return ExitStatus.DONE;
        }

        /// Of a running server, up to now.
        private Optional<LastUses> uses(AuthorizedKeys authorized) {
            Settings settings = readSettings();
            OpenStore.takeUpKeys(settings, authorized.path());
            return settings.file(Setting.SERVER_DATA).map(HostKeys::uses);
        }
    }

    /// `keys check`.
    static final class Check extends ProgramCommand {
        private String file;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Check an authorized-keys file: show every line that a server would refuse.",
                    "A server takes up no file with such a line: the keys that it had stay in force.");
            syntax.examples("  cipherlink keys check", "  cipherlink keys check authorized_keys.new");
            syntax.parameter("0..1", "FILE", given -> file = given, FILE_DESCRIPTION);
        }

        @Override
        public ExitStatus run() {
            Path path = file == null ? readSettings().requireValid().file(Setting.SERVER_AUTHORIZED_KEYS).orElseThrow(() ->
                    CliException.usage("no authorized-keys file: name one")) : surroundings().folder().resolve(file);
            try {
                List<KeyLineException> problems = AuthorizedKeys.check(path);
                problems.forEach(problem -> output().errorLine(output().isJson()
                        ? Json.error(CliException.usage(problem.getMessage()), Optional.empty())
                        : "cipherlink: " + TerminalText.escapeLine(problem.getMessage())));
                if (problems.isEmpty()) {
                    output().done(TerminalText.escapeLine(path.toString()) + " is good", Map.of("file", path.toString()));
                }
                return problems.isEmpty() ? ExitStatus.DONE : ExitStatus.USAGE;
            } catch (IOException e) {
                throw CliException.usage("cannot check: " + FailureText.withFile(e)).withCause(e);
            }
        }
    }

    /// `keys deny`: for a server that lets every key in, where a revoked one would come back.
    static final class Deny extends ProgramCommand {
        private List<String> words;
        private String file;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Keep a key out: it stands in the authorized-keys file as denied.",
                    "That holds with server.clients = any, too. A running server refuses it when this returns, and ends what "
                        + "it has. `keys revoke` takes the line away again.");
            syntax.examples("  cipherlink keys deny mallory",
                    "  cipherlink keys deny cipherlink-x25519 \\",
                    "      j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8= mallory");
            syntax.parameters("1..*", "NAME|PUBLIC-LINE", given -> words = given,
                    "The name by which the server knows the key, or the line of one that it does not know.");
            syntax.option("--authorized-keys", "FILE", given -> file = given, FILE_DESCRIPTION);
        }

        @Override
        public ExitStatus run() {
            AuthorizedKeys keys = open(this, file);
            try {
                AuthorizedKey known = wanted(keys);
                AuthorizedKey denied = new AuthorizedKey(known.name(), known.key(), List.of("denied"));
                keys.put(denied);
                report(this, "denied", denied, keys);
                return ExitStatus.DONE;
            } catch (IOException | IllegalArgumentException e) {
                throw CliException.usage("cannot deny: " + FailureText.withFile(e)).withCause(e);
            }
        }

        private AuthorizedKey wanted(AuthorizedKeys keys) throws IOException {
            String text = String.join(" ", words).strip();
            if (text.indexOf(' ') >= 0) {
                PublicKeyLine line = PublicKeyLine.parse(text);
                return new AuthorizedKey(line.name(), line.key(), List.of());
            }
            Optional<AuthorizedKey> known = keys.find(text);
            if (known.isEmpty()) {
                Optional<Path> enrolled = readSettings().requireValid().file(Setting.SERVER_DATA).map(HostKeys::enrolledFile);
                known = enrolled.isEmpty() ? known : AuthorizedKeys.load(enrolled.get()).find(text);
            }
            return known.orElseThrow(() -> CliException.usage("cannot deny " + TerminalText.escapeLine(text)
                    + ": no key has that name").withHint("its public line, as the server's log says it"));
        }
    }

    /// `keys revoke`.
    static final class Revoke extends ProgramCommand {

        private String name;
        private String file;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Take a key out of the authorized-keys file.",
                    "A running server refuses it when this returns, and ends its connections.");
            syntax.examples("  cipherlink keys revoke ann");
            syntax.parameter("1", "NAME", given -> name = given, "Whose key, as `cipherlink keys list` shows it.");
            syntax.option("--authorized-keys", "FILE", given -> file = given, FILE_DESCRIPTION);
        }

        @Override
        public ExitStatus run() {
            AuthorizedKeys keys = open(this, file);
            List<String> names = keys.list().stream().map(AuthorizedKey::name).toList();
            try {
                AuthorizedKey revoked = keys.remove(name).orElseThrow(() ->
                        CliException.usage("cannot revoke " + TerminalText.escapeLine(name) + ": "
                                + TerminalText.escapeLine(keys.path().toString()) + " has no such name"
                                + NearestMatch.find(name, names).map(near -> ", did you mean " + near + "?").orElse("")));
                report(this, "revoked", revoked, keys);
                return ExitStatus.DONE;
            } catch (IOException e) {
                throw CliException.usage("cannot revoke " + TerminalText.escapeLine(name) + ": "
                        + FailureText.withFile(e)).withCause(e);
            }
        }
    }
}
