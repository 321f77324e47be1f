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

/// A text file of public keys, one a line, that people edit by hand and programs change without losing each other's
/// work: authorized keys, enrolled keys, known hosts.
///
/// A change is a new file renamed over the old one, made under a lock file beside it, so that a reader sees the old
/// lines or the new ones, and of two changes at once both last. Owner and mode stay; a new file gets mode 0600. A file
/// in hands other than its user's and root's is neither read nor changed ([TrustedPath]): who can write it, or put another
/// one in its place, decides who is trusted.
///
/// Lines keep their bytes (ISO 8859-1 maps each to a character), whatever they are. Thread-safe; everything blocks on
/// the disk, and [#update] on other updates.
public final class KeyListFile {

    /// Bytes of the largest file.
    public static final int MAX_BYTES = 16 << 20;

    /// Its three bytes in UTF-8, each as a character. Not a part of the first line: some editors put it in front of any text.
    private static final String BYTE_ORDER_MARK = "\u00EF\u00BB\u00BF";

    /// A lock on a file is the whole process's: threads need one of their own. Changes are rare, so that one is enough.
    private static final ReentrantLock CHANGES_OF_THIS_PROCESS = new ReentrantLock();

    private final Path path;

    /// The file, which need not exist.
    public KeyListFile(Path path) {
        this.path = path;
    }

    /// The lines as they were at one moment.
    ///
    /// @param lines   without their line feeds
    /// @param fileKey tells a file that was replaced from one that was written in place; null if the system cannot
    public record Content(List<String> lines, Object fileKey) {
        public Content {
            lines = List.copyOf(lines);
        }
    }

    /// What to make of the lines of a file.
    @FunctionalInterface
    public interface Edit {
        /// @param lines the present ones; none if there is no file
        /// @return the new ones; equal ones leave the file alone
        /// @throws IOException if the edit cannot be made; then nothing changes
        List<String> apply(List<String> lines) throws IOException;
    }

    public Path path() {
        return path;
    }

    /// Reads the file.
    ///
    /// @return empty if there is none
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

    /// Changes the file under its lock; missing folders get mode 0700.
    ///
    /// @return the lines that the file has now
    /// @throws IOException if the edit refuses or the file cannot be read or written; then it is as it was
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

    /// The lock file stays: who deletes it takes the lock away from under somebody who waits for it.
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

    /// Owners are not given away: what this process makes belongs to its own user.
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

    /// A line of a file of keys that cannot be used, or that a change would make so. The message is
    /// `<file>:<line>: <what is wrong>` and quotes nothing that could be a secret.
    public static final class KeyLineException extends IOException {
        private static final long serialVersionUID = 1;

        private final int line;

        /// @param line counted from 1
        public KeyLineException(Path file, int line, String reason) {
            super(file + ":" + line + ": " + reason);
            this.line = line;
        }

        /// The line's number, from 1.
        public int line() {
            return line;
        }
    }
}
