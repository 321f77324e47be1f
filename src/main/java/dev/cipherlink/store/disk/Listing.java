package dev.cipherlink.store.disk;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.LongReads;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Usage;
import dev.cipherlink.store.disk.Group.KeyChange;
import dev.cipherlink.store.disk.StoreState.StoreClock;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import org.rocksdb.RocksIterator;

/// Looks at many keys in order: those in the database, and those that are not there yet.
///
/// Blocks on the disk, in native code: for callers on virtual threads a thread of its own does it. Thread-safe.
final class Listing implements AutoCloseable {
    /// A few hundredths of a second.
    static final int COUNTED_AT_ONCE = 50_000;
    /// Looks that [#size] takes at most while others write: then it is the number of a moment not far away.
    private static final int MAX_SIZE_LOOKS = 4;

    private static final System.Logger LOG = System.getLogger(Listing.class.getName());

    private final Database database;
    private final CellCache cells;
    private final Committer committer;
    private final Applier applier;
    private final StoreClock clock;
    private final LongReads reads = new LongReads("store-listing", 1);
    /// Read by each count that has an iterator open: the database must not be closed before.
    private final ReadWriteLock counts = new ReentrantReadWriteLock();

    /// A part of the keys.
    ///
    /// @param last where to go on; null if these were the last
    private record Counted(int keys, byte[] last) {
    }

    Listing(Database database, CellCache cells, Committer committer, Applier applier, StoreClock clock) {
        this.database = database;
        this.cells = cells;
        this.committer = committer;
        this.applier = applier;
        this.clock = clock;
    }

    /// The first live keys with this prefix after that one.
    List<Key> keys(byte[] prefix, int limit, byte[] after) throws StoreException {
        return reads.run(() -> {
            var found = new ArrayList<Key>(Math.min(limit, 1_000));
            walk(prefix, after, key -> {
                found.add(key);
                return found.size() < limit;
            });
            return found;
        });
    }

    /// How many live keys have this prefix.
    long count(byte[] prefix) throws StoreException {
        long count = 0;
        byte[] after = Database.NOTHING;
        while (after != null) {
            byte[] from = after;
            // In parts, so that other listings get their turn.
            Counted part = reads.run(() -> countSome(prefix, from));
            count += part.keys();
            after = part.last();
        }
        return count;
    }

    private Counted countSome(byte[] prefix, byte[] after) throws StoreException {
        var last = new Key[1];
        int[] count = {0};
        walk(prefix, after, key -> {
            last[0] = key;
            return ++count[0] < COUNTED_AT_ONCE;
        });
        return new Counted(count[0], count[0] < COUNTED_AT_ONCE ? null : last[0].bytes());
    }

    /// How many live keys there are, without a look at each of them.
    long size() throws StoreException {
        return reads.run(() -> {
            applyIfItCan();
            long keys;
            StoreState state;
            int looks = 0;
            do {
                state = applier.state();
                keys = state.keys() + unappliedEntries() - expired();
                looks++;
                // A group may have come into the database, and into the number, between the looks.
            } while (looks < MAX_SIZE_LOOKS && state != applier.state());
            return Math.max(0, keys);
        });
    }

    /// Entries that there are, expired ones included that are not yet taken away.
    long kept() throws StoreException {
        applyIfItCan();
        return applier.state().keys() + unappliedEntries();
    }

    /// Counts what the keys of a part of the store take: those of the database at one moment, between two writes, and what it lacks then.
    /// Changes count from that moment on.
    void count(Usage usage, Runnable install) throws StoreException {
        if (!counts.readLock().tryLock()) {
            throw StoreException.failed(new IOException("the store is closed"));
        }
        try {
            countAll(usage, install);
        } finally {
            counts.readLock().unlock();
        }
    }

    private void countAll(Usage usage, Runnable install) throws StoreException {
        var unapplied = new HashMap<Key, KeyChange>();
        try (RocksIterator iterator = reads.run(() -> {
            // Nothing comes into the database meanwhile.
            synchronized (applier) {
                applyIfItCan();
                var begun = new RocksIterator[1];
                committer.whileClosed(() -> {
                    unapplied.putAll(unapplied());
                    begun[0] = database.iterator(Database.ENTRIES);
                    install.run();
                });
                return begun[0];
            }
        })) {
            unapplied.values().removeIf(change -> !usage.space().contains(change.key().bytes()));
            usage.addCounted(unapplied.values().stream().mapToLong(change -> change.after().usedBytes(change.key())).sum());
            for (byte[] prefix : usage.space().prefixes()) {
                iterator.seek(prefix);
                while (reads.run(() -> countSome(usage, prefix, unapplied, iterator))) {
                    // In parts, so that listings get their turn.
                }
            }
        }
    }

    /// @return false if these were the last
    private boolean countSome(Usage usage, byte[] prefix, Map<Key, KeyChange> others, RocksIterator iterator) throws StoreException {
        for (int i = 0; i < COUNTED_AT_ONCE; i++) {
            Key key = stored(iterator, prefix);
            if (key == null) {
                return false;
            }
            if (usage.space().contains(key.bytes()) && !others.containsKey(key)) {
                usage.addCounted(cell(iterator.value()).usedBytes(key));
            }
            iterator.next();
        }
        return true;
    }

    private static DiskCell cell(byte[] entry) throws StoreException {
        try {
            return DiskCell.decode(entry);
        } catch (IOException e) {
            throw StoreException.failed(e);
        }
    }

    /// What the database lacks.
    private Map<Key, KeyChange> unapplied() {
        var changes = new HashMap<Key, KeyChange>();
        var groups = new TreeMap<Long, Group>();
        committer.unapplied().forEach(group -> groups.put(group.number(), group));
        groups.values().forEach(group -> group.addChanges(changes));
        return changes;
    }

    /// How many entries more there are than in the database.
    private long unappliedEntries() throws StoreException {
        long entries = 0;
        for (KeyChange change : unapplied().values()) {
            boolean wasThere = change.isBlind() ? database.get(Database.ENTRIES, change.key().bytes()) != null
                    : change.before().exists();
            entries += (change.after().exists() ? 1 : 0) - (wasThere ? 1 : 0);
        }
        return entries;
    }

    /// How many entries have expired and are still there, as far as the database knows their deadlines.
    private long expired() throws StoreException {
        return dueKeys().stream().filter(key -> {
            DiskCell cell = cells.get(key);
            return cell == null || cell.exists() && !cell.isLiveAt(clock.now());
        }).count();
    }

    /// The next durable records with this prefix, in order, until their values have so many bytes.
    NavigableMap<byte[], byte[]> records(byte[] prefix, byte[] after, int maxBytes) throws StoreException {
        return reads.run(() -> {
            applier.apply();
            return storedRecords(prefix, after, maxBytes);
        });
    }

    private NavigableMap<byte[], byte[]> storedRecords(byte[] prefix, byte[] after, int maxBytes) throws StoreException {
        var records = new TreeMap<byte[], byte[]>(Arrays::compareUnsigned);
        long bytes = 0;
        try (RocksIterator iterator = database.iterator(Database.RECORDS)) {
            seek(iterator, prefix, after);
            while (bytes < maxBytes && iterator.isValid() && Key.of(iterator.key()).startsWith(prefix)) {
                byte[] value = iterator.value();
                records.put(iterator.key(), value);
                bytes += value.length;
                iterator.next();
            }
            Database.requireGood(iterator);
        }
        return records;
    }

    /// Deadlines are only looked for in the database. While it takes nothing, reads go on without the latest.
    private void applyIfItCan() {
        try {
            applier.apply();
        } catch (StoreException e) {
            LOG.log(Level.DEBUG, "a listing goes on without the database's latest", e);
        }
    }

    /// Calls `visit` with each live key, in order, until it says false.
    private void walk(byte[] prefix, byte[] after, Predicate<Key> visit) throws StoreException {
        applyIfItCan();
        // First the groups that the database lacks, then the database: a group that moves meanwhile is seen by one of the looks.
        TreeSet<Key> pending = pendingKeys(prefix, after);
        Set<Key> due = dueKeys();
        try (RocksIterator iterator = database.iterator(Database.ENTRIES)) {
            seek(iterator, prefix, after);
            Key stored = stored(iterator, prefix);
            Key unstored = pending.pollFirst();
            while (stored != null || unstored != null) {
                int order = stored == null ? 1 : unstored == null ? -1 : stored.compareTo(unstored);
                Key key = order <= 0 ? stored : unstored;
                if (isLive(key, order <= 0, due) && !visit.test(key)) {
                    return;
                }
                if (order <= 0) {
                    iterator.next();
                    stored = stored(iterator, prefix);
                }
                if (order >= 0) {
                    unstored = pending.pollFirst();
                }
            }
        }
    }

    private boolean isLive(Key key, boolean isStored, Set<Key> due) throws StoreException {
        DiskCell cell = cells.get(key);
        if (cell != null) {
            return cell.isLiveAt(clock.now());
        }
        // One that was not stored is by now, or it would have a cell.
        return !due.contains(key) && (isStored || database.get(Database.ENTRIES, key.bytes()) != null);
    }

    private static void seek(RocksIterator iterator, byte[] prefix, byte[] after) {
        boolean startsAfter = Arrays.compareUnsigned(after, prefix) >= 0 && after.length > 0;
        iterator.seek(startsAfter ? after : prefix);
        if (startsAfter && iterator.isValid() && Arrays.equals(iterator.key(), after)) {
            iterator.next();
        }
    }

    /// @return null at the end
    private static Key stored(RocksIterator iterator, byte[] prefix) throws StoreException {
        if (!iterator.isValid()) {
            Database.requireGood(iterator);
            return null;
        }
        Key key = Key.of(iterator.key());
        return key.startsWith(prefix) ? key : null;
    }

    private TreeSet<Key> pendingKeys(byte[] prefix, byte[] after) {
        var changed = new ArrayList<Key>();
        for (Group group : committer.unapplied()) {
            group.addKeys(prefix, changed);
        }
        var keys = new TreeSet<Key>();
        for (Key key : changed) {
            if (after.length == 0 || Arrays.compareUnsigned(key.bytes(), after) > 0) {
                keys.add(key);
            }
        }
        return keys;
    }

    private Set<Key> dueKeys() throws StoreException {
        var keys = new HashSet<Key>();
        dueDeadlines(0, Integer.MAX_VALUE).forEach(deadline -> keys.add(DiskCell.key(deadline)));
        return keys;
    }

    /// The deadlines in the database that have passed, as [DiskCell#deadlineKey] made them, in order.
    ///
    /// @param from  the first deadline to look at
    /// @param limit the most to return
    List<byte[]> dueDeadlines(long from, int limit) throws StoreException {
        long now = clock.now();
        var due = new ArrayList<byte[]>();
        try (RocksIterator iterator = database.iterator(Database.DEADLINES)) {
            iterator.seek(DiskCell.deadlineKey(from, Key.of(Database.NOTHING)));
            while (due.size() < limit && iterator.isValid() && DiskCell.deadline(iterator.key()) <= now) {
                due.add(iterator.key());
                iterator.next();
            }
            Database.requireGood(iterator);
        }
        return due;
    }

    /// The first deadline in the database from this one on, or [DiskCell#NO_DEADLINE].
    long nextDeadline(long from) throws StoreException {
        try (RocksIterator iterator = database.iterator(Database.DEADLINES)) {
            iterator.seek(DiskCell.deadlineKey(from, Key.of(Database.NOTHING)));
            Database.requireGood(iterator);
            return iterator.isValid() ? DiskCell.deadline(iterator.key()) : DiskCell.NO_DEADLINE;
        }
    }

    /// Ends the thread, and waits for the counts, which get no other.
    @Override
    public void close() {
        reads.close();
        counts.writeLock().lock();
    }
}
