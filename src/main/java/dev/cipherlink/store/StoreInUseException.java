package dev.cipherlink.store;

import java.io.IOException;
import java.nio.file.Path;

/// Another process has the store open.
public final class StoreInUseException extends IOException {
    private static final long serialVersionUID = 1;

    StoreInUseException(Path folder) {
        super(folder + " is used by another process; stop that server, or give another folder");
    }
}
