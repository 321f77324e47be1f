package dev.cipherlink.forward;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/// A Unix socket that listens, for this user alone: mode 0600. Closing it removes its file.
///
/// @param channel accepts
/// @param path    absolute
/// @param fileKey of the file that was made: another one at the same path is not ours to remove
public record UnixSocket(ServerSocketChannel channel, Path path, Object fileKey) implements AutoCloseable {

    private static final int BACKLOG = 1_024;
    /// What the address of a socket has room for on every system.
    private static final int MAX_PATH_BYTES = 103;

    /// Takes the place of a socket whose process is not there any more; of nothing else.
    ///
    /// @throws BindException if there is a file of that name that must stay, or the path is too long; the message begins with the path
    public static UnixSocket bind(Path path) throws IOException {
        Path absolute = path.toAbsolutePath();
        if (absolute.toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
            throw new BindException(absolute + ": a socket has a path of at most " + MAX_PATH_BYTES + " bytes");
        }
        removeDead(absolute);
        // Bound inside of a folder for this user alone, and moved from there with its mode: at no moment may others connect.
        Path closed = Files.createTempDirectory(absolute.getParent(), ".s",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path bound = closed.resolve("s");
        var channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(UnixDomainSocketAddress.of(bound), BACKLOG);
            Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString("rw-------"));
            Object fileKey = attributes(bound).fileKey();
            Files.move(bound, absolute);
            return new UnixSocket(channel, absolute, fileKey);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        } finally {
            Files.deleteIfExists(bound);
            Files.delete(closed);
        }
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private static void removeDead(Path path) throws IOException {
        try {
            if (!attributes(path).isOther()) {
                throw new BindException(path + ": there is a file of that name, which is no socket");
            }
        } catch (NoSuchFileException e) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // Else a process that accepts nothing would hold us up.
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException e) {
            Files.delete(path);
            return;
        } catch (IOException e) {
            // Alive as far as anybody can tell: it has no room for another connection, or lets no other user in.
        }
        throw new BindException(path + ": another process listens there");
    }

    @Override
    public void close() throws IOException {
        channel.close();
        try {
            if (attributes(path).fileKey().equals(fileKey)) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            // Removed by another hand.
        }
    }
}
