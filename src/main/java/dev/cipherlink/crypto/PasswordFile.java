package dev.cipherlink.crypto;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.Arrays;
import java.util.List;

/// Text files with passwords, often one on the first line, as programs leave them for a service: mode 0600, in folders that only
/// their user and root can change ([TrustedPath]). Links are followed, as secrets of Kubernetes are some.
///
/// Errors name the file, and never quote it.
public final class PasswordFile {
    private static final int MAX_BYTES = 4_096;

    private PasswordFile() {
    }

    /// The first line without its end, which the caller wipes. Blocks on the disk.
    ///
    /// @throws IOException if it is empty, or the file cannot be read, is larger than 4 KiB, or could be read or changed by others
    public static byte[] firstLine(Path file) throws IOException {
        Path target = resolve(file);
        long size = Files.size(target);
        if (size > MAX_BYTES) {
            throw refusal(file, "it has " + size + " bytes, and a password file has at most " + MAX_BYTES);
        }
        byte[] content = Files.readAllBytes(target);
        int end = 0;
        while (end < content.length && content[end] != '\n' && content[end] != '\r') {
            end++;
        }
        byte[] line = Arrays.copyOf(content, end);
        Arrays.fill(content, (byte) 0);
        if (line.length == 0) {
            throw refusal(file, "its first line is empty");
        }
        return line;
    }

    /// The first line as a passphrase, which the caller wipes; errors as of [#firstLine].
    public static char[] passphrase(Path file) throws IOException {
        byte[] line = firstLine(file);
        CharBuffer chars = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(line));
        char[] passphrase = Arrays.copyOf(chars.array(), chars.limit());
        Arrays.fill(chars.array(), '\0');
        Arrays.fill(line, (byte) 0);
        return passphrase;
    }

    /// All lines, in UTF-8, of a file with a password on each. Blocks on the disk.
    ///
    /// @throws IOException if the file cannot be read, is no UTF-8, or could be read or changed by others
    public static List<String> lines(Path file) throws IOException {
        return Files.readAllLines(resolve(file));
    }

    private static Path resolve(Path file) throws IOException {
        Path target = TrustedPath.resolve(file);
        if (!SecretFile.isPrivate(target, Files.readAttributes(target, PosixFileAttributes.class))) {
            throw refusal(file, "others may read or write it: run chmod 600 " + file);
        }
        return target;
    }

    private static FileSystemException refusal(Path file, String reason) {
        return new FileSystemException(file.toString(), null, reason);
    }
}
