package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/// The bytes of a key, comparable: unsigned, byte by byte, a prefix before what it is a prefix of.
/// Immutable as long as its array is not changed.
public final class Key implements Comparable<Key> {
    private final byte[] bytes;
    private final int hash;

    private Key(byte[] bytes) {
        this.bytes = bytes;
        this.hash = Arrays.hashCode(bytes);
    }

    /// A key of these bytes, which it takes over: the caller must not change them any more.
    public static Key of(byte[] bytes) {
        return new Key(bytes);
    }

    /// The bytes; not a copy, must not be changed.
    public byte[] bytes() {
        return bytes;
    }

    public boolean startsWith(byte[] prefix) {
        return bytes.length >= prefix.length
                && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }

    @Override
    public int compareTo(Key other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Key key && hash == key.hash && Arrays.equals(bytes, key.bytes);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /// The bytes as UTF-8. Comes from a peer: escape it before it reaches a log.
    @Override
    public String toString() {
        return new String(bytes, UTF_8);
    }
}
