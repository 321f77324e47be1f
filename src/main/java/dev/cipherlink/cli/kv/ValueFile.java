package dev.cipherlink.cli.kv;

import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText.SizeText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/// A file, or stdin, whose bytes become a value. No more of it is read than a value may have.
///
/// @param name as it was given; `-` is stdin
/// @param maxBytes the largest value
record ValueFile(String name, ProcessEnvironment surroundings, long maxBytes) {

    /// Blocks until the end of the stream, or until it has had more than a value may have.
    ///
    /// @throws CliException if it is larger, or cannot be read
    byte[] read() {
        try {
            if (name.equals("-")) {
                return read(surroundings.stdin());
            }
            Path file = surroundings.folder().resolve(name);
            if (Files.isRegularFile(file) && Files.size(file) > maxBytes) {
                throw tooLarge(String.format(Locale.ROOT, "has %,d bytes", Files.size(file)));
            }
            try (InputStream in = Files.newInputStream(file)) {
                return read(in);
            }
        } catch (IOException | InvalidPathException e) {
            throw CliException.usage("cannot read " + shownName() + ": " + FailureText.of(e)).withCause(e);
        }
    }

    private byte[] read(InputStream in) throws IOException {
        byte[] value = in.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, maxBytes + 1));
        if (value.length > maxBytes) {
            throw tooLarge("does not end there");
        }
        return value;
    }

    private CliException tooLarge(String why) {
        return CliException.usage(shownName() + ": a value has at most " + SizeText.format(maxBytes) + ", and this " + why)
                .withHint(Setting.STORE_MAX_VALUE_SIZE.key() + " in the configuration, if the server takes larger ones");
    }

    private String shownName() {
        return name.equals("-") ? "stdin" : TerminalText.escapeLine(name);
    }
}
