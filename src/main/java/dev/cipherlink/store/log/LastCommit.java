package dev.cipherlink.store.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.zip.CRC32C;

/// A small file beside the database that knows how far it must reach: the number of the last commit that the disk had,
/// and how RocksDB's list of its files (the MANIFEST) began. What the database lost at its end would go unnoticed
/// otherwise: a log that is cut between two records is a log.
///
/// Written after each wait for the disk, into two slots in turn, and not waited for itself. So after a power cut it may be
/// behind the database, and never before it; after the end of the process alone it is exact. Of the slots one may be damaged:
/// the other is what counts then. One thread writes; another may look at the list of files meanwhile, which takes longer.
public final class LastCommit implements AutoCloseable {
    private static final long MAGIC = 0x636c2d73746f7265L; // cl-store
    private static final int SLOT_BYTES = 64;
    private static final int SLOTS = 2;
    private static final int CHECKED_BYTES = 5 * Long.BYTES;
    private static final long MANIFEST_INTERVAL_NANOS = 1_000_000_000L;
    private static final int READ_BYTES = 64 << 10;

    private final FileChannel channel;
    private final Path database;
    private final ByteBuffer slot = ByteBuffer.allocate(SLOT_BYTES);
    private volatile Manifest manifest = Manifest.NONE;
    private long manifestLookedAt;
    /// Over the first bytes of what [#manifest] has, to go on where it grows.
    private CRC32C manifestChecksum = new CRC32C();
    private long checkedBytes;
    private long writes;

    /// How the list of files began.
    ///
    /// @param number of the file `MANIFEST-<number>`, -1 if none was seen yet
    /// @param bytes that were there
    /// @param checksum CRC-32C of them
    record Manifest(long number, long bytes, long checksum) {
        static final Manifest NONE = new Manifest(-1, 0, 0);
    }

    /// The file's content.
    public record Content(long commit, Manifest manifest) {
    }

    /// Opens or makes the file.
    ///
    /// @param database RocksDB's folder
    public LastCommit(Path file, Path database) throws IOException {
        this.channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PrivateFiles.FILE);
        this.database = database;
    }

    /// @return the content of the later good slot
    /// @throws IOException if none is good
    public static Content read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Content latest = null;
        for (int offset = 0; offset < Math.min(SLOTS * SLOT_BYTES, bytes.length); offset += SLOT_BYTES) {
            Content content = decode(ByteBuffer.wrap(bytes, offset, Math.min(SLOT_BYTES, bytes.length - offset)).slice());
            if (content != null && (latest == null || content.commit > latest.commit)) {
                latest = content;
            }
        }
        if (latest == null) {
            throw new IOException("it is damaged");
        }
        return latest;
    }

    private static Content decode(ByteBuffer slot) {
        if (slot.remaining() != SLOT_BYTES || slot.getLong() != MAGIC) {
            return null;
        }
        var content = new Content(slot.getLong(), new Manifest(slot.getLong(), slot.getLong(), slot.getLong()));
        long checksum = slot.getLong();
        boolean isGood = checksum == checksum(slot.array(), slot.arrayOffset(), CHECKED_BYTES);
        while (slot.hasRemaining()) {
            isGood &= slot.get() == 0;
        }
        return isGood ? content : null;
    }

    /// Notes that the disk has everything up to this commit.
    public void write(long commit) throws IOException {
        Manifest noted = manifest;
        slot.clear();
        slot.putLong(MAGIC).putLong(commit).putLong(noted.number).putLong(noted.bytes).putLong(noted.checksum);
        slot.putLong(checksum(slot.array(), 0, CHECKED_BYTES)).clear();
        channel.write(slot, writes++ % SLOTS * SLOT_BYTES);
    }

    /// Looks at the list of files now, and writes; no other thread may look meanwhile.
    public void writeWithFreshManifest(long commit) throws IOException {
        lookAtManifest();
        write(commit);
    }

    /// Looks at the list of files if that was not done for a second: at what came to it since, or at all of a new one. The next
    /// [#write] notes it.
    public void lookAtManifestIfDue() throws IOException {
        if (System.nanoTime() - manifestLookedAt > MANIFEST_INTERVAL_NANOS) {
            lookAtManifest();
        }
    }

    private void lookAtManifest() throws IOException {
        Path file = current(database);
        long from = number(file) == manifest.number ? checkedBytes : 0;
        // If the look is cut short, the next one begins anew.
        checkedBytes = 0;
        if (from == 0) {
            manifestChecksum = new CRC32C();
        }
        checkedBytes = from + add(file, from, Long.MAX_VALUE, manifestChecksum);
        manifest = new Manifest(number(file), checkedBytes, manifestChecksum.getValue());
        manifestLookedAt = System.nanoTime();
    }

    private static Path current(Path database) throws IOException {
        return database.resolve(Files.readString(database.resolve("CURRENT")).strip());
    }

    /// The number in its name; -1 if there is none.
    private static long number(Path file) {
        String name = file.getFileName().toString();
        try {
            return Long.parseLong(name.substring(name.lastIndexOf('-') + 1));
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    /// Adds what a file has from `offset` on, at most `limit` bytes, to a checksum.
    ///
    /// @return how many bytes it were
    private static long add(Path file, long offset, long limit, CRC32C checksum) throws IOException {
        long added = 0;
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);
            while (added < limit && in.read(buffer.clear().limit((int) Math.min(READ_BYTES, limit - added)), offset + added) > 0) {
                added += buffer.position();
                checksum.update(buffer.flip());
            }
        }
        return added;
    }

    /// Whether the list of files still begins as it did.
    ///
    /// @throws IOException if it cannot be read
    public static boolean isManifestGood(Path database, Manifest noted) throws IOException {
        if (noted.number < 0) {
            return true;
        }
        Path file = current(database);
        if (number(file) != noted.number) {
            // A larger number: RocksDB has begun a new list since it was noted, from the old one.
            return number(file) > noted.number;
        }
        var checksum = new CRC32C();
        return add(file, 0, noted.bytes, checksum) == noted.bytes && checksum.getValue() == noted.checksum;
    }

    private static long checksum(byte[] bytes, int offset, int length) {
        var crc = new CRC32C();
        crc.update(bytes, offset, length);
        return crc.getValue();
    }

    /// Waits until the disk has what was written.
    public void force() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
