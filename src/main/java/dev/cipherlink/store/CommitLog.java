package dev.cipherlink.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.zip.CRC32C;

/// The commits that the database may lack, one record behind the other, in files of which the last is written to.
///
/// A file is named after the first commit in it, and begins with [#HEADER]. A record is the number of bytes behind its
/// checksum (4), CRC-32C (4) of what follows, the commit's number (8), that of the last commit that was on the disk for
/// certain when this one was written (8), and the changes as a [BatchBuffer] has them. Integers are big-endian. A new file is
/// begun when the disk has all of the old one. [CommitLogReader] reads them.
///
/// One thread appends; any may [#sync].
final class CommitLog implements AutoCloseable {
    /// `cl-log`, and the version of the format.
    static final long HEADER = 0x636c2d6c6f670001L;
    /// Length and checksum.
    static final int PREFIX_BYTES = 2 * Integer.BYTES;
    /// Both numbers.
    static final int NUMBERS_BYTES = 2 * Long.BYTES;
    static final String SUFFIX = ".log";
    private static final int DEFAULT_FILE_BYTES = 64 << 20;

    private final Path folder;
    private final DiskRoom room;
    private final int maxFileBytes;
    private final ByteBuffer head = ByteBuffer.allocate(PREFIX_BYTES + NUMBERS_BYTES);
    /// Those that are not written to any more, oldest first.
    private final Deque<Finished> finished = new ArrayDeque<>();
    private Path path;
    private FileChannel channel;
    private long end;
    private volatile long appended;
    private volatile long synced;

    /// A file that the disk has, up to this commit.
    private record Finished(Path path, long lastCommit) {
    }

    /// Begins a new file; those that are there stay until [#forget].
    ///
    /// @param folder     must exist
    /// @param lastCommit the disk has everything up to it, in the database
    CommitLog(Path folder, long lastCommit) throws IOException {
        this(folder, lastCommit, DEFAULT_FILE_BYTES);
    }

    CommitLog(Path folder, long lastCommit, int maxFileBytes) throws IOException {
        this.folder = folder;
        this.room = new DiskRoom(folder);
        this.maxFileBytes = maxFileBytes;
        this.appended = lastCommit;
        this.synced = lastCommit;
        for (Path old : CommitLogReader.files(folder)) {
            finished.add(new Finished(old, lastCommit));
        }
        begin();
    }

    private void begin() throws IOException {
        Path next = folder.resolve("%020d%s".formatted(appended + 1, SUFFIX));
        FileChannel file = FileChannel.open(next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
        try {
            writeFully(file, 0, ByteBuffer.allocate(Long.BYTES).putLong(HEADER).flip());
            file.force(true);
            try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
                entries.force(true);
            }
        } catch (IOException e) {
            file.close();
            throw e;
        }
        finished.removeIf(old -> old.path.equals(next));
        path = next;
        channel = file;
        end = Long.BYTES;
    }

    /// Adds a commit; the system has it then.
    ///
    /// @throws StoreException `FULL` if there was no room, and the log is as before; `FAILED` if nobody knows what it is now
    void append(long commit, BatchBuffer changes) throws StoreException {
        room.requireFor(changes.size());
        ByteBuffer body = changes.encode();
        head.clear().position(PREFIX_BYTES);
        head.putLong(commit).putLong(synced);
        head.putInt(0, NUMBERS_BYTES + body.remaining());
        var crc = new CRC32C();
        crc.update(head.array(), PREFIX_BYTES, NUMBERS_BYTES);
        crc.update(body.array(), body.position(), body.remaining());
        head.putInt(Integer.BYTES, (int) crc.getValue()).flip();
        try {
            if (end >= maxFileBytes) {
                finish();
            }
            end += writeFully(channel, end, head, body);
            appended = commit;
        } catch (IOException e) {
            cutBack();
            throw StoreException.diskFull(e);
        }
    }

    private static long writeFully(FileChannel file, long position, ByteBuffer... parts) throws IOException {
        file.position(position);
        long written = 0;
        while (parts[parts.length - 1].hasRemaining()) {
            written += file.write(parts);
        }
        return written;
    }

    /// Takes away what a failed write left: the next one goes on where this one began.
    private synchronized void cutBack() throws StoreException {
        try {
            channel.truncate(end);
            channel.force(false);
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }

    private synchronized void finish() throws IOException, StoreException {
        sync();
        FileChannel old = channel;
        var done = new Finished(path, appended);
        begin();
        synchronized (finished) {
            finished.add(done);
        }
        old.close();
    }

    /// Blocks until the disk has everything that was appended before.
    ///
    /// @return the last commit that it has
    synchronized long sync() throws StoreException {
        long upTo = appended;
        try {
            channel.force(false);
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
        synced = upTo;
        return upTo;
    }

    /// Whether there are files that a database with this commit, and what was before it, makes needless.
    boolean mayForget(long commit) {
        synchronized (finished) {
            return !finished.isEmpty() && finished.getFirst().lastCommit <= commit;
        }
    }

    /// Deletes those files; the disk must have the database up to this commit.
    void forget(long commit) throws IOException {
        synchronized (finished) {
            while (mayForget(commit)) {
                Files.deleteIfExists(finished.getFirst().path);
                finished.removeFirst();
            }
        }
    }

    /// The number of the last commit that was appended.
    long appended() {
        return appended;
    }

    /// The number of the last one that the disk has for certain.
    long synced() {
        return synced;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
