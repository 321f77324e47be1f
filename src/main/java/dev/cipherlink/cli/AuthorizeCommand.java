package dev.cipherlink.cli;

import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.server.AuthorizedKey;
import dev.cipherlink.server.AuthorizedKeys;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `authorize`: lets a key in.
final class AuthorizeCommand extends ProgramCommand {

    private List<String> words;
    private String name;
    private boolean operator;
    private List<String> forwards = List.of();
    private String file;

    @Override
    void describe(Syntax syntax) {
        syntax.about("Let a key in: add its public line to the server's authorized-keys file.",
                "A running server lets it in from the next connection on.");
        syntax.examples(
                "  cipherlink authorize cipherlink-x25519 \\",
                "      j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8= ann",
                "  cipherlink authorize \"$(cipherlink keygen identity)\" --operator",
                "  cipherlink authorize \"$(cipherlink keygen identity bob.key)\" --name bob \\",
                "      --forward db.internal:5432,10.0.0.0/8:22");
        syntax.parameters("1..*", "PUBLIC-LINE", given -> words = given,
                "What `cipherlink keygen identity` printed, or the server's log said: type, key and name.");
        syntax.option("--name", "NAME", given -> name = given, "Call it this, whatever the line says.");
        syntax.flag("--operator", given -> operator = given, "It may look at other connections, and kick and mute people.");
        syntax.manyOptions("--forward", "HOST:PORTS,...", given -> forwards = given,
                "It may have these connected to. HOST: name, *.name, address, address/bits or *; PORTS: 80, 8000-8099 or *.");
        syntax.option("--authorized-keys", "FILE", given -> file = given, KeysCommand.FILE_DESCRIPTION);
    }

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
