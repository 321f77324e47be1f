package dev.cipherlink.cli.keys;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.connect.HostKeys;
import dev.cipherlink.connect.Identities;
import dev.cipherlink.console.Prompt;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.KeyListFile;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// `keygen`: makes keys.
public final class KeygenCommand extends ProgramCommand {

    @Override
    public void describe(Syntax syntax) {
        syntax.about("Make a key.");
        syntax.examples("  cipherlink keygen identity", "  cipherlink keygen shared");
        syntax.subcommand("shared", new Shared());
        syntax.subcommand("identity", new KeygenIdentity());
        syntax.subcommand("server", new KeygenServer());
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

    /// `keygen server`: the key that a server has now, or will have next.
    static final class KeygenServer extends ProgramCommand {

        private boolean next;
        private boolean useNext;
        private boolean force;

        @Override
        public void describe(Syntax syntax) {
            syntax.about("Make a server's key, in the file of the setting server.identity; or change it in three steps.",
                    "1. --next makes the key for later, beside the present one. A running server announces it to each client that connects, "
                        + "and those that know the server keep it, too.",
                    "2. When they have all been there, --use-next puts it in the place of the present one.",
                    "3. Start the server again. Clients that were not there in between refuse the key until `cipherlink hosts forget`.");
            syntax.examples("  cipherlink keygen server --next", "  cipherlink keygen server --use-next");
            syntax.flag("--next", given -> next = given, "Make the key that comes after the present one, and announce it.");
            syntax.flag("--use-next", given -> useNext = given,
                    "Put that key in place. The present one is kept as server_identity.old: delete it once all is well, and before the next change.");
            syntax.flag("--force", given -> force = given, "Replace a key that is there.");
        }

        @Override
        public ExitStatus run() {
            if (next && useNext) {
                throw CliException.usage("either --next or --use-next");
            }
            Settings settings = readSettings().requireValid();
            Path present = settings.file(Setting.SERVER_IDENTITY).orElseThrow(() ->
                    CliException.usage("no place for keys: there is no home folder; set " + Setting.SERVER_IDENTITY.key()));
            Path later = present.resolveSibling(present.getFileName() + ".next");
            Path old = present.resolveSibling(present.getFileName() + ".old");
            Path announced = HostKeys.nextKeyFile(present);
            try {
                if (useNext) {
                    use(present, later, old);
                } else {
                    if (next) {
                        requireNoOld(old);
                    }
                    make(next ? later : present, announced);
                }
                return ExitStatus.DONE;
            } catch (FileAlreadyExistsException e) {
                throw CliException.usage("cannot change the server's key: " + TerminalText.escapeLine(e.getFile()) + " is there already, and may be in use")
                        .withHint("--force, which replaces it").withCause(e);
            } catch (IOException e) {
                throw CliException.usage("cannot change the server's key: " + FailureText.withFile(e)).withCause(e);
            }
        }

        private void make(Path file, Path announced) throws IOException {
            try (Identity identity = Identity.generate()) {
                identity.save(file, null, force);
                if (next) {
                    String line = new PublicKeyLine(identity.publicKey(), "server").encode();
                    new KeyListFile(announced).update(_ -> List.of(line));
                }
                String fingerprint = identity.publicKey().fingerprint().toString();
                output().done((next ? "next server key " : "server key ") + fingerprint,
                        Json.members("file", file.toString(), "fingerprint", fingerprint));
            }
        }

        /// A server that still has the old key would announce the key after the present one, and its clients would forget the
        /// present one before they have seen it.
        private static void requireNoOld(Path old) {
            if (Files.exists(old)) {
                throw CliException.usage("the last change is not finished: the old key is still in " + TerminalText.escapeLine(old.toString()))
                        .withHint("once the server has started with the new key and all is well, delete that file");
            }
        }

        /// No moment without a server key in place: a server that starts then would make one. The public line stays: until its
        /// start, the running server announces the key to the clients that come in, who forget a key that is announced no more.
        private void use(Path present, Path later, Path old) throws IOException {
            if (!Files.exists(later)) {
                throw CliException.usage("there is no next key " + TerminalText.escapeLine(later.toString()))
                        .withHint("cipherlink keygen server --next");
            }
            Files.deleteIfExists(old);
            if (Files.exists(present)) {
                Files.createLink(old, present);
            }
            Files.move(later, present, StandardCopyOption.ATOMIC_MOVE);
            output().done("server key changed; it is used when the server starts again", Map.of("file", present.toString()));
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
