package dev.cipherlink.crypto;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/// Where the passphrase of an encrypted key file comes from. Asked only if the file has one.
@FunctionalInterface
public interface PassphraseSource {

    /// The passphrase, which the caller wipes after use. May block, for example on a person.
    ///
    /// @throws IOException if there is none to be had; the message names the file and says what to do
    char[] passphrase(Path file) throws IOException;

    /// For those who cannot ask: refuses encrypted files.
    static PassphraseSource none() {
        return file -> {
            throw new FileSystemException(file.toString(), null,
                    "the key has a passphrase and there is no terminal to ask for it; run this on a terminal, or "
                            + "use a key without one");
        };
    }
}
