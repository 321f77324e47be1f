package dev.cipherlink.crypto;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/// The passphrase does not open the key file, or the file was altered: the two cannot be told apart.
public final class WrongPassphraseException extends FileSystemException {
    private static final long serialVersionUID = 1;

    WrongPassphraseException(Path file) {
        super(file.toString(), null, "wrong passphrase, or the file was altered; try again");
    }
}
