package dev.cipherlink.crypto;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/// A text file of public keys, one per line, that people edit by hand and programs update without losing each other's
/// changes: authorized keys, enrolled keys, known hosts.
///
/// An update writes a new file and renames it over the old one, under a lock file beside it. A reader sees the old lines
/// or the new ones, and concurrent updates are all kept. Owner and mode stay; a new file gets mode 0600. A file that a
/// user other than its own and root can write or replace is neither read nor changed ([TrustedPath]), because its
/// contents decide whom to trust.
///
/// Lines keep their exact bytes (ISO 8859-1 maps each byte to a character). Thread-safe; everything blocks on the disk,
/// and [#update] on other updates.
public final class KeyListFile {

    /// Bytes of the largest file.
    public static final int MAX_BYTES = 16 << 20;

    /// The UTF-8 byte order mark as one character per byte. Some editors write it; it is not part of the first line.
    private static final String BYTE_ORDER_MARK = "\u00EF\u00BB\u00BF";

    /// A file lock belongs to the whole process, so its threads need a lock too. Updates are rare: one lock for all files
    /// is enough.
    private static final ReentrantLock CHANGES_OF_THIS_PROCESS = new ReentrantLock();

    private final Path path;

    /// @param path of a file that need not exist
    public KeyListFile(Path path) {
        this.path = path;
    }

    /// The lines at one moment.
    ///
    /// @param lines   without line feeds
    /// @param fileKey differs after the file was replaced, but not after a write in place; null if the system has none
    public record Content(List<String> lines, Object fileKey) {
        public Content {
            lines = List.copyOf(lines);
        }
    }

    /// A change to the lines of a file.
    @FunctionalInterface
    public interface Edit {
        /// @param lines the present lines; empty if there is no file
        /// @return the new lines; if they are equal, the file is not written
        /// @throws IOException if the edit is impossible; the file then stays as it is
        List<String> apply(List<String> lines) throws IOException;
    }

    public Path path() {
        return path;
    }

    /// Reads the file.
    ///
    /// @return empty if the file does not exist
    /// @throws IOException if it cannot be read, is too large, or others may write it; the message says what to do
    public Optional<Content> read() throws IOException {
        return read(TrustedPath.resolve(path));
    }

    private Optional<Content> read(Path target) throws IOException {
        PosixFileAttributes attributes;
        byte[] bytes;
        try {
            attributes = Files.readAttributes(target, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                throw refusal("a file of keys must be a regular file, not a folder or a device");
            }
            try (var in = Files.newInputStream(target, LinkOption.NOFOLLOW_LINKS)) {
                bytes = in.readNBytes(MAX_BYTES + 1);
            }
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        if (bytes.length > MAX_BYTES) {
            throw refusal("a file of keys has at most " + MAX_BYTES + " bytes");
        }
        return Optional.of(new Content(lines(bytes), attributes.fileKey()));
    }

    private List<String> lines(byte[] bytes) throws IOException {
        var text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (text.startsWith("\u00FF\u00FE") || text.startsWith("\u00FE\u00FF")) {
            throw refusal("it is UTF-16 text, as an editor saved it: save it as plain UTF-8");
        }
        if (text.startsWith(BYTE_ORDER_MARK)) {
            text = text.substring(BYTE_ORDER_MARK.length());
        }
        var lines = new ArrayList<String>();
        int start = 0;
        while (start < text.length()) {
            int feed = text.indexOf('\n', start);
            int end = feed < 0 ? text.length() : feed;
            lines.add(text.substring(start, end));
            start = end + 1;
        }
        return lines;
    }

    /// Updates the file under its lock; missing folders get mode 0700.
    ///
    /// @return the lines after the update
    /// @throws IOException if the edit fails or the file cannot be read or written; the file then stays as it was
    public List<String> update(Edit edit) throws IOException {
        CHANGES_OF_THIS_PROCESS.lock();
        try {
            Path target = TrustedPath.resolve(path);
            TrustedPath.createFolders(target.getParent());
            try (var channel = openLock(target)) {
                channel.lock();
                return updateLocked(target, edit);
            }
        } finally {
            CHANGES_OF_THIS_PROCESS.unlock();
        }
    }

    private List<String> updateLocked(Path target, Edit edit) throws IOException {
        List<String> before = read(target).map(Content::lines).orElse(List.of());
        List<String> after = edit.apply(before);
        if (!after.equals(before)) {
            replace(target, after);
        }
        return after;
    }

    /// The lock file is never deleted: another process may be waiting for its lock.
    private static FileChannel openLock(Path target) throws IOException {
        Path lock = TrustedPath.resolve(target.resolveSibling("." + target.getFileName() + ".lock"));
        return FileChannel.open(lock, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                SecretFile.MODE_0600);
    }

    private void replace(Path target, List<String> lines) throws IOException {
        var text = new StringBuilder();
        for (String line : lines) {
            text.append(line).append('\n');
        }
        Path prepared = SecretFile.prepare(target, text.toString().getBytes(StandardCharsets.ISO_8859_1));
        try {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                keepAttributes(prepared, Files.readAttributes(target, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
            }
            Files.move(prepared, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(prepared);
        }
    }

    /// Keeps group and mode. Ownership cannot be given away, so a file of another owner is refused.
    private void keepAttributes(Path prepared, PosixFileAttributes old) throws IOException {
        var view = Files.getFileAttributeView(prepared, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        PosixFileAttributes made = view.readAttributes();
        if (!made.owner().equals(old.owner())) {
            throw refusal("it belongs to " + old.owner().getName() + ": run this as " + old.owner().getName());
        }
        if (!made.group().equals(old.group())) {
            view.setGroup(old.group());
        }
        view.setPermissions(old.permissions());
    }

    private FileSystemException refusal(String reason) {
        return new FileSystemException(path.toString(), null, reason);
    }

    /// A line of a key file that is invalid, or that an update would make invalid. The message is `<file>:<line>:
    /// <reason>` and quotes nothing that could be a secret.
    public static final class KeyLineException extends IOException {
        private static final long serialVersionUID = 1;

        private final int line;

        /// @param line from 1
        public KeyLineException(Path file, int line, String reason) {
            super(file + ":" + line + ": " + reason);
            this.line = line;
        }

        /// The line number, from 1.
        public int line() {
            return line;
        }
    }
}
