package dev.cipherlink.store.log;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.CommitLogReader.CommitLogFile;
import dev.cipherlink.store.log.LogSpace.DiskSpace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.zip.CRC32C;

/// The [WriteAheadLog] of one machine: the commits that the database may lack, one record behind the other, in files of which the last
/// is written to.
///
/// A file is named after the first commit in it, and begins with [#MAGIC] (8), a random number, its salt (8), and CRC-32C of
/// both (8). A record is the number of bytes behind its checksum (4), CRC-32C (4) of what follows, the salt again (8), the
/// commit's number (8), that of the last commit that was on the disk for certain when this one was written (8), and the
/// changes as a [BatchBuffer] has them. So no value that a client wrote looks like a record, and none that an earlier use of
/// the file left behind the last one. Integers are big-endian. A file has its full length from its beginning on ([LogSpace]); the
/// next is begun when a record does not fit, and the disk has all of the old one. [CommitLogReader] reads them.
///
/// One thread calls [#place] and [#append]; any may [#sync].
///
/// A log of our own, not RocksDB's: that one sorts each change into a list in memory before the answer may leave, which was half
/// of the server's processor time for a durable write, and it is not written any more after a full disk.
public final class CommitLog implements WriteAheadLog {
    /// `cl-log`, and the version of the format.
    static final long MAGIC = 0x636c2d6c6f670002L;
    public static final int HEADER_BYTES = 3 * Long.BYTES;
    /// Length and checksum.
    public static final int PREFIX_BYTES = 2 * Integer.BYTES;
    /// Salt and both numbers.
    static final int NUMBERS_BYTES = 3 * Long.BYTES;
    /// Before the changes.
    static final int HEAD_BYTES = PREFIX_BYTES + NUMBERS_BYTES;
    static final String SUFFIX = ".log";
    /// Handed to the system at once: the JDK keeps a copy beside the heap.
    private static final int MAX_WRITE_BYTES = 1 << 20;
    /// Of each file, for records that belong to changes which were accepted.
    private static final int MAX_MARGIN_BYTES = 1 << 20;
    private static final int MARGIN_SHARE = 4;

    private final Path folder;
    private final LogSpace space;
    private final int marginBytes;
    private final ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
    private final SecureRandom random = new SecureRandom();
    /// Those that are not written to any more, in the order in which they may go.
    private final Deque<Finished> finished = new ArrayDeque<>();
    /// The file that is written to; null if the disk has had no space for one yet.
    private LogSpace.Ready file;
    private Path path;
    private long salt;
    private long end;
    /// The next file, if the record that was placed does not fit into this one.
    private LogSpace.Ready following;
    private boolean isPlaced;
    /// Bytes for the record behind the one that was placed, in the same file.
    private volatile long rest;
    private volatile long appended;
    private volatile long synced;

    /// A file that the disk has, up to this commit.
    private record Finished(Path path, long lastCommit) {
    }

    /// Begins a new file, if the disk has space for one; older ones stay until [#forget].
    ///
    /// @param folder     must exist
    /// @param lastCommit the disk has everything up to it, in the database
    public CommitLog(Path folder, long lastCommit) throws IOException, StoreException {
        this(folder, lastCommit, new DiskSpace(folder));
    }

    private CommitLog(Path folder, long lastCommit, DiskSpace disk) throws IOException, StoreException {
        this(folder, lastCommit, disk, disk.logFileBytes());
    }

    /// @param maxFileBytes of a file, unless a single record is larger
    public CommitLog(Path folder, long lastCommit, DiskSpace disk, int maxFileBytes) throws IOException, StoreException {
        this.folder = folder;
        this.marginBytes = Math.min(MAX_MARGIN_BYTES, maxFileBytes / MARGIN_SHARE);
        this.appended = lastCommit;
        this.synced = lastCommit;
        this.space = new LogSpace(folder, disk, maxFileBytes);
        removeUnused();
        beginFirst();
        for (Path old : CommitLogReader.files(folder)) {
            if (!old.equals(path)) {
                // Latest first: what is left when forgetting them is cut short must be the beginning of a log.
                finished.addFirst(new Finished(old, lastCommit));
            }
        }
        space.start();
    }

    /// Deletes files that begin behind the last commit: they have none, and a file that is begun later gets such a name.
    private void removeUnused() throws IOException {
        for (Path old : CommitLogReader.files(folder).reversed()) {
            if (CommitLogFile.first(old) > appended) {
                Files.delete(old);
            }
        }
    }

    /// On a full disk there are no commits until there is space.
    private void beginFirst() throws IOException, StoreException {
        try {
            begin(space.makeFirst());
            rest = file.bytes() - end;
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.FULL) {
                throw e;
            }
        }
    }

    /// The header of a file with this salt.
    static byte[] header(long salt) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).putLong(MAGIC).putLong(salt);
        var crc = new CRC32C();
        crc.update(header.array(), 0, header.position());
        return header.putLong(crc.getValue()).array();
    }

    /// Goes on with a new file. It gets its name when it has its beginning: what an earlier use left in it is not seen.
    private void begin(LogSpace.Ready next) throws IOException, StoreException {
        Path named = folder.resolve("%020d%s".formatted(appended + 1, SUFFIX));
        long nextSalt = nextSalt();
        writeFully(next.channel(), 0, ByteBuffer.wrap(header(nextSalt)));
        next.channel().force(false);
        // One of that name has no commit.
        Files.move(next.path(), named, StandardCopyOption.ATOMIC_MOVE);
        PrivateFiles.force(folder);
        file = next;
        path = named;
        salt = nextSalt;
        end = HEADER_BYTES;
    }

    /// One that does not begin with a zero, so that zeros are no part of it where it is looked for.
    private long nextSalt() {
        long next = random.nextLong();
        while (next >>> Long.SIZE - Byte.SIZE == 0) {
            next = random.nextLong();
        }
        return next;
    }

    @Override
    public long freeBytes() {
        return Math.max(rest, space.readyBytes() - HEADER_BYTES) - HEAD_BYTES;
    }

    @Override
    public int marginBytes() {
        return marginBytes;
    }

    @Override
    public void awaitSpace(long bytes) throws StoreException {
        if (freeBytes() < bytes) {
            space.await(bytes + HEADER_BYTES + HEAD_BYTES);
        }
    }

    @Override
    public void place(int changesBytes) {
        long bytes = HEAD_BYTES + (long) changesBytes;
        isPlaced = true;
        if (bytes <= rest) {
            rest -= bytes;
            if (rest < file.bytes() / 2) {
                space.want();
            }
            return;
        }
        if (bytes <= space.readyBytes() - HEADER_BYTES) {
            following = space.take();
            rest = following.bytes() - HEADER_BYTES - bytes;
        } else {
            rest = 0;
        }
    }

    /// The system has it when this returns.
    @Override
    public void append(long commit, BatchBuffer changes) throws StoreException {
        if (!isPlaced) {
            place(changes.size());
        }
        try {
            if (following == null && (file == null || file.bytes() - end < HEAD_BYTES + (long) changes.size())) {
                // Records of accepted changes were larger than their margin.
                following = space.make(HEADER_BYTES + HEAD_BYTES + (long) changes.size());
            }
            if (following != null) {
                finish();
            }
            List<ByteBuffer> body = changes.encode();
            ByteBuffer first = head(commit, body, changes.size());
            long written = end;
            for (ByteBuffer part : body) {
                written += writeFully(file.channel(), written, first, part);
            }
            end = written;
            appended = commit;
            isPlaced = false;
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }

    private ByteBuffer head(long commit, List<ByteBuffer> body, int bytes) {
        head.clear().position(PREFIX_BYTES);
        head.putLong(salt).putLong(commit).putLong(synced);
        var crc = new CRC32C();
        crc.update(head.array(), PREFIX_BYTES, NUMBERS_BYTES);
        body.forEach(part -> crc.update(part.array(), part.position(), part.remaining()));
        return head.putInt(0, NUMBERS_BYTES + bytes).putInt(Integer.BYTES, (int) crc.getValue()).flip();
    }

    private static long writeFully(FileChannel file, long position, ByteBuffer... parts) throws IOException {
        file.position(position);
        long written = 0;
        ByteBuffer last = parts[parts.length - 1];
        int end = last.limit();
        while (last.position() < end) {
            last.limit(Math.min(end, last.position() + MAX_WRITE_BYTES));
            written += file.write(parts);
        }
        return written;
    }

    private synchronized void finish() throws IOException, StoreException {
        FileChannel old = null;
        if (file != null) {
            sync();
            old = file.channel();
        }
        Path oldPath = path;
        begin(following);
        following = null;
        if (old != null) {
            // One without a commit has given its name to the new one.
            if (!oldPath.equals(path)) {
                synchronized (finished) {
                    finished.add(new Finished(oldPath, appended));
                }
            }
            old.close();
        }
    }

    /// Waits for this machine's disk.
    @Override
    public synchronized long sync() throws StoreException {
        long upTo = appended;
        try {
            if (file != null) {
                file.channel().force(false);
            }
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
        synced = upTo;
        return upTo;
    }

    @Override
    public boolean mayForget(long commit) {
        return needless(commit) != null;
    }

    private Finished needless(long commit) {
        synchronized (finished) {
            Finished first = finished.peekFirst();
            return first != null && first.lastCommit <= commit ? first : null;
        }
    }

    /// Deletes files, or uses them again.
    @Override
    public void forget(long commit) throws IOException {
        for (Finished old = needless(commit); old != null; old = needless(commit)) {
            // Without the lock: an append must not wait for the file system here.
            if (Files.exists(old.path) && !space.recycle(old.path)) {
                Files.delete(old.path);
            }
            synchronized (finished) {
                finished.removeFirst();
            }
        }
    }

    @Override
    public long appended() {
        return appended;
    }

    @Override
    public long synced() {
        return synced;
    }

    /// Cuts off the unused rest, so that a reader need not look behind the end.
    @Override
    public void close() throws IOException {
        space.close();
        if (file != null) {
            try (FileChannel channel = file.channel()) {
                channel.truncate(end);
            }
        }
        if (following != null) {
            following.channel().close();
        }
    }
}
