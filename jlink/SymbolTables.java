import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Cuts what no loader reads off the end of ELF libraries, as `strip` would: 5 MB of `libjvm.so`.
///
/// A loader follows the program headers alone. Sections (symbol names for debuggers, and the table of the sections) stand
/// behind everything they cover. Done here because a machine with a JDK need not have `strip`.
final class SymbolTables {
    /// 64 bits, little-endian.
    private static final byte[] MAGIC = {0x7f, 'E', 'L', 'F', 2, 1};
    /// Offsets in the 64-bit ELF header, and in a program header (System V ABI, gABI 4.1).
    private static final int E_PHOFF = 32;
    private static final int E_SHOFF = 40;
    private static final int E_PHENTSIZE = 54;
    private static final int E_PHNUM = 56;
    private static final int E_SHNUM = 60;
    private static final int E_SHSTRNDX = 62;
    private static final int P_OFFSET = 8;
    private static final int P_FILESZ = 32;

    private SymbolTables() {
    }

    /// Cuts every library below `folder`; other files, such as those of macOS, stay as they are.
    static void cut(Path folder) throws IOException {
        List<Path> libraries;
        try (Stream<Path> all = Files.walk(folder)) {
            libraries = all.filter(each -> each.getFileName().toString().endsWith(".so")).toList();
        }
        for (Path library : libraries) {
            cutOne(library);
        }
    }

    private static void cutOne(Path library) throws IOException {
        library.toFile().setWritable(true, true);
        try (var file = new RandomAccessFile(library.toFile(), "rw")) {
            byte[] magic = new byte[MAGIC.length];
            file.readFully(magic);
            if (!Arrays.equals(magic, MAGIC)) {
                return;
            }
            MappedByteBuffer elf = file.getChannel().map(MapMode.READ_WRITE, 0, file.length());
            elf.order(ByteOrder.LITTLE_ENDIAN);
            long end = 0;
            for (int i = 0; i < elf.getShort(E_PHNUM); i++) {
                int header = Math.toIntExact(elf.getLong(E_PHOFF)) + i * elf.getShort(E_PHENTSIZE);
                end = Math.max(end, elf.getLong(header + P_OFFSET) + elf.getLong(header + P_FILESZ));
            }
            elf.putLong(E_SHOFF, 0).putShort(E_SHNUM, (short) 0).putShort(E_SHSTRNDX, (short) 0);
            elf.force();
            file.setLength(end);
        }
    }
}
