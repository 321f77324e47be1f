package dev.cipherlink.store;

import java.io.IOException;
import java.nio.file.Path;

/// What a store acknowledged is not all there. It is not opened: that would make the loss silent.
public final class DamagedStoreException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedStoreException(Path folder, String what) {
        super(folder + " is damaged: " + what + "; restore a backup, or accept what is left with `cipherlink store check "
                + "--accept-loss`");
    }
}
