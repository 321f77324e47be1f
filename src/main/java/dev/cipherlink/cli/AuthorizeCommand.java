package dev.cipherlink.cli;

import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.server.AuthorizedKey;
import dev.cipherlink.server.AuthorizedKeys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `authorize`: lets a key in.
@Command(name = "authorize", description = {"Let a key in: add its public line to the server's authorized-keys file.",
    "A running server takes it up by itself, within two seconds."},
        footer = {
            "  cipherlink authorize 'cipherlink-x25519 j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8= ann'",
            "  cipherlink authorize --name ann.laptop --operator 'cipherlink-x25519 j0DF...KF8= ann'",
            "  cipherlink authorize --forward db.internal:5432,10.0.0.0/8:22 'cipherlink-x25519 j0DF...KF8= ann'"
        })
final class AuthorizeCommand extends ProgramCommand {

    @Parameters(arity = "1..*", paramLabel = "PUBLIC-LINE",
            description = "What `cipherlink keygen identity` printed, or the server's log said: type, key and name.")
    List<String> words;

    @Option(names = "--name", paramLabel = "NAME", description = "Call it this, whatever the line says.")
    String name;

    @Option(names = "--operator", description = "It may look at other connections, and kick and mute people.")
    boolean operator;

    @Option(names = "--forward", paramLabel = "HOST:PORTS,...", description = {
        "It may have these connected to. HOST: name, *.name, address, address/bits or *; PORTS: 80, 8000-8099 or *."})
    List<String> forwards = List.of();

    @Option(names = "--authorized-keys", paramLabel = "FILE", description = KeysCommand.FILE_DESCRIPTION)
    String file;

    @Override
    ExitStatus run() {
        AuthorizedKey key = key();
        AuthorizedKeys keys = KeysCommand.open(this, file);
        try {
            boolean isNew = keys.add(key);
            report(key);
            if (!isNew) {
                output().notice("cipherlink: " + key.name() + " was authorized already");
            }
            return ExitStatus.DONE;
        } catch (IOException e) {
            throw CliException.usage("cannot authorize " + key.name() + ": " + FailureText.withFile(e)).withCause(e);
        }
    }

    private AuthorizedKey key() {
        try {
            String line = String.join(" ", words).strip();
            if (name != null) {
                PublicKeyLine.requireName(name);
                String[] parts = line.split("\\s+");
                line = parts.length == 2 ? line + " " + name : line;
            }
            PublicKeyLine parsed = PublicKeyLine.parse(line);
            return new AuthorizedKey(name == null ? parsed.name() : name, parsed.key(), rights());
        } catch (IllegalArgumentException e) {
            throw CliException.usage("cannot authorize: " + e.getMessage()).withHint("cipherlink authorize --help");
        }
    }

    private List<String> rights() {
        List<String> rights = new ArrayList<>(operator ? List.of("operator") : List.of());
        forwards.forEach(rules -> rights.add("forward=" + rules));
        return rights;
    }

    private void report(AuthorizedKey key) {
        if (output().isJson()) {
            Map<String, Object> members = new LinkedHashMap<>();
            members.put("ok", true);
            members.putAll(KeysCommand.members(key));
            output().line(Json.object(members));
        } else {
            output().line("authorized " + key.name() + " " + key.key().fingerprint());
        }
    }
}
