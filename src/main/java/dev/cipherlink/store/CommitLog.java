package dev.cipherlink.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.zip.CRC32C;

/// The commits that the database may lack, one record behind the other, in files of which the last is written to.
///
/// A file is named after the first commit in it, and begins with [#MAGIC] (8), a random number, its salt (8), and CRC-32C of
/// both (8). A record is the number of bytes behind its checksum (4), CRC-32C (4) of what follows, the salt again (8), the
/// commit's number (8), that of the last commit that was on the disk for certain when this one was written (8), and the
/// changes as a [BatchBuffer] has them. So no value that a client wrote looks like a record. Integers are big-endian. A new
/// file is begun when the disk has all of the old one. [CommitLogReader] reads them.
///
/// One thread appends; any may [#sync].
final class CommitLog implements AutoCloseable {
    /// `cl-log`, and the version of the format.
    static final long MAGIC = 0x636c2d6c6f670002L;
    static final int HEADER_BYTES = 3 * Long.BYTES;
    /// Length and checksum.
    static final int PREFIX_BYTES = 2 * Integer.BYTES;
    /// Salt and both numbers.
    static final int NUMBERS_BYTES = 3 * Long.BYTES;
    /// What is before the changes.
    static final int HEAD_BYTES = PREFIX_BYTES + NUMBERS_BYTES;
    static final String SUFFIX = ".log";
    private static final int DEFAULT_FILE_BYTES = 64 << 20;
    /// Handed to the system at once: the JDK keeps a copy beside the heap.
    private static final int MAX_WRITE_BYTES = 1 << 20;

    private final Path folder;
    private final DiskRoom room;
    private final int maxFileBytes;
    private final ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
    private final SecureRandom random = new SecureRandom();
    /// Those that are not written to any more, in the order in which they may go.
    private final Deque<Finished> finished = new ArrayDeque<>();
    private Path path;
    private FileChannel channel;
    private long salt;
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
    CommitLog(Path folder, long lastCommit) throws IOException, StoreException {
        this(folder, lastCommit, new DiskRoom(folder), DEFAULT_FILE_BYTES);
    }

    CommitLog(Path folder, long lastCommit, DiskRoom room, int maxFileBytes) throws IOException, StoreException {
        this.folder = folder;
        this.room = room;
        this.maxFileBytes = maxFileBytes;
        this.appended = lastCommit;
        this.synced = lastCommit;
        begin();
        for (Path old : CommitLogReader.files(folder)) {
            if (!old.equals(path)) {
                // Latest first: what is left when forgetting them is cut short must be the beginning of a log.
                finished.addFirst(new Finished(old, lastCommit));
            }
        }
    }

    /// What a file with this salt begins with.
    static byte[] header(long salt) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).putLong(MAGIC).putLong(salt);
        var crc = new CRC32C();
        crc.update(header.array(), 0, header.position());
        return header.putLong(crc.getValue()).array();
    }

    private void begin() throws IOException, StoreException {
        Path next = folder.resolve("%020d%s".formatted(appended + 1, SUFFIX));
        long nextSalt = random.nextLong();
        FileChannel file = FileChannel.open(next, Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE), StoreFolder.PRIVATE_FILE);
        try {
            writeFully(file, 0, ByteBuffer.wrap(header(nextSalt)));
            force(file);
        } catch (IOException | StoreException e) {
            file.close();
            throw e;
        }
        path = next;
        channel = file;
        salt = nextSalt;
        end = HEADER_BYTES;
    }

    /// A file and its name.
    private void force(FileChannel file) throws StoreException {
        try {
            file.force(true);
            StoreFolder.force(folder);
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }

    /// Adds a commit; the system has it then.
    ///
    /// @throws StoreException `FULL` if there was no room, and the log is as before; `FAILED` if the disk failed
    void append(long commit, BatchBuffer changes) throws StoreException {
        room.requireFor(changes.size());
        ByteBuffer body = changes.encode();
        try {
            if (end >= maxFileBytes && end > HEADER_BYTES) {
                finish();
            }
            end += writeFully(channel, end, head(commit, body), body);
            appended = commit;
        } catch (IOException e) {
            cutBack();
            // Java does not say which error it was.
            room.requireFor(changes.size());
            throw StoreException.failed(e);
        } catch (OutOfMemoryError e) {
            cutBack();
            throw StoreException.noMemory(e);
        }
    }

    private ByteBuffer head(long commit, ByteBuffer body) {
        head.clear().position(PREFIX_BYTES);
        head.putLong(salt).putLong(commit).putLong(synced);
        var crc = new CRC32C();
        crc.update(head.array(), PREFIX_BYTES, NUMBERS_BYTES);
        crc.update(body.array(), body.position(), body.remaining());
        return head.putInt(0, NUMBERS_BYTES + body.remaining()).putInt(Integer.BYTES, (int) crc.getValue()).flip();
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
        return needless(commit) != null;
    }

    private Finished needless(long commit) {
        synchronized (finished) {
            Finished first = finished.peekFirst();
            return first != null && first.lastCommit <= commit ? first : null;
        }
    }

    /// Deletes those files; the disk must have the database up to this commit. Used by one thread.
    void forget(long commit) throws IOException {
        for (Finished file = needless(commit); file != null; file = needless(commit)) {
            // Nobody who appends waits for the file system here.
            Files.deleteIfExists(file.path);
            synchronized (finished) {
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
