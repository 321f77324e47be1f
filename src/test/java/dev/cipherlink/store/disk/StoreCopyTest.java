package dev.cipherlink.store.disk;

import static dev.cipherlink.store.StoreChild.bytes;
import static dev.cipherlink.store.StoreChild.key;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreException.StoreInUseException;
import dev.cipherlink.store.log.BatchBuffer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.function.Executable;

/// Copies of stores, and folders that cannot become or hold one.
class StoreCopyTest {
    @TempDir
    Path folder;

    private static void refuses(String message, Executable work) {
        assertEquals(message, assertThrows(IOException.class, work).getMessage());
    }

    @Test
    void aFolderWithoutADatabaseOrItsLastCommitIsNoBackup() throws Exception {
        Path backup = Files.createDirectory(folder.resolve("backup"));
        Path target = folder.resolve("target");
        refuses(backup + " is no backup of a store", () -> StoreCopy.restore(backup, target));
        Files.createFile(StoreFolder.lastCommit(backup));
        refuses(backup + " is no backup of a store", () -> StoreCopy.restore(backup, target));
        Files.delete(StoreFolder.lastCommit(backup));
        Files.createDirectory(StoreFolder.database(backup));
        refuses(backup + " is no backup of a store", () -> StoreCopy.restore(backup, target));
        assertFalse(Files.exists(target));
    }

    @Test
    void onlyAnEmptyFolderIsFilled() throws Exception {
        Path backup = Files.createDirectory(folder.resolve("backup"));
        Path target = Files.createDirectory(folder.resolve("target"));
        try (RocksStore store = RocksStores.durable(folder.resolve("store"))) {
            store.set(key("k"), bytes("v"));
            store.backUp(backup);
            refuses(backup + " is not empty; give a folder that is, or that does not exist", () -> store.backUp(backup));
        }
        StoreCopy.restore(backup, target);
        try (RocksStore restored = RocksStores.durable(target)) {
            assertArrayEquals(bytes("v"), restored.get(key("k")));
        }
        refuses(target + " is not empty; give a folder that is, or that does not exist", () -> StoreCopy.restore(backup, target));
    }

    @Test
    void aStoreThatContradictsItselfGetsNoName() throws Exception {
        Path target = folder.resolve("target");
        refuses("it is damaged: there are 1 entries, not 0", () -> StoreCopy.putInPlace(target, made -> {
            try (var database = new Database(StoreFolder.database(made), Database.Mode.NEW)) {
                var batch = new BatchBuffer();
                DiskCell.of(new byte[1], 1, DiskCell.NO_DEADLINE, Group.IN_DATABASE).addTo(batch, key("k"));
                database.write(batch);
                database.flush();
            } catch (StoreException e) {
                throw new IOException(e);
            }
        }));
        assertFalse(Files.exists(target));
        assertFalse(Files.exists(folder.resolve("target.new")));
    }

    /// A program that holds the lock of a file until its input ends.
    private static final class OtherProcess implements AutoCloseable {
        private final Process process;

        OtherProcess(Path locked) throws IOException {
            process = new ProcessBuilder("python3", "-c", """
                    import fcntl, sys
                    file = open(sys.argv[1], 'a')
                    fcntl.lockf(file, fcntl.LOCK_EX)
                    print('locked', flush=True)
                    sys.stdin.read()
                    """, locked.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            assertEquals("locked", new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine());
        }

        @Override
        public void close() throws IOException {
            process.getOutputStream().close();
            process.onExit().join();
        }
    }

    @Test
    void aStoreThatAnotherProcessHasIsNotOpened() throws Exception {
        Path store = folder.resolve("store");
        RocksStores.durable(store).close();
        try (var _ = new OtherProcess(store.resolve("lock"))) {
            assertThrows(StoreInUseException.class, () -> RocksStores.durable(store));
        }
        RocksStores.durable(store).close();
    }

    @Test
    void oneProcessAtATimeMakesACopyInAFolder() throws Exception {
        Path work = folder.resolve("work");
        try (var _ = new OtherProcess(folder.resolve("copy.lock"))) {
            refuses("another backup, export, restore or import is at work in " + folder, () -> WorkFolder.open(work));
        }
        try (var _ = WorkFolder.open(work)) {
            refuses("another backup, export, restore or import is at work in " + folder, () -> WorkFolder.open(work));
            Files.createDirectory(work);
            Files.write(work.resolve("x"), List.of("left"));
        }
        assertFalse(Files.exists(work));
        assertTrue(Files.exists(folder.resolve("copy.lock")));
    }
}
