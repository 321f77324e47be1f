package dev.cipherlink.cli.keys;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.connect.Identities;
import dev.cipherlink.console.Prompt;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;

/// `keygen`: makes keys.
public final class KeygenCommand extends ProgramCommand {

    @Override
    public void describe(Syntax syntax) {
        syntax.about("Make a key.");
        syntax.examples("  cipherlink keygen identity", "  cipherlink keygen shared");
        syntax.subcommand("shared", new Shared());
        syntax.subcommand("identity", new KeygenIdentity());
    }

    @Override
    public ExitStatus run() {
        throw CliException.usage("keygen: which key?").withHint("cipherlink keygen identity");
    }

    /// `keygen shared`: 32 random bytes in a file.
    static final class Shared extends ProgramCommand {

        private String file = "keys/shared_key.key";
        private boolean force;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Make a key file for both sides of a shared-key tunnel: 32 random bytes.");
            syntax.examples("  cipherlink keygen shared", "  cipherlink keygen shared /etc/cipherlink/shared.key");
            syntax.parameter("0..1", "FILE", given -> file = given,
                    "Where to put it, mode 0600. Default: keys/shared_key.key.");
            syntax.flag("--force", given -> force = given,
                    "Replace an existing file. The old key cannot connect any more.");
        }

        @Override
        public ExitStatus run() {
            try (SharedKey key = SharedKey.generate()) {
                Path path = surroundings().folder().resolve(file);
                key.save(path, force);
                output().done(TerminalText.escapeLine(file) + " " + key.fingerprint(), Json.members("file", file, "key", key.fingerprint()));
                return ExitStatus.DONE;
            } catch (InvalidPathException | IOException e) {
                throw CliException.usage("cannot write " + TerminalText.escapeLine(file) + ": " + FailureText.of(e))
                        .withCause(e);
            }
        }
    }

    /// `keygen identity`: a private key in a file, and its public line on stdout.
    static final class KeygenIdentity extends ProgramCommand {

        private String file;
        private String name;
        private boolean passphrase;
        private boolean force;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Make an identity: a private key file, and its public line on stdout.",
                    "The public line is what a server's operator gives to `cipherlink authorize`.");
            syntax.examples("  cipherlink keygen identity",
                    "  cipherlink keygen identity ~/.config/cipherlink/work --passphrase > work.pub");
            syntax.parameter("0..1", "FILE", given -> file = given,
                    "Where to put it, mode 0600. Default: the setting client.identity.");
            syntax.option("--name", "NAME", given -> name = given, "The name in the public line. Default: the login name.");
            syntax.flag("--passphrase", given -> passphrase = given, "Ask for a passphrase that protects the file.");
            syntax.flag("--force", given -> force = given,
                    "Replace an existing file. Servers that let the old key in refuse the new one.");
        }

        @Override
        public ExitStatus run() {
            String holder = name == null ? new Identities(surroundings(), output()).userName() : requireName();
            Path path = OwnKey.path(this, file);
            char[] secret = passphrase ? askTwice() : null;
            try (Identity identity = Identity.generate()) {
                identity.save(path, secret, force);
                OwnKey.print(output(), new PublicKeyLine(identity.publicKey(), holder), path,
                        "private key in " + TerminalText.escapeLine(path.toString()) + ", ");
                return ExitStatus.DONE;
            } catch (FileAlreadyExistsException e) {
                throw CliException.usage("cannot write " + TerminalText.escapeLine(path.toString()) + ": " + FailureText.of(e)).withCause(e)
                        .withHint("cipherlink keys show " + (file == null ? "" : TerminalText.escapeLine(file) + " ")
                                + "prints the public line of the key that is there");
            } catch (IOException e) {
                throw CliException.usage("cannot write " + TerminalText.escapeLine(path.toString()) + ": "
                        + FailureText.of(e)).withCause(e);
            } finally {
                if (secret != null) {
                    Arrays.fill(secret, '\0');
                }
            }
        }

        private String requireName() {
            try {
                PublicKeyLine.requireName(name);
                return name;
            } catch (IllegalArgumentException e) {
                throw CliException.usage("wrong value for --name: " + e.getMessage());
            }
        }

        private char[] askTwice() {
            Prompt prompt = new Prompt(surroundings(), output());
            if (!prompt.canAsk()) {
                throw CliException.usage("--passphrase asks on a terminal, and there is none");
            }
            return prompt.newPassphrase();
        }
    }
}
