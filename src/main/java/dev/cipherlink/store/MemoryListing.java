package dev.cipherlink.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableSet;
import java.util.function.Consumer;

/// Looks at many keys of a [MemoryStore] in order. On a platform thread, which the system takes off its processor: a virtual one would
/// keep its carrier.
final class MemoryListing implements AutoCloseable {
    private static final int COUNTED_AT_ONCE = 50_000;

    private final NavigableSet<Key> order;
    private final LiveCheck check;
    private final LongReads reads = new LongReads("store-listing", 1);

    /// Tells keys that exist from those that have expired.
    interface LiveCheck {
        boolean exists(Key key) throws StoreException;
    }

    /// A part of a count.
    ///
    /// @param next where to go on; null if this was the last part
    private record Counted(long keys, Key next) {
    }

    MemoryListing(NavigableSet<Key> order, LiveCheck check) {
        this.order = order;
        this.check = check;
    }

    LongReads reads() {
        return reads;
    }

    List<Key> keys(byte[] prefix, int limit, byte[] after) throws StoreException {
        return reads.run(() -> {
            var found = new ArrayList<Key>();
            boolean startsAfter = Arrays.compareUnsigned(after, prefix) >= 0;
            for (Key key : order.tailSet(Key.of(startsAfter ? after : prefix), !startsAfter)) {
                if (found.size() == limit || !key.startsWith(prefix)) {
                    break;
                }
                if (check.exists(key)) {
                    found.add(key);
                }
            }
            return found;
        });
    }

    long count(byte[] prefix) throws StoreException {
        long count = 0;
        Key from = Key.of(prefix);
        while (from != null) {
            Key first = from;
            // In parts, so that other listings get their turn.
            Counted part = reads.run(() -> countSome(prefix, first));
            count += part.keys;
            from = part.next;
        }
        return count;
    }

    private Counted countSome(byte[] prefix, Key first) throws StoreException {
        int seen = 0;
        long count = 0;
        for (Key key : order.tailSet(first)) {
            if (!key.startsWith(prefix)) {
                break;
            }
            if (++seen > COUNTED_AT_ONCE) {
                return new Counted(count, key);
            }
            count += check.exists(key) ? 1 : 0;
        }
        return new Counted(count, null);
    }

    /// Looks at all keys, expired ones too, in parts as well.
    void forEach(Consumer<Key> look) throws StoreException {
        Iterator<Key> keys = order.iterator();
        while (keys.hasNext()) {
            reads.run(() -> {
                for (int i = 0; i < COUNTED_AT_ONCE && keys.hasNext(); i++) {
                    look.accept(keys.next());
                }
                return null;
            });
        }
    }

    @Override
    public void close() {
        reads.close();
    }
}
