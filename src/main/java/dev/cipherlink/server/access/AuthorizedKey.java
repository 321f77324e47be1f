package dev.cipherlink.server.access;

import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// An authorized client: a line `cipherlink-x25519 <base64> <name> [options]`.
///
/// @param name    its name on the server; see [PublicKeyLine#isName]
/// @param key     the key that it must prove to hold
/// @param rights from its options
public record AuthorizedKey(String name, PublicKey key, ClientRights rights) {

    static final String DENIED = "denied";
    private static final Pattern BLANKS = Pattern.compile("[ \t\r]+");

    /// @throws IllegalArgumentException if the name is invalid
    public AuthorizedKey {
        PublicKeyLine.requireName(name);
    }

    /// @throws IllegalArgumentException if the name or an option is invalid
    public AuthorizedKey(String name, PublicKey key, List<String> options) {
        this(name, key, ClientRights.parse(options));
    }

    /// @throws IllegalArgumentException if the line is invalid; the message says why
    static AuthorizedKey parse(String line) {
        String[] words = BLANKS.split(line.strip());
        PublicKeyLine.requireKeyType(words[0]);
        if (words.length < 3) {
            throw new IllegalArgumentException("the " + (words.length < 2 ? "key and the name are" : "name is")
                    + " missing: " + PublicKeyLine.KEY_TYPE + " <base64> <name> [options]");
        }
        return new AuthorizedKey(words[2], PublicKeyLine.parseKey(words[1]),
                Arrays.asList(words).subList(3, words.length));
    }

    /// The line, without a line end.
    String encode() {
        var line = new StringBuilder(new PublicKeyLine(key, name).encode());
        options().forEach(option -> line.append(' ').append(option));
        return line.toString();
    }

    /// In the order of the file.
    public List<String> options() {
        return rights.options();
    }

    ClientIdentity identity() {
        return new ClientIdentity(name, Optional.of(key), rights);
    }
}
