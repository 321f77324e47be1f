package dev.cipherlink.server.sessions;

import java.util.Arrays;
import java.util.function.Consumer;

/// Values by prefix, found by a key that begins with it. Immutable: a change makes a new tree that shares most of the old one.
///
/// What begins alike stands below one node, so that a key meets only nodes whose prefix it shares: a look costs at most the
/// key's length, however many prefixes there are, and makes nothing on the heap. A change costs the length of its prefix.
final class PrefixTree<V> {

    @SuppressWarnings("unchecked")
    private static final PrefixTree<Object> EMPTY =
            new PrefixTree<>(new byte[0], null, (PrefixTree<Object>[]) new PrefixTree<?>[0]);

    /// What comes behind the bytes of the nodes above.
    private final byte[] label;
    /// Null if no prefix ends here.
    private final V value;
    /// Sorted by the first byte of their labels, each of which is another one.
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

    /// Hands over the values of all prefixes with which the key begins, that of the shortest first.
    void forEach(byte[] key, Consumer<V> action) {
        PrefixTree<V> node = this;
        for (int from = 0; node != null; node = node.below(key, from)) {
            from += node.label.length;
            if (node.value != null) {
                action.accept(node.value);
            }
        }
    }

    /// The child whose label stands in the key from there on; null if there is none.
    private PrefixTree<V> below(byte[] key, int from) {
        int at = from < key.length ? child(key[from]) : -1;
        if (at < 0) {
            return null;
        }
        byte[] next = children[at].label;
        int end = from + next.length;
        return end <= key.length && Arrays.equals(key, from, end, next, 0, next.length) ? children[at] : null;
    }

    /// Where the child is that begins with this byte; if there is none, `-1 - where` it would be.
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

    /// The tree with this value, which takes the place of one that the prefix had.
    PrefixTree<V> with(byte[] prefix, V added) {
        return put(prefix, 0, added);
    }

    /// The tree without this prefix.
    PrefixTree<V> without(byte[] prefix) {
        return put(prefix, 0, null);
    }

    /// @param from where the part of the prefix begins that stands below this node
    /// @param put  null to take it out
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

    /// A node for the first bytes of the label, with this one below it.
    private PrefixTree<V> split(int length) {
        PrefixTree<V> lower = new PrefixTree<>(Arrays.copyOfRange(label, length, label.length), value, children);
        return new PrefixTree<>(Arrays.copyOf(label, length), null, PrefixTree.<V>empty().inserted(0, lower));
    }

    /// Null if nothing is here any more; a node that only leads to another one becomes one with it.
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

    /// @param child null to take it out
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
