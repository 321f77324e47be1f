package dev.cipherlink.cli;

import dev.cipherlink.crypto.SharedKey;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// `keygen`: makes keys.
final class KeygenCommand extends ProgramCommand {

    @Override
    void describe(Syntax syntax) {
        syntax.about("Make a key.");
        syntax.examples("  cipherlink keygen identity", "  cipherlink keygen shared");
        syntax.subcommand("shared", new Shared());
        syntax.subcommand("identity", new KeygenIdentity());
    }

    @Override
    ExitStatus run() {
        throw CliException.usage("keygen: which key?").withHint("cipherlink keygen identity");
    }

    /// `keygen shared`: 32 random bytes in a file.
    static final class Shared extends ProgramCommand {

        private String file = "keys/shared_key.key";
        private boolean force;

        @Override
        void describe(Syntax syntax) {
            syntax.about("Make a key file for both sides of a shared-key tunnel: 32 random bytes.");
            syntax.examples("  cipherlink keygen shared", "  cipherlink keygen shared /etc/cipherlink/shared.key");
            syntax.parameter("0..1", "FILE", given -> file = given,
                    "Where to put it, mode 0600. Default: keys/shared_key.key.");
            syntax.flag("--force", given -> force = given,
                    "Replace an existing file. Who has the old key cannot connect any more.");
        }

        @Override
        ExitStatus run() {
            try (SharedKey key = SharedKey.generate()) {
                Path path = surroundings().folder().resolve(file);
                key.save(path, force);
                report(key.fingerprint());
                return ExitStatus.DONE;
            } catch (InvalidPathException | IOException e) {
                throw CliException.usage("cannot write " + TerminalText.escapeLine(file) + ": " + FailureText.of(e))
                        .withCause(e);
            }
        }

        private void report(String fingerprint) {
            if (output().isJson()) {
                Map<String, Object> members = new LinkedHashMap<>();
                members.put("ok", true);
                members.put("file", file);
                members.put("key", fingerprint);
                output().line(Json.object(members));
            } else {
                output().line(TerminalText.escapeLine(file) + " " + fingerprint);
            }
        }
    }
}
