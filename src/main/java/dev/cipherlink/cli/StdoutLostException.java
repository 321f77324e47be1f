package dev.cipherlink.cli;

import java.io.IOException;

/// Stdout takes no more: its reader has left (`| head -1`), or the disk is full. Ends any command.
final class StdoutLostException extends RuntimeException {
    private static final long serialVersionUID = 1;

    StdoutLostException(IOException cause) {
        super(cause);
    }
}
