package dev.cipherlink.store.disk;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreException.DamagedStoreException;
import dev.cipherlink.store.StoreException.StoreInUseException;
import dev.cipherlink.store.log.CommitLog;
import dev.cipherlink.store.log.CommitLogReader;
import dev.cipherlink.store.log.LastCommit;
import dev.cipherlink.store.log.LogSpace.DiskSpace;
import dev.cipherlink.store.log.PrivateFiles;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.stream.Stream;

/// Where a store on disk is: `db` is RocksDB's folder, `log` has the commits that it may lack, `last-commit` says how far both
/// must reach, `lock` is locked by the one process that uses it, `ballast` is disk space for opening it. Closing it lets go of the lock.
public final class StoreFolder implements AutoCloseable {
    private static final String DATABASE = "db";
    private static final String LOG_FOLDER = "log";
    private static final String LAST_COMMIT = "last-commit";
    private static final String LOCK = "lock";

    private final Path path;
    private final FileChannel lockFile;

    private StoreFolder(Path path, FileChannel lockFile) {
        this.path = path;
        this.lockFile = lockFile;
    }

    /// Makes the folder if there is none, and locks it.
    ///
    /// @throws IOException if another process uses it, or it cannot be written; the message is one line
    public static StoreFolder lock(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            Files.createDirectories(path.toAbsolutePath().getParent(), PrivateFiles.FOLDER);
            Files.createDirectory(path, PrivateFiles.FOLDER);
            PrivateFiles.force(path.toAbsolutePath().getParent());
        }
        FileChannel file = FileChannel.open(path.resolve(LOCK), Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PrivateFiles.FILE);
        try {
            FileLock lock = file.tryLock();
            if (lock != null) {
                return new StoreFolder(path, file);
            }
        } catch (OverlappingFileLockException _) {
            // This process has it open.
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
        file.close();
        throw new StoreInUseException(path);
    }

    Path database() {
        return database(path);
    }

    static Path database(Path path) {
        return path.resolve(DATABASE);
    }

    public Path log() {
        return log(path);
    }

    public static Path log(Path path) {
        return path.resolve(LOG_FOLDER);
    }

    /// Makes the folder of the log if there is none. The disk has the names of everything in the store's folder before there is a
    /// commit.
    CommitLog openLog(long lastCommit) throws IOException, StoreException {
        Files.createDirectories(log(), PrivateFiles.FOLDER);
        PrivateFiles.force(path);
        return new CommitLog(log(), lastCommit);
    }

    public static Path lastCommit(Path path) {
        return path.resolve(LAST_COMMIT);
    }

    Path path() {
        return path;
    }

    /// Whether there is no database yet, or one whose making broke off: it may lack column families, and holds nothing.
    ///
    /// @throws IOException if there is a part of one
    boolean isNew() throws IOException {
        if (!(Files.exists(lastCommit(path)) && Files.size(lastCommit(path)) > 0) && !holdsData()) {
            return true;
        }
        if (!Files.exists(database().resolve("CURRENT"))) {
            throw new DamagedStoreException(path, "its file " + DATABASE + "/CURRENT is missing");
        }
        return false;
    }

    private boolean holdsData() throws IOException {
        if (!CommitLogReader.files(log()).isEmpty()) {
            return true;
        }
        if (!Files.isDirectory(database())) {
            return false;
        }
        try (Stream<Path> files = Files.list(database())) {
            return files.anyMatch(file -> file.toString().endsWith(".sst") || file.toString().endsWith(".blob"));
        }
    }

    /// How far the database must reach; to be asked before it is opened, which begins a new list of its files.
    ///
    /// @return null if nothing is known, as of a store that was made just now
    /// @throws DamagedStoreException if that is damaged, or the database is visibly behind
    public LastCommit.Content required() throws IOException {
        LastCommit.Content content;
        try {
            if (Files.size(lastCommit(path)) == 0) {
                return null;
            }
            content = LastCommit.read(lastCommit(path));
        } catch (NoSuchFileException _) {
            return null;
        } catch (IOException e) {
            throw new DamagedStoreException(path, LAST_COMMIT + ": " + e.getMessage());
        }
        if (!LastCommit.isManifestGood(database(), content.manifest())) {
            throw new DamagedStoreException(path, "RocksDB's list of files (MANIFEST) is not what it was");
        }
        return content;
    }

    /// @param content as [#required] gave it, before the database was opened
    /// @param found how far database and log go
    /// @throws DamagedStoreException if they lack commits
    void requireReached(LastCommit.Content content, CommitLogReader.Found found) throws IOException {
        long commit = found.commit();
        requireGood(found);
        if (content == null && commit > 0) {
            throw new DamagedStoreException(path, "its file " + LAST_COMMIT + " is missing, so that nobody can tell whether "
                    + "commits after number " + commit + " are lost");
        }
        if (content != null && content.commit() > commit) {
            throw new DamagedStoreException(path, (content.commit() - commit) + " acknowledged commits are missing at its end ("
                    + commit + " of " + content.commit() + " are there)");
        }
    }

    /// @throws DamagedStoreException if a part of the log cannot be read
    void requireGood(CommitLogReader.Found found) throws IOException {
        if (found.damage() != null) {
            throw new DamagedStoreException(path, "its log, in " + found.damage());
        }
    }

    LastCommit openLastCommit() throws IOException {
        return new LastCommit(lastCommit(path), database());
    }

    @Override
    public void close() throws IOException {
        lockFile.close();
    }

    /// A file that reserves the disk space which opening the store takes, up to 4 MiB. On a full disk it is deleted, so that a
    /// server starts; it is made again when the store is opened or closed and there is space.
    static final class Ballast {
        private static final Logger LOG = System.getLogger(Ballast.class.getName());
        private static final String NAME = "ballast";
        private static final long MAX_BYTES = 4L << 20;
        private static final int SHARE = 32;
        private static final int PIECE_BYTES = 1 << 16;

        private final Path file;
        private final File disk;

        /// @param folder of the store
        Ballast(Path folder) {
            this.file = folder.resolve(NAME);
            // As in [DiskSpace], without a look into /proc/mounts.
            this.disk = folder.toFile();
        }

        /// Deletes it if there is too little space to open the store.
        void giveIfNeeded() throws IOException {
            if (Files.exists(file) && disk.getUsableSpace() < bytes()) {
                Files.delete(file);
            }
        }

        /// Makes it, if there is space.
        void take() {
            try {
                if (!Files.exists(file)) {
                    new DiskSpace(file.getParent()).requireFor(bytes());
                    fill();
                }
            } catch (IOException | StoreException e) {
                LOG.log(Level.DEBUG, "there is no room to be kept for opening the store", e);
            }
        }

        private void fill() throws IOException {
            try (FileChannel channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    PrivateFiles.FILE)) {
                for (long left = bytes(); left > 0; left -= PIECE_BYTES) {
                    channel.write(ByteBuffer.allocate(PIECE_BYTES));
                }
            } catch (IOException e) {
                Files.deleteIfExists(file);
                throw e;
            }
        }

        private long bytes() {
            return Math.min(MAX_BYTES, disk.getTotalSpace() / SHARE);
        }
    }
}
