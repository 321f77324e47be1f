package dev.cipherlink.store;

/// What one thread writes together: the changes of a batch of requests, and records that belong to them.
///
/// Made by [KeyValueStore#begin], used by the thread that began it and by no other, ended by [#commit]. Everything
/// written through the store by that thread in between, and every record, becomes durable at one moment or not at all.
/// A later write of another thread that saw it never becomes durable before it.
///
/// Costs nothing until something is written. From the first write on it holds up the next commit of all other threads:
/// the thread must not wait for a peer, for another unit, or for anything slow (a [KeyValueStore#count] of many keys)
/// before it commits or pauses.
public interface Unit extends AutoCloseable {

    /// Prepares for a write now: for who takes a lock of its own around one, since a write may wait for a commit to begin.
    ///
    /// @throws StoreException `FULL` or `FAILED`: the store takes no writes
    void open() throws StoreException;

    /// Keeps an opaque record beside the keys, to be read by [KeyValueStore#record]; replaces an earlier one.
    ///
    /// @param key 1 byte or more; both arrays may be reused afterwards
    /// @throws StoreException `FULL` or `FAILED`: the store takes no writes
    void record(byte[] key, byte[] value) throws StoreException;

    /// Takes a record away, if there is one.
    ///
    /// @throws StoreException as [#record]
    void forget(byte[] key) throws StoreException;

    /// Lets others commit, for who is about to do something slow: what was written so far may become durable before the
    /// rest, and never after it. If it cannot become durable, nor can the rest.
    void pause();

    /// Whether anything was written, so that [#commit] will wait for the disk.
    boolean hasWritten();

    /// Ends the unit, and blocks until everything that it wrote **and everything that it read** is durable, by the rule of
    /// [Durability]. Returns at once if it wrote nothing and saw nothing that is not durable yet. An interrupt does not
    /// end the wait, and is kept.
    ///
    /// @throws StoreException `FULL` or `FAILED`: nothing that it wrote has happened, and what it read may not have
    void commit() throws StoreException;

    /// Ends a unit that was not committed, without waiting. What it wrote can be seen already, and becomes durable as
    /// ever. Does nothing after [#commit].
    @Override
    void close();
}
