package dev.cipherlink.prompt;

import dev.cipherlink.command.Verb;
import dev.cipherlink.crypto.TrustedPath;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Consumer;
import org.jline.reader.impl.history.DefaultHistory;

/// The history of typed lines. Direct messages never reach the disk. Lines with a value, and those that are no command where one was
/// meant and may hold one, do only if the setting allows it.
final class TypedHistory extends DefaultHistory {
    private static final int LEAST_CHARACTERS = 2;
    private static final int MAX_LOOKED_AT = 2_000;

    private final Dialect dialect;
    private final boolean keepsSecrets;
    private Consumer<IOException> listener = failure -> { };
    private boolean isLost;

    /// @param keepsSecrets whether lines with a value, or mistyped ones, go to the file too
    TypedHistory(Dialect dialect, boolean keepsSecrets) {
        this.dialect = dialect;
        this.keepsSecrets = keepsSecrets;
    }

    /// @param newListener called once if the file can no longer be written
    void onFailure(Consumer<IOException> newListener) {
        listener = newListener;
    }

    /// Continues in memory if the file cannot be written, for example on a full disk.
    @Override
    public void save() {
        try {
            super.save();
        } catch (IOException e) {
            if (!isLost) {
                isLost = true;
                listener.accept(e);
            }
        }
    }

    /// The rest of the newest line that begins with this text; empty if there is none, and for a text of one character.
    String continuation(String typed) {
        if (typed.length() < LEAST_CHARACTERS || typed.indexOf('\n') >= 0) {
            return "";
        }
        Iterator<Entry> newestFirst = reverseIterator();
        for (int i = 0; i < MAX_LOOKED_AT && newestFirst.hasNext(); i++) {
            String line = newestFirst.next().line();
            if (line.length() > typed.length() && line.startsWith(typed) && line.indexOf('\n') < 0) {
                return line.substring(typed.length());
            }
        }
        return "";
    }

    @Override
    public boolean isPersistable(Entry entry) {
        return super.isPersistable(entry) && isForDisk(entry.line());
    }

    boolean isForDisk(String line) {
        return line.lines().allMatch(each -> switch (dialect.parse(each)) {
            case TypedLine.Request(Verb verb, String _) ->
                    verb != Verb.TELL && (keepsSecrets || verb == Verb.SAY || !verb.endsWithText());
            case TypedLine.Slash(SlashCommand command, String _) -> command != SlashCommand.MSG && command != SlashCommand.REPLY;
            case TypedLine.Text(String text) -> keepsSecrets || MistakenLine.of(text).isEmpty();
            case TypedLine.Unknown _ -> keepsSecrets;
            case TypedLine.Nothing _ -> true;
        });
    }

    /// Creates the file if it is missing, readable by its owner only.
    ///
    /// @return the file with links resolved
    /// @throws IOException if that fails, or another user could change the file
    static Path prepare(Path named) throws IOException {
        Path file = TrustedPath.resolve(named);
        TrustedPath.createFolders(file.getParent());
        Set<PosixFilePermission> ownerOnly = PosixFilePermissions.fromString("rw-------");
        try {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(ownerOnly));
        } catch (FileAlreadyExistsException _) {
            Files.setPosixFilePermissions(file, ownerOnly);
        }
        if (!Files.isWritable(file)) {
            throw new AccessDeniedException(file.toString());
        }
        return file;
    }
}
