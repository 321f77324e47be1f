package dev.cipherlink.crypto;

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
import java.util.EnumSet;
import java.util.Set;

/// Files that hold a secret: exact size, mode 0600 from the moment they exist, no symbolic links.
///
/// Every refusal names the file, the fault and the remedy, and never a byte of the content.
final class SecretFile {

    private static final Set<PosixFilePermission> OWNER_ONLY = EnumSet.of(OWNER_READ, OWNER_WRITE);
    private static final FileAttribute<Set<PosixFilePermission>> MODE_0600 =
            PosixFilePermissions.asFileAttribute(OWNER_ONLY);

    private SecretFile() {
    }

    static byte[] read(Path file, int size) throws IOException {
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
        if (!OWNER_ONLY.containsAll(attributes.permissions())) {
            throw refusal(file, "others may read or run this key file (mode "
                    + PosixFilePermissions.toString(attributes.permissions()) + "): run chmod 600 " + file);
        }
        if (attributes.size() != size) {
            throw refusal(file, "a key file holds exactly " + size + " raw bytes, this one has " + attributes.size()
                    + "; `cipherlink keygen` makes one");
        }
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

    static void write(Path file, byte[] content, boolean overwrite) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        if (!overwrite) {
            try {
                create(file, content);
            } catch (FileAlreadyExistsException e) {
                throw refusal(file, "the file exists and may be a key in use; choose another name, or replace it with --force");
            }
            return;
        }
        Path replacement = folder.resolve("." + file.getFileName() + "." + ProcessHandle.current().pid() + ".new");
        Files.deleteIfExists(replacement);
        try {
            create(replacement, content);
            Files.move(replacement, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(replacement);
        }
    }

    /// Creates with the final mode: there is no moment in which others could open the file.
    private static void create(Path file, byte[] content) throws IOException {
        Set<OpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (var channel = FileChannel.open(file, options, MODE_0600)) {
            var buffer = ByteBuffer.wrap(content);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }

    private static FileSystemException refusal(Path file, String reason) {
        return new FileSystemException(file.toString(), null, reason);
    }
}
