import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Cuts what no loader reads off the end of ELF libraries, as `strip` would: 5 MB of `libjvm.so`.
///
/// A loader follows the program headers alone. Sections (symbol names for debuggers, and the table of the sections) stand
/// behind everything they cover. Done here because a machine with a JDK need not have `strip`.
///
/// From `libjvm.so` it also takes the tables that C++ exceptions are unwound with, 2 MB more: HotSpot is compiled without
/// exceptions, and walks its own frames by their pointers. Libraries that throw must keep theirs.
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
    private static final int P_TYPE = 0;
    private static final int P_OFFSET = 8;
    private static final int P_FILESZ = 32;
    private static final int P_MEMSZ = 40;
    private static final int PT_NULL = 0;
    private static final int PT_LOAD = 1;
    /// `.eh_frame_hdr`: the linker puts it, `.eh_frame` and `.gcc_except_table` at the end of the read-only data.
    private static final int PT_GNU_EH_FRAME = 0x6474e550;
    /// File and memory must agree in the rest of a division by any page size in use.
    private static final int LARGEST_PAGE_BYTES = 65_536;

    private final ByteBuffer elf;
    private final List<Integer> headers = new ArrayList<>();

    private SymbolTables(byte[] library) {
        this.elf = ByteBuffer.wrap(library).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < elf.getShort(E_PHNUM); i++) {
            headers.add(Math.toIntExact(elf.getLong(E_PHOFF)) + i * elf.getShort(E_PHENTSIZE));
        }
    }

    /// Cuts every library below `folder`; other files, such as those of macOS, stay as they are.
    static void cut(Path folder) throws IOException {
        List<Path> libraries;
        try (Stream<Path> all = Files.walk(folder)) {
            libraries = all.filter(each -> each.getFileName().toString().endsWith(".so")).toList();
        }
        for (Path library : libraries) {
            library.toFile().setWritable(true, true);
            byte[] cut = cut(Files.readAllBytes(library));
            Files.write(library, library.endsWith("libjvm.so") ? withoutUnwinding(cut) : cut);
        }
    }

    /// @param library is changed
    static byte[] cut(byte[] library) {
        if (!isElf(library)) {
            return library;
        }
        var tables = new SymbolTables(library);
        tables.elf.putLong(E_SHOFF, 0).putShort(E_SHNUM, (short) 0).putShort(E_SHSTRNDX, (short) 0);
        return Arrays.copyOf(library, tables.end());
    }

    /// @param library without sections; is changed
    private static byte[] withoutUnwinding(byte[] library) {
        return isElf(library) ? new SymbolTables(library).cutUnwinding() : library;
    }

    private static boolean isElf(byte[] library) {
        return Arrays.equals(library, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    private byte[] cutUnwinding() {
        int unwinding = headers.stream().filter(header -> type(header) == PT_GNU_EH_FRAME).findFirst().orElse(-1);
        if (unwinding < 0) {
            return elf.array();
        }
        long from = offset(unwinding);
        int segment = headers.stream().filter(header -> type(header) == PT_LOAD && offset(header) <= from
                && from < offset(header) + fileBytes(header)).findFirst().orElseThrow();
        long to = offset(segment) + fileBytes(segment);
        elf.putInt(unwinding + P_TYPE, PT_NULL);
        elf.putLong(segment + P_FILESZ, from - offset(segment)).putLong(segment + P_MEMSZ, from - offset(segment));
        return moveDown(Math.toIntExact(from), Math.toIntExact(to));
    }

    /// Closes the gap, by whole pages.
    private byte[] moveDown(int from, int to) {
        int end = end();
        int by = (to - from) / LARGEST_PAGE_BYTES * LARGEST_PAGE_BYTES;
        headers.stream().filter(header -> type(header) != PT_NULL && offset(header) >= to)
                .forEach(header -> elf.putLong(header + P_OFFSET, offset(header) - by));
        System.arraycopy(elf.array(), to, elf.array(), to - by, end - to);
        return Arrays.copyOf(elf.array(), end - by);
    }

    private int type(int header) {
        return elf.getInt(header + P_TYPE);
    }

    private long offset(int header) {
        return elf.getLong(header + P_OFFSET);
    }

    private long fileBytes(int header) {
        return elf.getLong(header + P_FILESZ);
    }

    private int end() {
        return Math.toIntExact(headers.stream().mapToLong(header -> offset(header) + fileBytes(header)).max().orElseThrow());
    }
}
