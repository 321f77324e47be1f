package dev.cipherlink.store.log;

import dev.cipherlink.store.EndOfThread;
import dev.cipherlink.store.StoreException;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/// Makes the file with which a [CommitLog] will go on, before it is needed: as long as it will be, and written all over, so that
/// a commit changes no length and finds its space. A full disk is known here, before anything has changed.
///
/// A platform thread does it. What is in the file does not matter: a file of the log that is not needed any more becomes the
/// next one. Thread-safe.
public final class LogSpace implements AutoCloseable {
    private static final Logger LOG = System.getLogger(LogSpace.class.getName());
    private static final String PREFIX = "spare-";
    private static final String NAME = PREFIX + "\\d{1,18}";
    /// The first file of a process; each of the next is so many times as large, up to the most that the disk should have.
    private static final int FIRST_FILE_BYTES = 1 << 20;
    private static final int GROWTH = 4;
    private static final int PIECE_BYTES = 1 << 20;
    private static final long RETRY_MILLIS = 200;

    private final Path folder;
    private final DiskSpace disk;
    private final int maxFileBytes;
    private final Thread thread = Thread.ofPlatform().name("store-log").daemon().unstarted(this::run);
    private long fileBytes;
    /// Behind those of all files that are there.
    private long names;
    /// How large a file is asked for; 0 if none is.
    private long wanted;
    /// Not used, and not ready.
    private Path spare;
    private Ready ready;
    private volatile long readyBytes;
    /// Attempts to make one.
    private long begun;
    private long ended;
    /// Of the last attempt; what it was for, and when it was.
    private StoreException failure;
    private long failedBytes;
    private long failedAt;
    private boolean isClosed;

    /// A file that can be written to.
    record Ready(FileChannel channel, Path path, long bytes) {
    }

    /// @param folder       of the log; a file that was left there ready or half made is used again
    /// @param maxFileBytes of each file, unless a single commit is larger
    LogSpace(Path folder, DiskSpace disk, int maxFileBytes) throws IOException {
        this.folder = folder;
        this.disk = disk;
        this.maxFileBytes = maxFileBytes;
        this.fileBytes = Math.min(FIRST_FILE_BYTES, maxFileBytes);
        List<Path> left = spares(folder);
        names = left.stream().mapToLong(LogSpace::number).max().orElse(-1) + 1;
        spare = left.isEmpty() ? null : left.getFirst();
        for (Path other : left.subList(Math.min(1, left.size()), left.size())) {
            Files.delete(other);
        }
    }

    /// Files that are no part of the log yet.
    static List<Path> spares(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches(NAME)).toList();
        }
    }

    private static long number(Path spare) {
        return Long.parseLong(spare.getFileName().toString().substring(PREFIX.length()));
    }

    void start() {
        thread.start();
    }

    /// Bytes of the file that is ready; 0 if none is.
    long readyBytes() {
        return readyBytes;
    }

    /// Asks for a file without waiting for it.
    synchronized void want() {
        if (ready == null && wanted == 0) {
            wanted = fileBytes;
            notifyAll();
        }
    }

    /// Blocks until there is a file of so many bytes.
    ///
    /// @throws StoreException `FULL` if the disk has no space for it, `FAILED` if it cannot be made for another reason; either
    ///                        way it is tried again later
    synchronized void await(long bytes) throws StoreException {
        if (failure != null && failedBytes <= bytes && System.nanoTime() - failedAt < 1_000_000L * RETRY_MILLIS) {
            throw failure;
        }
        long attempt = begun + 1;
        wanted = Math.max(wanted, Math.max(bytes, fileBytes));
        notifyAll();
        boolean isInterrupted = false;
        while (readyBytes < bytes && ended < attempt && !isClosed) {
            try {
                wait();
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        if (readyBytes < bytes && failure != null) {
            throw failure;
        }
    }

    /// Hands over the file that is ready.
    ///
    /// @return null if none is
    synchronized Ready take() {
        Ready taken = ready;
        ready = null;
        readyBytes = 0;
        return taken;
    }

    /// Makes a file in the calling thread, also from the reserve.
    Ready make(long bytes) throws IOException {
        Path left = takeSpare();
        return left != null ? fill(left, StandardOpenOption.CREATE, bytes)
                : fill(nextName(), StandardOpenOption.CREATE_NEW, bytes);
    }

    /// The same, as large as the files of the log are now.
    ///
    /// @throws StoreException `FULL` if there is no space
    Ready makeFirst() throws IOException, StoreException {
        disk.requireFor(fileBytes);
        try {
            return make(fileBytes);
        } catch (IOException e) {
            throw failure(e, fileBytes);
        }
    }

    /// Takes over a file of the log that is not needed any more.
    ///
    /// @return false if it is of no use
    synchronized boolean recycle(Path file) throws IOException {
        long bytes = Files.size(file);
        if (ready != null || spare != null || bytes < fileBytes || bytes > 2L * maxFileBytes) {
            return false;
        }
        Path renamed = nextName();
        Files.move(file, renamed, StandardCopyOption.ATOMIC_MOVE);
        spare = renamed;
        return true;
    }

    private void run() {
        while (awaitWish()) {
            try {
                attempt();
            } catch (OutOfMemoryError e) {
                // Not even for what others are told: they wait for the next attempt.
                LockSupport.parkNanos(1_000_000L * RETRY_MILLIS);
            }
        }
    }

    /// @return false if there will be none
    private synchronized boolean awaitWish() {
        try {
            if (failure != null && !isClosed) {
                wait(RETRY_MILLIS);
            }
            while (!isClosed && wanted <= readyBytes) {
                wanted = 0;
                wait();
            }
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "nobody interrupts this thread", e);
        }
        return !isClosed;
    }

    /// Makes one file. One that is ready, and too small, stays until this one is ready.
    private void attempt() {
        long bytes = begin();
        Ready made = null;
        StoreException why = null;
        try {
            disk.requireFor(bytes);
            made = make(bytes);
        } catch (StoreException e) {
            why = e;
        } catch (IOException e) {
            why = failure(e, bytes);
        } catch (OutOfMemoryError e) {
            why = StoreException.noMemory(e);
        } catch (RuntimeException | Error e) {
            why = StoreException.failed(e);
        }
        end(bytes, made, why);
    }

    private synchronized long begin() {
        begun++;
        return wanted;
    }

    private synchronized void end(long bytes, Ready made, StoreException why) {
        failure = why;
        if (why == null) {
            discard(ready);
            ready = made;
            readyBytes = made.bytes;
            fileBytes = Math.min(maxFileBytes, fileBytes * GROWTH);
            wanted = wanted > bytes ? wanted : 0;
        } else {
            failedBytes = bytes;
            failedAt = System.nanoTime();
            fileBytes = Math.max(Math.min(FIRST_FILE_BYTES, maxFileBytes), fileBytes / GROWTH);
            wanted = wanted > bytes ? wanted : fileBytes;
        }
        ended = begun;
        notifyAll();
    }

    private StoreException failure(IOException e, long bytes) {
        return disk.isFull(e, bytes) ? StoreException.diskFull(e) : StoreException.failed(e);
    }

    private synchronized Path takeSpare() {
        Path taken = spare;
        spare = null;
        return taken;
    }

    private synchronized Path nextName() {
        return folder.resolve(PREFIX + names++);
    }

    /// Writes a file up to its end, and waits until the disk has it.
    private static Ready fill(Path file, StandardOpenOption create, long bytes) throws IOException {
        FileChannel channel = FileChannel.open(file, Set.of(create, StandardOpenOption.WRITE), PrivateFiles.FILE);
        try {
            long end = channel.size();
            while (end < bytes) {
                end += channel.write(ByteBuffer.allocate((int) Math.min(PIECE_BYTES, bytes - end)), end);
            }
            channel.force(true);
            return new Ready(channel, file, end);
        } catch (IOException | RuntimeException | Error e) {
            try (channel) {
                Files.delete(file);
            }
            throw e;
        }
    }

    private static void discard(Ready file) {
        if (file != null) {
            try {
                file.channel.close();
                Files.delete(file.path);
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "a file of the store's log that is not used stays", e);
            }
        }
    }

    /// Ends the thread. A ready file stays for the next process.
    @Override
    public void close() throws IOException {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        if (thread.isAlive()) {
            EndOfThread.await(thread);
        }
        Ready left = take();
        if (left != null) {
            left.channel.close();
        }
    }

    /// How much of a disk the log may use: it leaves a reserve to RocksDB, which needs space to free space.
    public static final class DiskSpace {
        private static final long MAX_RESERVE_BYTES = 64L << 20;
        private static final int RESERVE_SHARE = 20;
        private static final int MIN_LOG_FILE_BYTES = 1 << 20;
        private static final int MAX_LOG_FILE_BYTES = 64 << 20;
        private static final int LOG_FILE_SHARE = 32;

        private final Usable usable;
        private final long reserveBytes;
        private final int logFileBytes;

        /// How many bytes are left.
        interface Usable {
            long bytes() throws IOException;
        }

        /// @param folder on the disk
        public DiskSpace(Path folder) {
            // A `FileStore` would look the mount up in /proc/mounts, which a service need not see (ProcSubset=pid).
            File disk = folder.toFile();
            usable = disk::getUsableSpace;
            reserveBytes = Math.min(MAX_RESERVE_BYTES, disk.getTotalSpace() / RESERVE_SHARE);
            logFileBytes = Math.clamp(disk.getTotalSpace() / LOG_FILE_SHARE, MIN_LOG_FILE_BYTES, MAX_LOG_FILE_BYTES);
        }

        /// With no reserve.
        public DiskSpace(Usable usable) {
            this.usable = usable;
            reserveBytes = 0;
            logFileBytes = MAX_LOG_FILE_BYTES;
        }

        /// How large a file of the log gets on this disk: 1 to 64 MiB.
        int logFileBytes() {
            return logFileBytes;
        }

        /// Room for this many bytes in the log, and as many in the database.
        ///
        /// @throws StoreException `FULL` if there is none
        public void requireFor(long bytes) throws StoreException {
            try {
                long left = usable.bytes();
                if (left < reserveBytes + 2L * bytes) {
                    throw StoreException.diskFull(new IOException(left + " bytes are left on the disk"));
                }
            } catch (IOException e) {
                throw StoreException.failed(e);
            }
        }

        /// Whether a write of this many bytes failed for lack of space, or beyond a quota. Java does not say which error it
        /// was, but in words, perhaps of another language.
        public boolean isFull(IOException failure, long bytes) {
            return isFull(failure.getMessage()) || isShort(bytes);
        }

        /// Whether an error of the system is that of a full disk, or of a quota that is used up.
        public static boolean isFull(String message) {
            String lower = String.valueOf(message).toLowerCase(Locale.ROOT);
            return lower.contains("no space left") || lower.contains("quota exceeded");
        }

        private boolean isShort(long bytes) {
            try {
                return usable.bytes() < bytes;
            } catch (IOException e) {
                return false;
            }
        }
    }
}
