package dev.cipherlink.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/// A small file beside the database that knows how far it must reach: the number of the last commit that the disk had,
/// and how RocksDB's list of its files (the MANIFEST) began. What the database lost at its end would go unnoticed
/// otherwise: a log that is cut between two records is a log.
///
/// Written after each wait for the disk, into two places in turn, and not waited for itself. So after a power cut it may be
/// behind the database, and never before it; after the end of the process alone it is exact. Used by one thread.
final class LastCommit implements AutoCloseable {
    private static final long MAGIC = 0x636c2d73746f7265L; // cl-store
    private static final int SLOT_BYTES = 64;
    private static final int CHECKED_BYTES = 5 * Long.BYTES;
    private static final long MANIFEST_INTERVAL_NANOS = 1_000_000_000L;

    private final FileChannel channel;
    private final Path database;
    private final ByteBuffer slot = ByteBuffer.allocate(SLOT_BYTES);
    private Manifest manifest = Manifest.NONE;
    private long manifestLookedAt;
    private long writes;

    /// How the list of files began.
    ///
    /// @param number of the file `MANIFEST-<number>`, -1 if none was seen yet
    /// @param bytes that were there
    /// @param checksum CRC-32C of them
    record Manifest(long number, long bytes, long checksum) {
        static final Manifest NONE = new Manifest(-1, 0, 0);
    }

    /// What the file says.
    record Content(long commit, Manifest manifest) {
    }

    /// Opens or makes the file.
    ///
    /// @param database RocksDB's folder
    LastCommit(Path file, Path database) throws IOException {
        this.channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        this.database = database;
    }

    /// @throws IOException if it is damaged
    static Content read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Content latest = null;
        for (int offset = 0; offset < bytes.length; offset += SLOT_BYTES) {
            var slot = ByteBuffer.wrap(bytes, offset, Math.min(SLOT_BYTES, bytes.length - offset)).slice();
            Content content = decode(slot);
            if (content == null) {
                throw new IOException("it is damaged");
            }
            latest = latest == null || content.commit >= latest.commit ? content : latest;
        }
        if (latest == null) {
            throw new IOException("it is empty");
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
    void write(long commit) throws IOException {
        long now = System.nanoTime();
        if (manifest == Manifest.NONE || now - manifestLookedAt > MANIFEST_INTERVAL_NANOS) {
            manifest = look();
            manifestLookedAt = now;
        }
        slot.clear();
        slot.putLong(MAGIC).putLong(commit).putLong(manifest.number).putLong(manifest.bytes).putLong(manifest.checksum);
        slot.putLong(checksum(slot.array(), 0, CHECKED_BYTES)).clear();
        channel.write(slot, writes++ % 2 * SLOT_BYTES);
    }

    /// Looks at the list of files now, and not only when it is due.
    void writeWithFreshManifest(long commit) throws IOException {
        manifest = Manifest.NONE;
        write(commit);
    }

    private Manifest look() throws IOException {
        return look(database, Long.MAX_VALUE);
    }

    private static Manifest look(Path database, long maxBytes) throws IOException {
        String name = Files.readString(database.resolve("CURRENT")).strip();
        long number = Long.parseLong(name.substring(name.lastIndexOf('-') + 1));
        byte[] bytes = Files.readAllBytes(database.resolve(name));
        int length = (int) Math.min(maxBytes, bytes.length);
        return new Manifest(number, length, checksum(bytes, 0, length));
    }

    /// Whether the list of files still begins as it did.
    ///
    /// @throws IOException if it cannot be read
    static boolean isManifestGood(Path database, Manifest noted) throws IOException {
        if (noted.number < 0) {
            return true;
        }
        try {
            Manifest found = look(database, noted.bytes);
            // A larger number: RocksDB has begun a new list since it was noted, from the old one.
            return found.number > noted.number || found.equals(noted);
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static long checksum(byte[] bytes, int offset, int length) {
        var crc = new CRC32C();
        crc.update(bytes, offset, length);
        return crc.getValue();
    }

    /// Waits until the disk has what was written.
    void force() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
