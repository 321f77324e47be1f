package dev.cipherlink.store.disk;

import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.log.BatchBuffer;
import dev.cipherlink.store.log.LogSpace.DiskSpace;
import dev.cipherlink.store.log.PrivateFiles;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.rocksdb.AbstractImmutableNativeReference;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Checkpoint;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.Holder;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Snapshot;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/// RocksDB's folder, opened with the options and column families of this store.
///
/// Calls go into native code and may read the disk; [#write] may wait for RocksDB's own threads. Thread-safe, but
/// nobody may be in a call when it is closed.
final class Database implements AutoCloseable {
    static final byte[] NOTHING = {};

    private static final System.Logger LOG = System.getLogger(Database.class.getName());

    /// Column families, by their numbers.
    static final int ENTRIES = Family.DEFAULT.ordinal();
    static final int DEADLINES = Family.DEADLINES.ordinal();
    static final int LARGE = Family.LARGE.ordinal();
    static final int RECORDS = Family.RECORDS.ordinal();
    static final int STATE = Family.STATE.ordinal();

    private enum Family { DEFAULT, DEADLINES, LARGE, RECORDS, STATE }

    private static final long ALL_WRITE_BUFFERS_BYTES = RocksConfig.NATIVE_BYTES * 2 / 3;
    private static final long WRITE_BUFFER_BYTES = RocksConfig.NATIVE_BYTES / 6;
    private static final long SMALL_WRITE_BUFFER_BYTES = RocksConfig.NATIVE_BYTES / 24;
    private static final long MIN_WRITE_BUFFER_BYTES = 1 << 20;
    private static final int WRITE_BUFFER_DISK_SHARE = 32;
    private static final int READ_AHEAD_BYTES = 1 << 20;
    private static final int FILTER_BITS_PER_KEY = 10;
    private static final double MEMTABLE_FILTER_SHARE = 0.02;
    private static final int MAX_OPEN_FILES = 512;

    private static final Optional<Looked> ABSENT = Optional.of(new Looked(null));

    /// The result of a look into memory.
    ///
    /// @param value null if there is none
    record Looked(byte[] value) {
    }

    private final List<AbstractImmutableNativeReference> resources = new ArrayList<>();
    private final List<ColumnFamilyHandle> families = new ArrayList<>();
    private final WriteOptions unlogged;
    private final ReadOptions scanning;
    private final RocksDB rocks;
    private final Path folder;

    /// How a folder is opened.
    enum Mode {
        /// A database is made.
        NEW,
        /// For reads and writes.
        EXISTING,
        /// To look at it: nothing on the disk changes.
        LOOK
    }

    /// Opens the folder, or makes it.
    ///
    /// @throws IOException if it cannot be used; the message is one line
    Database(Path folder, Mode mode) throws IOException {
        boolean isNew = mode == Mode.NEW;
        this.folder = folder;
        NativeLibrary.load(folder.toAbsolutePath().getParent());
        unlogged = keep(new WriteOptions().setDisableWAL(true));
        scanning = keep(new ReadOptions().setFillCache(false).setReadaheadSize(READ_AHEAD_BYTES));
        try {
            if (isNew) {
                Files.createDirectories(folder, PrivateFiles.FOLDER);
            }
            var descriptors = new ArrayList<ColumnFamilyDescriptor>();
            var cache = keep(new LRUCache(RocksConfig.NATIVE_BYTES));
            var writeBuffers = keep(new WriteBufferManager(ALL_WRITE_BUFFERS_BYTES, cache));
            for (Family family : Family.values()) {
                byte[] name = family == Family.DEFAULT ? RocksDB.DEFAULT_COLUMN_FAMILY
                        : family.name().toLowerCase(java.util.Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
                descriptors.add(new ColumnFamilyDescriptor(name, options(family, cache)));
            }
            rocks = mode == Mode.LOOK
                    ? RocksDB.openReadOnly(databaseOptions(false, writeBuffers), folder.toString(), descriptors, families)
                    : RocksDB.open(databaseOptions(isNew, writeBuffers), folder.toString(), descriptors, families);
        } catch (RocksDBException e) {
            release();
            throw new IOException(describe(e), e);
        } catch (IOException e) {
            release();
            throw e;
        }
    }

    private DBOptions databaseOptions(boolean isNew, WriteBufferManager writeBuffers) {
        return keep(new DBOptions())
                .setCreateIfMissing(isNew)
                .setCreateMissingColumnFamilies(isNew)
                // All families reach the disk together: CommitLog is the log, and RocksDB has none.
                .setAtomicFlush(true)
                .setParanoidChecks(true)
                .setMaxOpenFiles(MAX_OPEN_FILES)
                .setWriteBufferManager(writeBuffers)
                .setMaxBackgroundJobs(2)
                .setStatsDumpPeriodSec(0)
                .setStatsPersistPeriodSec(0)
                .setKeepLogFileNum(2)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL);
    }

    private ColumnFamilyOptions options(Family family, LRUCache cache) {
        var table = new BlockBasedTableConfig()
                .setBlockCache(cache)
                .setFormatVersion(5)
                .setFilterPolicy(keep(new BloomFilter(FILTER_BITS_PER_KEY)));
        var options = keep(new ColumnFamilyOptions())
                .setTableFormatConfig(table)
                .setWriteBufferSize(Math.min(maxWriteBufferBytes(), family == Family.DEFAULT || family == Family.LARGE
                        ? WRITE_BUFFER_BYTES : SMALL_WRITE_BUFFER_BYTES))
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setLevelCompactionDynamicLevelBytes(true);
        return switch (family) {
            case DEFAULT -> options.setMemtablePrefixBloomSizeRatio(MEMTABLE_FILTER_SHARE).setMemtableWholeKeyFiltering(true);
            case LARGE -> options.setEnableBlobFiles(true).setMinBlobSize(DiskCell.LARGE_BYTES)
                    .setBlobCompressionType(CompressionType.LZ4_COMPRESSION).setEnableBlobGarbageCollection(true);
            case DEADLINES, RECORDS, STATE -> options;
        };
    }

    /// After a full disk RocksDB writes again when a write buffer's size is free. That has to be less than what [DiskSpace] keeps
    /// free of the log, or the log's own files, which wait for RocksDB, would keep it from ever writing again.
    private long maxWriteBufferBytes() {
        return Math.max(MIN_WRITE_BUFFER_BYTES, folder.toFile().getTotalSpace() / WRITE_BUFFER_DISK_SHARE);
    }

    /// @return null if there is none
    /// @throws StoreException `FAILED`
    byte[] get(int family, byte[] key) throws StoreException {
        try {
            return rocks.get(families.get(family), key);
        } catch (RocksDBException e) {
            throw StoreException.failed(e);
        }
    }

    /// The same from memory alone, where it has the answer; never blocks.
    ///
    /// @return empty if only the disk can tell
    Optional<Looked> look(int family, byte[] key) {
        var found = new Holder<byte[]>();
        if (!rocks.keyMayExist(families.get(family), key, found)) {
            return ABSENT;
        }
        return found.getValue() == null ? Optional.empty() : Optional.of(new Looked(found.getValue()));
    }

    /// An iterator that the caller closes; keys that are written later are not in it.
    RocksIterator iterator(int family) {
        return rocks.newIterator(families.get(family), scanning);
    }

    /// A snapshot, while others go on writing.
    View view() {
        return new View();
    }

    /// The database at one moment.
    final class View implements AutoCloseable {
        private final Snapshot snapshot = rocks.getSnapshot();
        private final ReadOptions reading =
                new ReadOptions().setSnapshot(snapshot).setFillCache(false).setReadaheadSize(READ_AHEAD_BYTES);

        /// @return null if there is none
        /// @throws StoreException `FAILED`
        byte[] get(int family, byte[] key) throws StoreException {
            try {
                return rocks.get(families.get(family), reading, key);
            } catch (RocksDBException e) {
                throw StoreException.failed(e);
            }
        }

        /// An iterator that the caller closes.
        RocksIterator iterator(int family) {
            return rocks.newIterator(families.get(family), reading);
        }

        @Override
        public void close() {
            reading.close();
            rocks.releaseSnapshot(snapshot);
        }
    }

    /// @throws StoreException `FAILED` if the iterator ended because of a failure
    static void requireGood(RocksIterator iterator) throws StoreException {
        try {
            iterator.status();
        } catch (RocksDBException e) {
            throw StoreException.failed(e);
        }
    }

    /// Writes are lost with the process until [#flush], or RocksDB by itself, has brought them to the disk, in their order and
    /// each as a whole.
    ///
    /// @throws StoreException `FULL` if the disk is, else `FAILED`; nothing of it is visible
    void write(BatchBuffer batch) throws StoreException {
        try (var changes = new WriteBatch(batch.small())) {
            for (BatchBuffer.Large large : batch.large()) {
                changes.put(families.get(large.family()), large.key(), large.value());
            }
            rocks.write(unlogged, changes);
        } catch (RocksDBException e) {
            throw failure(e);
        }
        if (batch.size() >= WRITE_BUFFER_BYTES) {
            flushFullBuffer();
        }
    }

    /// RocksDB would flush it while the next fills: a small machine has no memory for two buffers of one large value each.
    private void flushFullBuffer() {
        try {
            flush();
        } catch (StoreException e) {
            LOG.log(Level.DEBUG, "a full write buffer stays in memory", e);
        }
    }

    /// Blocks until the disk has everything written before.
    ///
    /// @throws StoreException `FULL` if the disk is, else `FAILED`
    void flush() throws StoreException {
        try (var options = new FlushOptions().setWaitForFlush(true)) {
            rocks.flush(options, families);
        } catch (RocksDBException e) {
            throw failure(e);
        }
    }

    private static StoreException failure(RocksDBException e) {
        return isDiskFull(e) ? StoreException.diskFull(e) : StoreException.failed(e);
    }

    private static boolean isDiskFull(RocksDBException failure) {
        return failure.getStatus() != null && failure.getStatus().getSubCode() == Status.SubCode.NoSpace
                || DiskSpace.isFull(failure.getMessage());
    }

    /// A consistent copy, without copying files that never change where the file system can link them.
    ///
    /// @param copy must not exist
    void checkpoint(Path copy) throws IOException {
        try (var checkpoint = Checkpoint.create(rocks)) {
            checkpoint.createCheckpoint(copy.toAbsolutePath().toString());
        } catch (RocksDBException e) {
            throw new IOException(describe(e), e);
        }
    }

    /// Reads all tables, and checks them against their checksums.
    void verifyChecksums() throws IOException {
        try {
            rocks.verifyChecksum();
        } catch (RocksDBException e) {
            throw new IOException(describe(e), e);
        }
    }

    /// A figure of RocksDB, summed over all families.
    long figure(String property) throws StoreException {
        try {
            return rocks.getAggregatedLongProperty("rocksdb." + property);
        } catch (RocksDBException e) {
            throw StoreException.failed(e);
        }
    }

    Path folder() {
        return folder;
    }

    /// The files that it is made of now.
    Set<Path> files() throws IOException {
        try {
            // Their names begin with a slash, as if the folder were the root.
            return rocks.getLiveFiles(false).files.stream().map(name -> folder.resolve(name.substring(1)))
                    .collect(Collectors.toSet());
        } catch (RocksDBException e) {
            throw new IOException(describe(e), e);
        }
    }

    private static String describe(RocksDBException failure) {
        return failure.getMessage().replace('\n', ' ');
    }

    private <T extends AbstractImmutableNativeReference> T keep(T resource) {
        resources.add(resource);
        return resource;
    }

    private void release() {
        resources.reversed().forEach(AbstractImmutableNativeReference::close);
        resources.clear();
    }

    @Override
    public void close() {
        families.forEach(ColumnFamilyHandle::close);
        rocks.close();
        release();
    }
}
