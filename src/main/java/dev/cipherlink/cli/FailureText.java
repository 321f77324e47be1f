package dev.cipherlink.cli;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// Why something failed, in words for people, from the type of an exception.
final class FailureText {

    private FailureText() {
    }

    /// The same, with the file that it is about where the exception knows one.
    static String withFile(Throwable failure) {
        return failure instanceof FileSystemException e && e.getFile() != null
                ? TerminalText.escapeLine(e.getFile()) + ": " + of(e) : of(failure);
    }

    /// One line, never empty. File system exceptions have only a file name for a message.
    static String of(Throwable failure) {
        String text = switch (failure) {
            case FileSystemException e when e.getReason() != null -> e.getReason();
            case NoSuchFileException _ -> "no such file";
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException _ -> "it exists already";
            default -> failure.getMessage() == null || failure.getMessage().isBlank()
                    ? failure.getClass().getSimpleName() : failure.getMessage();
        };
        return TerminalText.escapeLine(text.strip());
    }
}
