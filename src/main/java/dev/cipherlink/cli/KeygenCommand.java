package dev.cipherlink.cli;

import dev.cipherlink.crypto.SharedKey;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `keygen`: makes keys.
@Command(name = "keygen", description = "Make a key.", subcommands = {KeygenCommand.Shared.class, KeygenIdentity.class},
        synopsisSubcommandLabel = "COMMAND", footer = {"  cipherlink keygen identity", "  cipherlink keygen shared"})
final class KeygenCommand extends ProgramCommand {

    @Override
    ExitStatus run() {
        throw CliException.usage("keygen: which key?").withHint("cipherlink keygen identity");
    }

    /// `keygen shared`: 32 random bytes in a file.
    @Command(name = "shared", description = "Make a key file for both sides of a shared-key tunnel: 32 random bytes.",
            footer = {
                "  cipherlink keygen shared",
                "  cipherlink keygen shared /etc/cipherlink/shared.key"
            })
    static final class Shared extends ProgramCommand {

        @Parameters(arity = "0..1", paramLabel = "FILE", defaultValue = "keys/shared_key.key",
                description = "Where to put it, mode 0600. Default: ${DEFAULT-VALUE}.")
        String file;

        @Option(names = "--force", description = "Replace an existing file. Who has the old key cannot connect any more.")
        boolean force;

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
