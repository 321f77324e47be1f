package dev.cipherlink.cli;

import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.server.AuthorizedKey;
import dev.cipherlink.server.AuthorizedKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `keys`: who is let in, and the user's own key.
final class KeysCommand extends ProgramCommand {
    @Override
    void describe(Syntax syntax) {
        syntax.about("Show whose keys a server lets in, revoke one, or keep one out; show your own, or change its passphrase.");
        syntax.examples("  cipherlink keys show", "  cipherlink keys list", "  cipherlink keys revoke ann");
        syntax.subcommand("show", new OwnKey.Show());
        syntax.subcommand("passphrase", new OwnKey.Passphrase());
        syntax.subcommand("list", new Listing());
        syntax.subcommand("revoke", new Revoke());
        syntax.subcommand("deny", new Deny());
    }

    static final String FILE_DESCRIPTION = "The server's authorized-keys file. Default: the setting server.authorized-keys.";

    @Override
    ExitStatus run() {
        throw CliException.usage("keys: show, passphrase, list, revoke or deny?").withHint("cipherlink keys list");
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
        return open(settings);
    }

    static AuthorizedKeys open(Settings settings) {
        try {
            return AuthorizedKeys.load(settings.file(Setting.SERVER_AUTHORIZED_KEYS).orElseThrow(() ->
                    CliException.usage("no authorized-keys file: there is no home folder to keep one in; set "
                            + Setting.SERVER_AUTHORIZED_KEYS.key())));
        } catch (IOException e) {
            throw CliException.usage("cannot use the authorized keys: " + FailureText.withFile(e)).withCause(e);
        }
    }

    static Map<String, Object> members(AuthorizedKey key) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("name", key.name());
        members.put("fingerprint", key.key().fingerprint().toString());
        members.put("options", String.join(" ", key.options()));
        return members;
    }

    /// `keys list`.
    static final class Listing extends ProgramCommand {
        private String file;

        @Override
        void describe(Syntax syntax) {
            syntax.about("Show the keys that are let in: name, fingerprint and options.");
            syntax.examples("  cipherlink keys list", "  cipherlink keys list --json | jq -r .name");
            syntax.option("--authorized-keys", "FILE", given -> file = given, FILE_DESCRIPTION);
        }

        @Override
        ExitStatus run() {
            List<AuthorizedKey> keys = open(this, file).list();
            int width = keys.stream().mapToInt(key -> key.name().length()).max().orElse(0);
            for (AuthorizedKey key : keys) {
                output().line(output().isJson() ? Json.object(members(key))
                        : (key.name() + " ".repeat(width - key.name().length() + 1) + key.key().fingerprint() + " "
                        + String.join(" ", key.options())).stripTrailing());
            }
            return ExitStatus.DONE;
        }
    }

    /// `keys deny`: for a server that lets everybody in, who would come back after a `revoke`.
    static final class Deny extends ProgramCommand {
        private List<String> words;
        private String file;

        @Override
        void describe(Syntax syntax) {
            syntax.about("Keep a key out: it stands in the authorized-keys file as denied.",
                    "That holds with server.clients = any, too. A running server refuses it from the next connection on, and ends what "
                        + "it has. `keys revoke` takes the line away again.");
            syntax.examples("  cipherlink keys deny mallory",
                    "  cipherlink keys deny 'cipherlink-x25519 \\",
                    "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8= mallory'");
            syntax.parameters("1..*", "NAME|PUBLIC-LINE", given -> words = given,
                    "The name by which the server knows the key, or the line of one that it does not know.");
            syntax.option("--authorized-keys", "FILE", given -> file = given, FILE_DESCRIPTION);
        }

        @Override
        ExitStatus run() {
            AuthorizedKeys keys = open(this, file);
            try {
                AuthorizedKey denied = wanted(keys);
                keys.deny(denied.name(), denied.key());
                report(denied);
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

        private void report(AuthorizedKey denied) {
            if (output().isJson()) {
                Map<String, Object> members = new LinkedHashMap<>();
                members.put("ok", true);
                members.putAll(members(denied));
                output().line(Json.object(members));
            } else {
                output().line("denied " + denied.name() + " " + denied.key().fingerprint());
            }
        }
    }

    /// `keys revoke`.
    static final class Revoke extends ProgramCommand {

        private String name;
        private String file;

        @Override
        void describe(Syntax syntax) {
            syntax.about("Take a key out of the authorized-keys file.",
                    "A running server refuses it from the next connection on, and ends those it has within two seconds.");
            syntax.examples("  cipherlink keys revoke ann");
            syntax.parameter("1", "NAME", given -> name = given, "Whose key, as `cipherlink keys list` shows it.");
            syntax.option("--authorized-keys", "FILE", given -> file = given, FILE_DESCRIPTION);
        }

        @Override
        ExitStatus run() {
            AuthorizedKeys keys = open(this, file);
            List<String> names = keys.list().stream().map(AuthorizedKey::name).toList();
            try {
                AuthorizedKey revoked = keys.remove(name).orElseThrow(() ->
                        CliException.usage("cannot revoke " + TerminalText.escapeLine(name) + ": "
                                + TerminalText.escapeLine(keys.path().toString()) + " has no such name"
                                + NearestMatch.find(name, names).map(near -> ", did you mean " + near + "?").orElse("")));
                report(revoked);
                return ExitStatus.DONE;
            } catch (IOException e) {
                throw CliException.usage("cannot revoke " + TerminalText.escapeLine(name) + ": "
                        + FailureText.withFile(e)).withCause(e);
            }
        }

        private void report(AuthorizedKey revoked) {
            if (output().isJson()) {
                Map<String, Object> members = new LinkedHashMap<>();
                members.put("ok", true);
                members.putAll(members(revoked));
                output().line(Json.object(members));
            } else {
                output().line("revoked " + revoked.name() + " " + revoked.key().fingerprint());
            }
        }
    }
}
