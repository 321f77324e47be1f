package dev.cipherlink.crypto;

import static java.nio.file.attribute.PosixFilePermission.GROUP_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/// Files that hold a secret: bounded size, mode 0600 from their creation, no symbolic links, in folders that only their
/// user and root can change ([TrustedPath]).
///
/// Every error names the file, the fault and the remedy, and never a byte of the content.
final class SecretFile {

    private static final Set<PosixFilePermission> OWNER_ONLY = EnumSet.of(OWNER_READ, OWNER_WRITE);
    static final FileAttribute<Set<PosixFilePermission>> MODE_0600 =
            PosixFilePermissions.asFileAttribute(OWNER_ONLY);

    /// The folder of systemd's credentials, which root alone can change.
    private static final Path CREDENTIALS = Path.of("/run/credentials");
    private static final Set<PosixFilePermission> CREDENTIAL_READERS = EnumSet.of(OWNER_READ, GROUP_READ);
    private static final String ROOT = "root";

    /// In UTF-8, as some editors begin a file.
    static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private static final int MOST_ADDED_BYTES = 5;

    private SecretFile() {
    }

    /// Reads a file of exactly this size.
    static byte[] read(Path file, int size) throws IOException {
        long actual = requireTrusted(file);
        Path target = TrustedPath.resolve(file);
        if (actual != size) {
            throw refusal(file, "a key file holds exactly " + size + " raw bytes, this one has " + actual
                    + addedByEditor(target, size, actual) + "; `cipherlink keygen` makes one");
        }
        return readWhole(target, size);
    }

    /// The probable change by an editor or shell to a key file of the wrong size, in words; empty if unknown.
    private static String addedByEditor(Path file, int size, long actual) throws IOException {
        if (actual < size || actual > size + MOST_ADDED_BYTES) {
            return "";
        }
        byte[] content = readWhole(file, (int) actual);
        try {
            if (beginsWith(content, BYTE_ORDER_MARK)) {
                return " and begins with a byte order mark (BOM) that an editor has added";
            }
            return content[content.length - 1] != '\n' ? "" : content[content.length - 2] == '\r'
                    ? " and ends with a Windows line end (CR LF) that an editor has added" : " and ends with a line feed that was added";
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    static boolean beginsWith(byte[] content, byte... beginning) {
        return content.length >= beginning.length && Arrays.equals(content, 0, beginning.length, beginning, 0, beginning.length);
    }

    /// Reads a file of at most this size.
    static byte[] readAtMost(Path file, int maxBytes) throws IOException {
        long actual = requireTrusted(file);
        Path target = TrustedPath.resolve(file);
        if (actual > maxBytes) {
            throw refusal(file, "this is no private key file: it has " + actual + " bytes, and the longest has "
                    + maxBytes);
        }
        return readWhole(target, (int) actual);
    }

    /// @return its size in bytes
    private static long requireTrusted(Path file) throws IOException {
        PosixFileAttributes attributes;
        try {
            attributes = Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            throw new FileSystemException(file.toString(), null,
                    "no such key file; `cipherlink keygen` makes one");
        }
        if (!attributes.isRegularFile()) {
            throw refusal(file, "a key file must be a regular file, not a link, folder or device; name the file itself");
        }
        if (!isPrivate(file, attributes)) {
            throw refusal(file, "others may read or run this key file (mode "
                    + PosixFilePermissions.toString(attributes.permissions()) + "): run chmod 600 " + file);
        }
        return attributes.size();
    }

    /// Whether only the file's owner may read and write it. Of a credential of systemd, which is root's, an entry for the service
    /// stands in an access control list, and that makes the file look readable for its group.
    static boolean isPrivate(Path file, PosixFileAttributes attributes) {
        return OWNER_ONLY.containsAll(attributes.permissions())
                || CREDENTIAL_READERS.containsAll(attributes.permissions()) && file.toAbsolutePath().normalize().startsWith(CREDENTIALS)
                        && attributes.owner().getName().equals(ROOT) && attributes.group().getName().equals(ROOT);
    }

    private static byte[] readWhole(Path file, int size) throws IOException {
        var content = new byte[size];
        try (var channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            var buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                if (channel.read(buffer) < 0) {
                    throw refusal(file, "the file was shortened while it was read");
                }
            }
        }
        return content;
    }

    /// Writes the whole file or nothing: a concurrent reader sees no file, the old one or the new one. Missing folders
    /// get mode 0700.
    ///
    /// @throws FileAlreadyExistsException if the file exists and `overwrite` is false
    static void write(Path file, byte[] content, boolean overwrite) throws IOException {
        Path target = TrustedPath.createFolders(file.toAbsolutePath().getParent()).resolve(file.getFileName());
        Path prepared = prepare(target, content);
        try {
            if (overwrite) {
                Files.move(prepared, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } else {
                publish(prepared, target, content);
            }
        } finally {
            Files.deleteIfExists(prepared);
        }
    }

    /// A hard link is the only way to publish a complete file under a name only if that name is free.
    private static void publish(Path prepared, Path file, byte[] content) throws IOException {
        try {
            Files.createLink(file, prepared);
        } catch (FileAlreadyExistsException e) {
            throw exists(file);
        } catch (UnsupportedOperationException | FileSystemException e) {
            try {
                createAs(file, content);
            } catch (FileAlreadyExistsException again) {
                throw exists(file);
            }
        }
    }

    private static FileAlreadyExistsException exists(Path file) {
        return new FileAlreadyExistsException(file.toString(), null,
                "the file exists and may be a key in use, which would be lost; choose another name");
    }

    /// Writes a new version of a file under a temporary name beside it, with mode 0600, synced to the disk.
    static Path prepare(Path file, byte[] content) throws IOException {
        Path prepared = file.toAbsolutePath().resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".new");
        try {
            createAs(prepared, content);
            return prepared;
        } catch (IOException e) {
            Files.deleteIfExists(prepared);
            throw e;
        }
    }

    /// Creates the file with its final mode: at no moment could others open it.
    private static void createAs(Path file, byte[] content) throws IOException {
        Set<OpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (var channel = FileChannel.open(file, options, MODE_0600)) {
            var buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) { // such as a full disk, which names no file
            throw new FileSystemException(file.toString(), null, e.getMessage());
        }
    }

    private static FileSystemException refusal(Path file, String reason) {
        return new FileSystemException(file.toString(), null, reason);
    }
}
