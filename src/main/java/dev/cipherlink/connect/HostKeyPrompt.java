package dev.cipherlink.connect;

import dev.cipherlink.client.HostKeyVerifier.UnknownHost;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.Prompt;
import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.text.ServerAddress;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Optional;

/// The question about a server that is met for the first time. Asked between two connections, since people take longer
/// than a handshake may.
final class HostKeyPrompt {
    private static final int ATTEMPTS = 3;

    private final Prompt prompt;
    private final Output output;

    HostKeyPrompt(Prompt prompt, Output output) {
        this.prompt = prompt;
        this.output = output;
    }

    /// Blocks until the question is answered.
    ///
    /// @return whether the key is the server's: `yes` in full, or the right fingerprint; anything else is no
    boolean accepts(UnknownHost host) throws IOException {
        Fingerprint offered = host.key().fingerprint();
        describe(host, offered);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Optional<String> answer = prompt.line("Is this the right server? yes / no / paste the fingerprint: ");
            if (answer.isEmpty() || answer.get().equalsIgnoreCase("no")) {
                return false;
            }
            if (answer.get().equalsIgnoreCase("yes")) {
                return true;
            }
            Optional<Fingerprint> pasted = fingerprint(answer.get());
            if (pasted.isPresent()) {
                if (!pasted.get().equals(offered)) {
                    output.errorLine("That is another fingerprint: this is not the server you mean.");
                }
                return pasted.get().equals(offered);
            }
            output.errorLine("Type yes or no in full, or the whole fingerprint.");
        }
        return false;
    }

    /// Says once where an accepted key stands.
    void tellKept(Path file) {
        output.notice("The key is kept in " + TerminalText.escapeLine(file.toString()));
    }

    private void describe(UnknownHost host, Fingerprint offered) {
        ServerAddress typed = new ServerAddress(host.host(), host.port());
        output.errorLine("First contact with " + typed + resolved(typed));
        output.errorLine("  key type     " + PublicKeyLine.KEY_TYPE);
        output.errorLine("  fingerprint  " + offered);
        output.errorLine(host.otherNames().isEmpty() ? "  not known by any other name"
                : "  also known as " + TerminalText.escapeLine(String.join(", ", host.otherNames())));
        output.errorLine("  the server prints its fingerprint when it starts: listening on ADDRESS key FINGERPRINT");
    }

    private static String resolved(ServerAddress typed) {
        try {
            ServerAddress address = typed.withHost(InetAddress.getByName(typed.host()).getHostAddress());
            return address.equals(typed) ? "" : " (" + address + ")";
        } catch (UnknownHostException _) {
            return ""; // it had an address a moment ago
        }
    }

    private static Optional<Fingerprint> fingerprint(String text) {
        try {
            return Optional.of(Fingerprint.parse(text));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }
}
