package dev.cipherlink.server.access;

import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// An authorized client: a line `cipherlink-x25519 <base64> <name> [options]`.
///
/// @param name    its name on the server; see [PublicKeyLine#isName]
/// @param key     the key that it must prove to hold
/// @param options in the order of the file: `operator` (may inspect other connections), `forward=HOST:PORT,...` (its
///     targets, see [ForwardRules]), and `denied` (not admitted, whatever its other options)
public record AuthorizedKey(String name, PublicKey key, List<String> options) {

    static final String DENIED = "denied";
    private static final String OPERATOR = "operator";
    private static final String FORWARD = "forward=";
    private static final Pattern BLANKS = Pattern.compile("[ \t\r]+");
    private static final Pattern PRINTABLE = Pattern.compile("[!-~]+");

    /// @throws IllegalArgumentException if the name or an option is invalid
    public AuthorizedKey {
        PublicKeyLine.requireName(name);
        options = List.copyOf(options);
        options.forEach(AuthorizedKey::requireOption);
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

    private static void requireOption(String option) {
        boolean isKnown = option.equals(OPERATOR) || option.equals(DENIED)
                || option.startsWith(FORWARD) && option.length() > FORWARD.length() && PRINTABLE.matcher(option).matches();
        if (!isKnown) {
            throw new IllegalArgumentException("unknown option: there are " + OPERATOR + ", " + DENIED + " and " + FORWARD
                    + "HOST:PORT,...");
        }
        if (option.startsWith(FORWARD)) {
            ForwardRules.parse(option.substring(FORWARD.length()));
        }
    }

    /// The line, without a line end.
    String encode() {
        var line = new StringBuilder(new PublicKeyLine(key, name).encode());
        options.forEach(option -> line.append(' ').append(option));
        return line.toString();
    }

    /// Whether the key is denied.
    public boolean isDenied() {
        return options.contains(DENIED);
    }

    /// Whether the client may inspect other connections.
    public boolean isOperator() {
        return options.contains(OPERATOR);
    }

    /// Its targets in addition to those of all clients: all `forward=` options together.
    public ForwardRules forwards() {
        return options.stream().filter(option -> option.startsWith(FORWARD))
                .map(option -> ForwardRules.parse(option.substring(FORWARD.length())))
                .reduce(ForwardRules.NONE, ForwardRules::and);
    }

    ClientIdentity identity() {
        return new ClientIdentity(name, Optional.of(key), isOperator(), forwards());
    }
}
