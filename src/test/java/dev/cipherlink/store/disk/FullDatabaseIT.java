package dev.cipherlink.store.disk;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.log.BatchBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Another program takes all that was left of the disk while RocksDB brings what it has there.
class FullDatabaseIT {
    private static final int VALUE_BYTES = 1 << 20;
    private static final int VALUES = 12;

    @TempDir
    Path folder;

    private SmallDisk small;
    private Path disk;

    @BeforeEach
    void mount() throws Exception {
        small = new SmallDisk(folder, "128m");
        disk = small.path();
    }

    @AfterEach
    void unmount() throws Exception {
        if (small != null) {
            small.unmount();
        }
    }

    private void fill(Path ballast) throws IOException {
        try (FileChannel file = FileChannel.open(ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            while (true) {
                file.write(ByteBuffer.allocate(4_096));
            }
        } catch (IOException e) {
            assertTrue(Files.size(ballast) > 0, e.getMessage());
        }
    }

    private static byte[] value(int number) {
        byte[] value = new byte[VALUE_BYTES];
        new Random(number).nextBytes(value);
        return value;
    }

    private static BatchBuffer batch(int number) {
        var batch = new BatchBuffer();
        batch.put(Database.RECORDS, new byte[] {(byte) number}, value(number));
        return batch;
    }

    /// RocksDB looks every five seconds whether there is room for what it keeps in memory, 32 MiB.
    @Test
    void theDatabaseGoesOnWhenThereIsRoomAgain() throws Exception {
        Path ballast = disk.resolve("ballast");
        try (var database = new Database(disk.resolve("db"), Database.Mode.NEW)) {
            for (int i = 0; i < VALUES / 2; i++) {
                database.write(batch(i));
            }
            fill(ballast);
            assertEquals(StoreException.Reason.FULL, assertThrows(StoreException.class, database::flush).reason());
            assertArrayEquals(value(1), database.get(Database.RECORDS, new byte[] {1}));

            Files.delete(ballast);
            await().until(() -> isWritten(database));
        }
        try (var database = new Database(disk.resolve("db"), Database.Mode.EXISTING)) {
            for (int i = 0; i < VALUES; i++) {
                assertArrayEquals(value(i), database.get(Database.RECORDS, new byte[] {(byte) i}));
            }
        }
    }

    /// Issue 13.7: it was not opened before there was room for its log once more.
    @Test
    void aStoreThatFindsNoRoomForItsLogIsOpenedForReads() throws Exception {
        Path store = disk.resolve("store");
        leaveLog(store);
        Path ballast = disk.resolve("ballast");
        Files.write(ballast, new byte[(int) (Files.getFileStore(disk).getUsableSpace() - (8 << 20))]);
        for (int i = 0; i < 2; i++) {
            try (RocksStore opened = RocksStores.durable(store)) {
                requireValues(opened);
            }
        }
        Files.delete(ballast);
        try (RocksStore opened = RocksStores.durable(store)) {
            requireValues(opened);
            opened.set(key(1), value(1));
            assertEquals(List.of(), opened.check());
        }
    }

    /// A server with a full disk starts, since the ballast makes room.
    @Test
    void theBallastIsGivenWhereThereIsTooLittleRoom() throws Exception {
        Path store = Files.createDirectory(disk.resolve("store"));
        var ballast = new StoreFolder.Ballast(store);
        ballast.giveIfNeeded();
        ballast.take();
        Path file = store.resolve("ballast");
        assertEquals(4 << 20, Files.size(file));
        ballast.giveIfNeeded();
        assertTrue(Files.exists(file), "there is room");
        fill(disk.resolve("full"));
        ballast.giveIfNeeded();
        assertFalse(Files.exists(file));
        ballast.take();
        assertFalse(Files.exists(file), "it stays so until there is room for the server too");
    }

    private static void requireValues(RocksStore store) throws StoreException {
        for (int i = 0; i < VALUES; i++) {
            assertArrayEquals(value(i), store.record(key(i).bytes()));
        }
    }

    /// The remains of a store after SIGKILL, with everything in its log.
    private void leaveLog(Path store) throws Exception {
        Path running = folder.resolve("running");
        try (RocksStore killed = RocksStores.durable(running)) {
            // In one commit: a file of the log that ended would go.
            try (Transaction transaction = killed.begin()) {
                for (int i = 0; i < VALUES; i++) {
                    transaction.record(key(i).bytes(), value(i));
                }
                transaction.commit();
            }
            RocksStores.copy(running, store);
        }
    }

    private static Key key(int number) {
        return Key.of(new byte[] {(byte) number});
    }

    private static boolean isWritten(Database database) {
        try {
            for (int i = VALUES / 2; i < VALUES; i++) {
                database.write(batch(i));
            }
            database.flush();
            return true;
        } catch (StoreException e) {
            assertEquals(StoreException.Reason.FULL, e.reason());
            return false;
        }
    }
}
