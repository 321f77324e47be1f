package dev.cipherlink.cli.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import dev.cipherlink.store.disk.WorkFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Backups and exports as streams, of a store that is open and being written, and what becomes of streams that are cut or damaged.
@Tag("slow")
class CopyCommandsTest {
    private static final RocksConfig CONFIG = RocksConfig.of(StoreLimits.ofDisk(1 << 20), Durability.OS);
    private static final byte[] BINARY_KEY = {'k', (byte) 0xff, 0};

    @TempDir
    Path folder;
    private RocksStore store;
    private AdminSocket server;
    private Terminal terminal;

    @BeforeEach
    void openStore() throws IOException {
        Files.createDirectories(folder.resolve("data"));
        store = RocksStore.open(folder.resolve("data/store"), CONFIG);
        server = AdminSocket.open(folder.resolve("data/store"), store);
        terminal = new Terminal(folder);
        terminal.environment.put("HOME", folder.toString());
    }

    @AfterEach
    void closeStore() {
        server.close();
        store.close();
    }

    private static Key key(String text) {
        return Key.of(text.getBytes(UTF_8));
    }

    private byte[] stdout(String... command) {
        assertEquals(0, terminal.run(command), terminal::err);
        return terminal.outBytes();
    }

    private RocksStore copy(String data) throws IOException {
        return RocksStore.open(folder.resolve(data).resolve("store"), CONFIG);
    }

    private List<String> beside(String data) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(data))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> !name.equals("copy.lock")).sorted().toList();
        }
    }

    private void fill() throws StoreException {
        var random = new Random(5);
        byte[] large = new byte[100_000];
        random.nextBytes(large);
        store.set(key("large"), large);
        store.set(Key.of(BINARY_KEY), new byte[] {0, 1, (byte) 0x80});
        store.set(key("empty"), new byte[0]);
        store.set(key("soon"), "gone".getBytes(UTF_8));
        store.expire(key("soon"), Duration.ofDays(1));
        for (int i = 0; i < 2_500; i++) {
            store.set(key("k" + i), ("value " + i).getBytes(UTF_8));
        }
    }

    private void requireFilled(RocksStore copied) throws StoreException {
        assertEquals(2_504, copied.size());
        assertArrayEquals(store.get(key("large")), copied.get(key("large")));
        assertArrayEquals(new byte[] {0, 1, (byte) 0x80}, copied.get(Key.of(BINARY_KEY)));
        assertEquals(0, copied.get(key("empty")).length);
        assertTrue(copied.ttlSeconds(key("soon")).orElseThrow() > 80_000);
        assertEquals("value 2499", new String(copied.get(key("k2499")), UTF_8));
    }

    @Test
    void aBackupThroughAPipeIsRestored() throws Exception {
        fill();
        byte[] backup = stdout("store", "backup", "-", "--data", "data");
        assertEquals(List.of("store"), beside("data"));

        assertEquals(0, terminal.runWith(backup, "store", "restore", "-", "--data", "other"), terminal::err);
        assertEquals(List.of("store"), beside("other"));
        try (RocksStore copied = copy("other")) {
            requireFilled(copied);
        }
        assertEquals(2, terminal.runWith(backup, "store", "restore", "-", "--data", "other"));
        assertTrue(terminal.err().contains("is not empty"), terminal::err);
    }

    @Test
    void tarReadsIt() throws Exception {
        fill();
        Path archive = Files.write(folder.resolve("a.tar"), stdout("store", "backup", "-", "--data", "data"));
        Path unpacked = Files.createDirectory(folder.resolve("unpacked"));

        assertEquals(0, new ProcessBuilder("tar", "-xf", archive.toString(), "-C", unpacked.toString()).start().waitFor());
        assertEquals(0, terminal.run("store", "restore", unpacked.toString(), "--data", "other"), terminal::err);
        try (RocksStore copied = copy("other")) {
            requireFilled(copied);
        }
    }

    @Test
    void itIsOfOneMomentWhileOthersWrite() throws Exception {
        var acknowledged = new AtomicInteger();
        var isOver = new java.util.concurrent.atomic.AtomicBoolean();
        Thread writer = Thread.ofPlatform().start(() -> {
            try {
                for (int i = 0; !isOver.get(); i++) {
                    store.set(key("n" + i), new byte[20]);
                    acknowledged.set(i + 1);
                }
            } catch (StoreException e) {
                throw new IllegalStateException(e);
            }
        });
        while (acknowledged.get() < 5_000) {
            Thread.onSpinWait();
        }
        int before = acknowledged.get();
        byte[] backup = stdout("store", "backup", "-", "--data", "data");
        int middle = acknowledged.get();
        String export = new String(stdout("store", "export", "--data", "data"), UTF_8);
        isOver.set(true);
        writer.join();

        assertEquals(0, terminal.runWith(backup, "store", "restore", "-", "--data", "other"), terminal::err);
        try (RocksStore copied = copy("other")) {
            requireNoHole(before, copied.size(), copied.keys("n".getBytes(UTF_8), Integer.MAX_VALUE, new byte[0]).stream()
                    .map(Key::toString).toList());
        }
        List<String> exported = export.lines().filter(line -> line.contains("\"key\":\"n")).map(line -> line.split("\"")[3]).toList();
        requireNoHole(middle, exported.size(), exported);
    }

    /// Every write that was acknowledged before, and of later ones none without those before it.
    private static void requireNoHole(int least, long size, List<String> keys) {
        assertTrue(size >= least, size + " of " + least);
        assertEquals(size - 1, keys.stream().mapToInt(key -> Integer.parseInt(key.substring(1))).max().orElseThrow());
    }

    @Test
    void aStreamThatIsCutOrDamagedLeavesNoStore() throws Exception {
        fill();
        byte[] backup = stdout("store", "backup", "-", "--data", "data");
        byte[] export = stdout("store", "export", "--data", "data");
        for (int cut : new int[] {0, 1, 511, 512, 10_000, backup.length / 2, backup.length - 1_024, backup.length - 512, backup.length - 1}) {
            requireRefused(Arrays.copyOf(backup, cut), "ends too early", "restore", "-");
        }
        for (int cut : new int[] {0, 1, 50, export.length / 2, export.length - 2}) {
            requireRefused(Arrays.copyOf(export, cut), "", "import");
        }
        String lines = new String(export, UTF_8);
        requireRefused(lines.substring(0, lines.lastIndexOf("{\"end\"")).getBytes(UTF_8), "ends too early, after 2504 keys", "import");
        requireRefused(lines.substring(lines.indexOf('\n') + 1).getBytes(UTF_8), "says 2504 keys, and there are 2503", "import");
        requireRefused("{\"key\":\"x\"}\n".getBytes(UTF_8), "line 1 is no line of an export", "import");
        requireRefused(lines.replace("\"value_b64\":\"", "\"value_b64\":\"*").getBytes(UTF_8), "line 1 is no line", "import");
        for (String number : List.of("1.0", "1e3", "true", "12345678901234567890")) { // 1.0 ended in a class that the image has not
            requireRefused(("{\"end\":true,\"keys\":" + number + "}\n").getBytes(UTF_8), "line 1 is no line of an export", "import");
        }
        requireRefused("garbage\n".repeat(500).getBytes(UTF_8), "no tar archive", "restore", "-");

        for (String file : List.of(".sst\0", ".blob\0", "last-commit\0")) {
            byte[] damaged = backup.clone();
            damaged[new String(backup, ISO_8859_1).indexOf(file) / 512 * 512 + 512 + 50] ^= 1;
            requireRefused(damaged, "", "restore", "-");
        }
        assertEquals(0, terminal.runWith(backup, "store", "restore", "-", "--data", "other"), terminal::err);
    }

    private void requireRefused(byte[] stdin, String why, String... command) throws IOException {
        String[] whole = Stream.concat(Stream.concat(Stream.of("store"), Stream.of(command)), Stream.of("--data", "other")).toArray(String[]::new);
        assertEquals(2, terminal.runWith(stdin, whole), () -> terminal.out() + terminal.err());
        assertTrue(terminal.err().startsWith("cipherlink: cannot " + command[0] + ": ") && terminal.err().contains(why), terminal::err);
        assertEquals(1, terminal.err().lines().count(), terminal::err);
        assertEquals(List.of(), beside("other"));
    }

    /// A name in an archive that leads out of the folder.
    @Test
    void anArchiveCannotWriteElsewhere() throws Exception {
        fill();
        byte[] backup = stdout("store", "backup", "-", "--data", "data");
        byte[] name = Arrays.copyOf("../../escaped".getBytes(UTF_8), 20);
        System.arraycopy(name, 0, backup, 0, name.length);
        Arrays.fill(backup, 148, 156, (byte) ' ');
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += backup[i] & 0xff;
        }
        System.arraycopy("%06o\0 ".formatted(sum).getBytes(UTF_8), 0, backup, 148, 8);

        requireRefused(backup, "there is something else in it", "restore", "-");
        assertFalse(Files.exists(folder.resolve("escaped")));
    }

    @Test
    void anExportIsImported() throws Exception {
        fill();
        String export = new String(stdout("store", "export", "--data", "data"), UTF_8);
        assertTrue(export.startsWith("{\"key\":\"empty\",\"version\":"), export);
        assertTrue(export.endsWith("{\"end\":true,\"keys\":2504}\n"), export.substring(export.length() - 100));
        String late = export.replaceAll("\"expires\":\"[^\"]*\"", "\"expires\":\"2001-01-01T00:00:00Z\"");

        assertEquals(0, terminal.runWith(export.getBytes(UTF_8), "store", "import", "--data", "other"), terminal::err);
        assertTrue(terminal.out().endsWith(", keys: 2504\n"), terminal::out);
        try (RocksStore copied = copy("other")) {
            requireFilled(copied);
        }
        assertEquals(0, terminal.runWith(late.getBytes(UTF_8), "store", "import", "--data", "late"), terminal::err);
        assertTrue(terminal.out().endsWith(", keys: 2503\n"), terminal::out);
    }

    @Test
    void aStoreWithoutAServerIsCopiedToo() throws Exception {
        fill();
        closeStore();
        byte[] backup = stdout("store", "backup", "-", "--data", "data");
        assertEquals(2_505, stdoutLines("store", "export", "--data", "data"));
        assertEquals(0, terminal.runWith(backup, "store", "restore", "-", "--data", "other"), terminal::err);
        openStore();
        try (RocksStore copied = copy("other")) {
            requireFilled(copied);
        }
    }

    private long stdoutLines(String... command) {
        return new String(stdout(command), UTF_8).lines().count();
    }

    @Test
    void oneCopyAtATimeAndWhatAKilledOneLeftIsDeleted() throws Exception {
        Path left = Files.createDirectories(folder.resolve("data/store.copy/db")).resolve("000007.sst");
        Files.writeString(left, "x");
        try (WorkFolder _ = WorkFolder.open(folder.resolve("data/store.new"))) {
            assertEquals(2, terminal.run("store", "export", "--data", "data"));
            assertTrue(terminal.err().contains("another backup, export, restore or import is at work in "), terminal::err);
        }
        assertEquals(1, stdoutLines("store", "export", "--data", "data"));
        assertEquals(List.of("store"), beside("data"));
    }

    @Test
    void saysWhatTheBackupLeavesOut() throws Exception {
        Files.writeString(folder.resolve("data/enrolled_keys"), "");
        assertEquals(0, terminal.run("keygen", "identity", "server_key"), terminal::err);
        terminal.environment.put("CIPHERLINK_SERVER_IDENTITY", folder.resolve("server_key").toString());

        stdout("store", "backup", "-", "--data", "data");

        assertEquals(List.of("cipherlink: not in the backup: " + folder.resolve("server_key"),
                "cipherlink: not in the backup: " + folder.resolve("data/enrolled_keys")), terminal.err().lines().toList());
    }

    @Test
    void aFolderWithoutAStoreStaysAsItIs() {
        for (String[] command : new String[][] {{"backup", "-"}, {"export"}}) {
            assertEquals(2, terminal.run(Stream.concat(Stream.concat(Stream.of("store"), Stream.of(command)), Stream.of("--data", "nowhere")).toArray(String[]::new)));
            assertTrue(terminal.err().contains("no store in "), terminal::err);
        }
        assertFalse(Files.exists(folder.resolve("nowhere")));
    }

    @Test
    void neitherStreamIsForATerminal() {
        terminal.withTerminals(true, true, true);
        assertEquals(2, terminal.run("store", "backup", "-", "--data", "data"));
        assertEquals(2, terminal.runWith(InputStream.nullInputStream(), "store", "restore", "-", "--data", "other"));
        assertEquals(2, terminal.run("store", "import", "--data", "other"));
        assertTrue(terminal.err().contains("no text for a terminal"), terminal::err);
    }
}
