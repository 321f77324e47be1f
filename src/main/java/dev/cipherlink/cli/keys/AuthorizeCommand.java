package dev.cipherlink.cli.keys;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.server.access.AuthorizedKey;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.DurationText.SizeText;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `authorize`: lets a key in.
public final class AuthorizeCommand extends ProgramCommand {

    private List<String> words;
    private String name;
    private boolean operator;
    private List<String> forwards = List.of();
    private List<String> listens = List.of();
    private List<String> keyRules = List.of();
    private List<String> from = List.of();
    private String services;
    private String expires;
    private String maxConnections;
    private String maxBytes;
    private String rate;
    private boolean replace;
    private String file;

    @Override
    public void describe(Syntax syntax) {
        syntax.about("Let a key in: add its public line to the server's authorized-keys file.",
                "A running server has taken it up when this returns; without one it says so.");
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
        syntax.manyOptions("--listen", "HOST:PORTS,...", given -> listens = given,
                "It may have the server listen on these for `forward -R`. HOST: localhost, address, address/bits or *.");
        syntax.manyOptions("--keys", "ro:PREFIX*,rw:KEY,...", given -> keyRules = given,
                "It may read (ro) or read and write (rw) these keys of the store only; the longest pattern that fits decides. Default: all.");
        syntax.option("--services", "kv,chat,forward", given -> services = given, "It may use these only. Default: all.");
        syntax.manyOptions("--from", "ADDRESS/BITS,...", given -> from = given, "It may connect from these addresses only.");
        syntax.option("--expires", "DATE|DURATION", given -> expires = given,
                "It is let in until then: 2027-01-31 (when that day begins, UTC), 2027-01-31T18:00:00Z, or 30d from now.");
        syntax.option("--max-connections", "N", given -> maxConnections = given, "It may have so many connections at a time.");
        syntax.option("--max-bytes", "SIZE", given -> maxBytes = given,
                "The keys that it may write take at most so much, such as 100MiB, with all that others have there.");
        syntax.option("--rate", "N", given -> rate = given, "Its requests beyond so many a second wait.");
        syntax.flag("--replace", given -> replace = given, "The key may be in the file already: its line is replaced.");
        syntax.option("--authorized-keys", "FILE", given -> file = given, KeysCommand.FILE_DESCRIPTION);
    }

    @Override
    public ExitStatus run() {
        AuthorizedKey key = key();
        AuthorizedKeys keys = KeysCommand.open(this, file);
        try {
            boolean isNew = !keys.find(key.key()).equals(Optional.of(key));
            if (replace && isNew) {
                keys.put(key);
            } else {
                isNew = keys.add(key);
            }
            KeysCommand.report(this, "authorized", key, keys);
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
            AuthorizedKey key = new AuthorizedKey(name == null ? parsed.name() : name, parsed.key(), rights());
            if (key.rights().isExpired(Instant.now())) {
                throw new IllegalArgumentException("--expires " + expires + " is over");
            }
            return key;
        } catch (IllegalArgumentException e) {
            throw CliException.usage("cannot authorize: " + e.getMessage()).withHint("cipherlink authorize --help");
        }
    }

    private List<String> rights() {
        List<String> rights = new ArrayList<>(operator ? List.of("operator") : List.of());
        forwards.forEach(rules -> rights.add("forward=" + rules));
        listens.forEach(rules -> rights.add("listen=" + rules));
        keyRules.forEach(rules -> rights.add("keys=" + rules));
        from.forEach(blocks -> rights.add("from=" + blocks));
        add(rights, "services=", services);
        add(rights, "expires=", expires == null ? null : moment(expires));
        add(rights, "max-connections=", maxConnections);
        add(rights, "max-bytes=", maxBytes == null ? null : bytes(maxBytes));
        add(rights, "rate=", rate);
        return rights;
    }

    private static void add(List<String> rights, String option, String value) {
        if (value != null) {
            rights.add(option + value);
        }
    }

    private static String bytes(String text) {
        try {
            return Long.toString(SizeText.parse(text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--max-bytes must be " + SizeText.ALLOWED, e);
        }
    }

    /// A duration as the moment at which it is over; any other text as it is.
    private static String moment(String text) {
        try {
            return Instant.now().plus(DurationText.parse(text)).truncatedTo(ChronoUnit.SECONDS).toString();
        } catch (IllegalArgumentException _) {
            return text;
        }
    }
}
