package dev.cipherlink.server.sessions;

import dev.cipherlink.store.Key;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// Who watches which prefixes of keys or channels. Thread-safe.
///
/// @param <W> the watchers
final class PrefixWatchers<W> {

    /// Guarded by the monitor; contains the same sets as the tree.
    private final Map<Key, Set<W>> byPrefix = new HashMap<>();
    private volatile PrefixTree<Set<W>> tree = PrefixTree.empty();

    boolean isEmpty() {
        return tree.isEmpty();
    }

    synchronized int prefixes() {
        return byPrefix.size();
    }

    synchronized void add(Key prefix, W watcher) {
        byPrefix.computeIfAbsent(prefix, _ -> {
            Set<W> watchers = ConcurrentHashMap.newKeySet();
            tree = tree.with(prefix.bytes(), watchers);
            return watchers;
        }).add(watcher);
    }

    synchronized void remove(Key prefix, W watcher) {
        byPrefix.computeIfPresent(prefix, (_, watchers) -> {
            watchers.remove(watcher);
            if (!watchers.isEmpty()) {
                return watchers;
            }
            tree = tree.without(prefix.bytes());
            return null;
        });
    }

    /// Whether a prefix of this key is watched.
    boolean matches(byte[] key) {
        return tree.matches(key);
    }

    /// Adds the watchers of all prefixes of the key.
    void addTo(Collection<W> found, byte[] key) {
        tree.forEach(key, found::addAll);
    }

    /// Maps prefixes to values, looked up by a key that begins with them. Immutable: a change makes a new tree that
    /// shares most of the old one.
    ///
    /// Prefixes with a common beginning share a node, so that a key visits only nodes whose prefix it has. A lookup costs
    /// at most the key's length, however many prefixes there are, and allocates nothing. A change costs the length of its
    /// prefix.
    static final class PrefixTree<V> {

        @SuppressWarnings("unchecked")
        private static final PrefixTree<Object> EMPTY =
                new PrefixTree<>(new byte[0], null, (PrefixTree<Object>[]) new PrefixTree<?>[0]);

        /// The bytes after those of the parent nodes.
        private final byte[] label;
        /// Null if no prefix ends here.
        private final V value;
        /// Sorted by the first byte of their labels, which all differ.
        private final PrefixTree<V>[] children;

        private PrefixTree(byte[] label, V value, PrefixTree<V>[] children) {
            this.label = label;
            this.value = value;
            this.children = children;
        }

        @SuppressWarnings("unchecked")
        static <V> PrefixTree<V> empty() {
            return (PrefixTree<V>) (PrefixTree<?>) EMPTY;
        }

        boolean isEmpty() {
            return value == null && children.length == 0;
        }

        /// Whether the key begins with one of the prefixes.
        boolean matches(byte[] key) {
            PrefixTree<V> node = this;
            for (int from = 0; node != null; node = node.below(key, from)) {
                from += node.label.length;
                if (node.value != null) {
                    return true;
                }
            }
            return false;
        }

        /// Passes on the values of all prefixes of the key, the shortest first.
        void forEach(byte[] key, Consumer<V> action) {
            PrefixTree<V> node = this;
            for (int from = 0; node != null; node = node.below(key, from)) {
                from += node.label.length;
                if (node.value != null) {
                    action.accept(node.value);
                }
            }
        }

        /// The child whose label matches the key's next bytes; null if there is none.
        private PrefixTree<V> below(byte[] key, int from) {
            int at = from < key.length ? child(key[from]) : -1;
            if (at < 0) {
                return null;
            }
            byte[] next = children[at].label;
            int end = from + next.length;
            return end <= key.length && Arrays.equals(key, from, end, next, 0, next.length) ? children[at] : null;
        }

        /// The index of the child that begins with this byte; `-1 - index` of its insertion point if there is none.
        private int child(byte first) {
            int low = 0;
            int high = children.length - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                int order = Byte.compareUnsigned(children[middle].label[0], first);
                if (order == 0) {
                    return middle;
                }
                if (order < 0) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return -1 - low;
        }

        /// A tree with this value for the prefix.
        PrefixTree<V> with(byte[] prefix, V added) {
            return put(prefix, 0, added);
        }

        /// A tree without this prefix.
        PrefixTree<V> without(byte[] prefix) {
            return put(prefix, 0, null);
        }

        /// @param from offset in the prefix at which this node's part begins
        /// @param put  the new value; null to remove it
        private PrefixTree<V> put(byte[] prefix, int from, V put) {
            if (from == prefix.length) {
                return new PrefixTree<>(label, put, children);
            }
            int at = child(prefix[from]);
            if (at < 0) {
                return put == null ? this
                        : new PrefixTree<>(label, value, inserted(-1 - at, leaf(Arrays.copyOfRange(prefix, from, prefix.length), put)));
            }
            PrefixTree<V> old = children[at];
            int shared = Arrays.mismatch(old.label, 0, old.label.length, prefix, from, prefix.length);
            if (shared < 0 || shared == old.label.length) {
                return replaced(at, old.put(prefix, from + old.label.length, put).tidied());
            }
            return put == null ? this : replaced(at, old.split(shared).put(prefix, from + shared, put));
        }

        private PrefixTree<V> leaf(byte[] rest, V put) {
            return new PrefixTree<>(rest, put, PrefixTree.<V>empty().children);
        }

        /// Splits this node into two at an offset in its label.
        private PrefixTree<V> split(int length) {
            PrefixTree<V> lower = new PrefixTree<>(Arrays.copyOfRange(label, length, label.length), value, children);
            return new PrefixTree<>(Arrays.copyOf(label, length), null, PrefixTree.<V>empty().inserted(0, lower));
        }

        /// Null if this node is empty; a node with a single child and no value is merged with it.
        private PrefixTree<V> tidied() {
            if (value != null || children.length > 1) {
                return this;
            }
            if (children.length == 0) {
                return null;
            }
            PrefixTree<V> only = children[0];
            byte[] joined = Arrays.copyOf(label, label.length + only.label.length);
            System.arraycopy(only.label, 0, joined, label.length, only.label.length);
            return new PrefixTree<>(joined, only.value, only.children);
        }

        private PrefixTree<V>[] inserted(int at, PrefixTree<V> child) {
            PrefixTree<V>[] more = Arrays.copyOf(children, children.length + 1);
            System.arraycopy(children, at, more, at + 1, children.length - at);
            more[at] = child;
            return more;
        }

        /// @param child null to remove it
        private PrefixTree<V> replaced(int at, PrefixTree<V> child) {
            PrefixTree<V>[] others = Arrays.copyOf(children, child == null ? children.length - 1 : children.length);
            if (child == null) {
                System.arraycopy(children, at + 1, others, at, others.length - at);
            } else {
                others[at] = child;
            }
            return new PrefixTree<>(label, value, others);
        }
    }
}
