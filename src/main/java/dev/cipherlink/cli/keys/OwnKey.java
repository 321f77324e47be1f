package dev.cipherlink.cli.keys;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.connect.Identities;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.Prompt;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/// The commands for the user's own key once it is made: `keys show` and `keys passphrase`.
final class OwnKey {
    static final String FILE = "The private key file. Default: the setting client.identity.";

    private OwnKey() {
    }

    /// The file that a command names, or that of the user.
    ///
    /// @param file as it was given, or null
    static Path path(ProgramCommand command, String file) {
        try {
            return file != null ? command.surroundings().folder().resolve(file)
                    : command.readSettings().requireValid().file(Setting.CLIENT_IDENTITY).orElseThrow(() ->
                            CliException.usage("no file named, and no home folder to have the key in")
                                    .withHint(command.spec().qualifiedName() + " FILE"));
        } catch (InvalidPathException e) {
            throw CliException.usage("cannot use " + TerminalText.escapeLine(file) + ": " + e.getReason()).withCause(e);
        }
    }

    /// Prints the public line on stdout, and the fingerprint on stderr.
    ///
    /// @param before what stands in front of the fingerprint
    static void print(Output output, PublicKeyLine line, Path file, String before) {
        String fingerprint = line.key().fingerprint().toString();
        output.done(line.encode(), Json.members("file", file.toString(), "public", line.encode(), "fingerprint", fingerprint));
        if (!output.isJson()) {
            output.notice("cipherlink: " + before + "fingerprint " + fingerprint);
        }
    }

    /// `keys show`: what `keygen identity` printed.
    static final class Show extends ProgramCommand {
        private String file;
        private String name;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Show the public line of a private key file again: what `cipherlink authorize` needs.",
                    "It asks for the passphrase, if the file has one.");
            syntax.examples("  cipherlink keys show", "  cipherlink keys show ~/.config/cipherlink/work --name ann.work");
            syntax.parameter("0..1", "FILE", given -> file = given, FILE);
            syntax.option("--name", "NAME", given -> name = given, "The name in the public line. Default: the login name.");
        }

        @Override
        public ExitStatus run() {
            Path path = path(this, file);
            var identities = new Identities(surroundings(), output());
            try (Identity identity = identities.load(path)) {
                print(output(), new PublicKeyLine(identity.publicKey(), name == null ? identities.userName() : name), path, "");
                return ExitStatus.DONE;
            } catch (IllegalArgumentException e) {
                throw CliException.usage("wrong value for --name: " + e.getMessage());
            }
        }
    }

    /// `keys passphrase`: the key stays, its file is replaced as a whole.
    static final class Passphrase extends ProgramCommand {
        private String file;
        private boolean remove;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Give a private key file a passphrase, another one, or none.", "The key stays the same. Asks on a terminal.");
            syntax.examples("  cipherlink keys passphrase", "  cipherlink keys passphrase ~/.config/cipherlink/work --remove");
            syntax.parameter("0..1", "FILE", given -> file = given, FILE);
            syntax.flag("--remove", given -> remove = given, "Take the passphrase away.");
        }

        @Override
        public ExitStatus run() {
            Path path = path(this, file);
            var prompt = new Prompt(surroundings(), output());
            if (!prompt.canAsk()) {
                throw CliException.usage("keys passphrase asks on a terminal, and there is none");
            }
            char[] passphrase = null;
            try (Identity identity = new Identities(surroundings(), output()).load(path)) {
                passphrase = remove ? null : prompt.newPassphrase();
                identity.save(path, passphrase, true);
            } catch (IOException e) {
                throw CliException.usage("cannot write " + TerminalText.escapeLine(path.toString()) + ": " + FailureText.of(e))
                        .withCause(e);
            } finally {
                if (passphrase != null) {
                    Arrays.fill(passphrase, '\0');
                }
            }
            output().done(TerminalText.escapeLine(path.toString()) + (remove ? " has no passphrase now" : " has a new passphrase"), Map.of());
            return ExitStatus.DONE;
        }
    }
}
