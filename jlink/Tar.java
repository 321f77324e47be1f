import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/// Writes a compressed tar archive (POSIX `ustar`) that depends on nothing but names, contents and one time: all is root's, and
/// folders list what is in them in the order of its names.
final class Tar implements AutoCloseable {
    static final int PROGRAM = 0755;
    static final int FILE = 0644;

    private static final int BLOCK_BYTES = 512;
    private static final int NAME_BYTES = 100;
    private static final int PREFIX_BYTES = 155;
    private static final int SUM_AT = 148;

    private final OutputStream out;
    private final long seconds;

    Tar(OutputStream out, Instant time) throws IOException {
        this.out = new GZIPOutputStream(out, 1 << 16);
        this.seconds = time.getEpochSecond();
    }

    /// A folder with all that is in it.
    ///
    /// @param name of the folder in the archive
    void tree(String name, Path folder) throws IOException {
        folder(name);
        List<Path> children;
        try (Stream<Path> all = Files.list(folder)) {
            children = all.sorted().toList();
        }
        for (Path child : children) {
            String childName = name + "/" + child.getFileName();
            if (Files.isSymbolicLink(child)) {
                link(childName, Files.readSymbolicLink(child).toString());
            } else if (Files.isDirectory(child)) {
                tree(childName, child);
            } else {
                file(childName, Files.readAllBytes(child), Files.isExecutable(child) ? PROGRAM : FILE);
            }
        }
    }

    void folder(String name) throws IOException {
        out.write(header(name + "/", PROGRAM, 0, '5', ""));
    }

    void link(String name, String target) throws IOException {
        out.write(header(name, 0777, 0, '2', target));
    }

    void file(String name, byte[] content, int mode) throws IOException {
        out.write(header(name, mode, content.length, '0', ""));
        out.write(content);
        out.write(new byte[-content.length & BLOCK_BYTES - 1]);
    }

    private byte[] header(String name, int mode, long size, char type, String target) throws IOException {
        byte[] block = new byte[BLOCK_BYTES];
        int cut = name.length() <= NAME_BYTES ? -1 : name.indexOf('/', name.length() - NAME_BYTES - 1);
        if (cut > PREFIX_BYTES || name.length() > NAME_BYTES && cut < 0) {
            throw new IOException("too long for an archive: " + name);
        }
        put(block, 0, name.substring(cut + 1));
        put(block, 100, "%07o\0".formatted(mode));
        put(block, 108, "0000000\0");
        put(block, 116, "0000000\0");
        put(block, 124, "%011o\0".formatted(size));
        put(block, 136, "%011o\0".formatted(seconds));
        put(block, SUM_AT, "        ");
        block[156] = (byte) type;
        put(block, 157, target);
        put(block, 257, "ustar\00000root\0");
        put(block, 297, "root\0");
        put(block, 345, cut < 0 ? "" : name.substring(0, cut));
        int sum = 0;
        for (byte each : block) {
            sum += each & 0xff;
        }
        put(block, SUM_AT, "%06o\0 ".formatted(sum));
        return block;
    }

    private static void put(byte[] block, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, block, at, bytes.length);
    }

    @Override
    public void close() throws IOException {
        out.write(new byte[2 * BLOCK_BYTES]);
        out.close();
    }
}
