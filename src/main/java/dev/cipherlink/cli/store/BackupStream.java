package dev.cipherlink.cli.store;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The folder of a backup as one stream: a tar archive (POSIX `ustar`), regular files only, that ends with the two empty blocks
/// by which a reader knows that it has all of it.
final class BackupStream {
    private static final int BLOCK_BYTES = 512;
    private static final int COPY_BYTES = 256 << 10;
    private static final int NAME_BYTES = 100;
    private static final int SIZE_AT = 124;
    private static final int SUM_AT = 148;
    private static final int SUM_BYTES = 8;
    private static final int TYPE_AT = 156;
    private static final int MAGIC_AT = 257;
    private static final byte[] MAGIC = ascii("ustar\00000");
    /// Files of a store; nothing that leads out of its folder.
    private static final Pattern NAME = Pattern.compile("last-commit|(db|log)/[A-Za-z0-9_-][A-Za-z0-9._-]*");

    private BackupStream() {
    }

    /// Where a stream goes.
    interface Sink {
        /// Takes the first bytes of an array.
        void bytes(byte[] bytes, int length);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).filter(file -> NAME.matcher(name(folder, file)).matches()).sorted().toList();
        }
    }

    private static String name(Path folder, Path file) {
        return folder.relativize(file).toString();
    }

    /// How many bytes [#write] will have written.
    static long bytes(Path folder) throws IOException {
        long bytes = 2 * BLOCK_BYTES;
        for (Path file : files(folder)) {
            bytes += BLOCK_BYTES + Math.ceilDiv(Files.size(file), BLOCK_BYTES) * BLOCK_BYTES;
        }
        return bytes;
    }

    /// @param progress is told how many bytes were written so far, for each part of a file
    static void write(Path folder, Sink out, LongConsumer progress) throws IOException {
        byte[] buffer = new byte[COPY_BYTES];
        long written = 0;
        for (Path file : files(folder)) {
            long size = Files.size(file);
            out.bytes(header(name(folder, file), size), BLOCK_BYTES);
            written += BLOCK_BYTES;
            try (InputStream in = Files.newInputStream(file)) {
                for (long left = size; left > 0; ) {
                    int read = readFully(in, buffer, left);
                    out.bytes(buffer, read);
                    left -= read;
                    written += read;
                    progress.accept(written);
                }
            }
            int padding = (int) -size & BLOCK_BYTES - 1;
            out.bytes(new byte[padding], padding);
            written += padding;
        }
        out.bytes(new byte[2 * BLOCK_BYTES], 2 * BLOCK_BYTES);
    }

    private static byte[] header(String name, long size) throws IOException {
        byte[] block = new byte[BLOCK_BYTES];
        put(block, 0, name, NAME_BYTES);
        put(block, 100, "0000600\0", 8);
        put(block, 108, "0000000\0", 8);
        put(block, 116, "0000000\0", 8);
        put(block, SIZE_AT, "%011o\0".formatted(size), 12);
        put(block, 136, "00000000000\0", 12);
        block[TYPE_AT] = '0';
        put(block, MAGIC_AT, "ustar\00000", MAGIC.length);
        put(block, SUM_AT, "%06o\0 ".formatted(sum(block)), SUM_BYTES);
        return block;
    }

    private static void put(byte[] block, int at, String text, int most) throws IOException {
        byte[] bytes = ascii(text);
        if (bytes.length > most) {
            throw new IOException("a file of the store does not fit into a tar archive");
        }
        System.arraycopy(bytes, 0, block, at, bytes.length);
    }

    /// Of all bytes of a header, its own place taken for spaces.
    private static int sum(byte[] block) {
        int sum = ' ' * SUM_BYTES;
        for (int i = 0; i < BLOCK_BYTES; i++) {
            sum += i >= SUM_AT && i < SUM_AT + SUM_BYTES ? 0 : block[i] & 0xff;
        }
        return sum;
    }

    /// Writes the files of a stream below a folder, and waits until the disk has them.
    ///
    /// @throws IOException if the stream is no backup, or does not go on to its end; the message is one line
    static void read(InputStream in, Path folder, LongConsumer progress) throws IOException {
        byte[] block = new byte[BLOCK_BYTES];
        byte[] buffer = new byte[COPY_BYTES];
        long read = 0;
        for (readFully(in, block, BLOCK_BYTES); !isEmpty(block); readFully(in, block, BLOCK_BYTES)) {
            Path file = folder.resolve(checkedName(block));
            long size = Long.parseLong(text(block, SIZE_AT, 11), 8);
            Files.createDirectories(file.getParent(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                 OutputStream out = java.nio.channels.Channels.newOutputStream(channel)) {
                for (long left = size; left > 0; ) {
                    int part = readFully(in, buffer, left);
                    out.write(buffer, 0, part);
                    left -= part;
                    read += part;
                    progress.accept(read);
                }
                channel.force(true);
            }
            readFully(in, buffer, -size & BLOCK_BYTES - 1);
        }
        readFully(in, block, BLOCK_BYTES);
        if (!isEmpty(block)) {
            throw new IOException("stdin is no backup of a store: its end is wrong");
        }
    }

    private static String checkedName(byte[] block) throws IOException {
        String name = text(block, 0, NAME_BYTES);
        if (!Arrays.equals(block, MAGIC_AT, MAGIC_AT + 5, MAGIC, 0, 5) || !text(block, SUM_AT, 6).matches("[0-7]{6}")
                || Integer.parseInt(text(block, SUM_AT, 6), 8) != sum(block) || !text(block, SIZE_AT, 11).matches("[0-7]{11}")) {
            throw new IOException("stdin is no backup of a store: it is no tar archive");
        }
        if (block[TYPE_AT] != '0' || !NAME.matcher(name).matches()) {
            throw new IOException("stdin is no backup of a store: there is something else in it");
        }
        return name;
    }

    /// @return the next bytes, as many as are wanted or the buffer takes
    private static int readFully(InputStream in, byte[] buffer, long wanted) throws IOException {
        int length = (int) Math.min(wanted, buffer.length);
        if (in.readNBytes(buffer, 0, length) < length) {
            throw new EOFException("it ends too early");
        }
        return length;
    }

    private static boolean isEmpty(byte[] block) {
        return Arrays.equals(block, new byte[BLOCK_BYTES]);
    }

    private static String text(byte[] block, int at, int most) {
        int end = at;
        while (end < at + most && block[end] != 0) {
            end++;
        }
        return new String(block, at, end - at, StandardCharsets.ISO_8859_1);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
