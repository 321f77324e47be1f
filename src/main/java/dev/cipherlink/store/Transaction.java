package dev.cipherlink.store;

/// Changes that one thread writes together: those of a batch of requests, and records that belong to them.
///
/// Made by [KeyValueStore#begin], used by the thread that began it and by no other, ended by [#commit]. Everything
/// written through the store by that thread in between, and every record, becomes durable at one moment or not at all,
/// unless it pauses. A later write of another thread that saw it never becomes durable before it.
///
/// Costs nothing until something is written. From the first write on it holds up the next commit of all other threads:
/// the thread must not wait for a peer, for another transaction, or for anything slow before it commits or pauses. A write that has to
/// wait for the disk pauses the transaction by itself.
public interface Transaction extends AutoCloseable {

    /// Records that belong to the changes of a transaction.
    interface Records {
        /// None.
        Records NONE = _ -> { };

        /// Adds them. Called before the transaction pauses: the changes so far may become durable without the rest.
        void addTo(Transaction transaction) throws StoreException;
    }

    /// Refuses its writes of keys that would go beyond this quota.
    void limit(Usage.Quota quota);

    /// Prepares for a write, which may wait for a commit to begin: call it before taking a lock around the write. Records
    /// are accepted from here on until the transaction pauses.
    ///
    /// @throws StoreException `FULL` or `FAILED`: the store takes no writes
    void beginWrite() throws StoreException;

    /// Keeps an opaque record beside the keys, to be read by [KeyValueStore#record]; replaces an earlier one.
    ///
    /// @param key 1 byte or more; both arrays may be reused afterwards
    /// @throws StoreException `FULL` or `FAILED`: the store takes no writes; on disk never after [#beginWrite]
    void record(byte[] key, byte[] value) throws StoreException;

    /// Deletes a record, if there is one.
    ///
    /// @throws StoreException as [#record]
    void forget(byte[] key) throws StoreException;

    /// Lets others commit while the thread does something slow: its writes so far may become durable before the rest, and never
    /// after it.
    ///
    /// @throws StoreException of the [Records]
    void pause() throws StoreException;

    /// [#commit] waits for all transactions that are not durable yet, since the thread has read something beside the store that
    /// one of them may have changed.
    ///
    /// @throws StoreException if one of them has failed
    void dependOnPending() throws StoreException;

    /// Whether anything was written, so that [#commit] waits for the disk.
    boolean hasWritten();

    /// Ends the transaction, and blocks until everything that it wrote **and everything that it read** is durable, by the rule of
    /// `Durability`. Returns at once if it wrote nothing and saw nothing that is not durable yet. An interrupt does not
    /// end the wait, and is kept.
    ///
    /// @throws StoreException `FAILED`: nobody knows whether what it wrote, or read, will be there after a restart
    void commit() throws StoreException;

    /// Ends a transaction that was not committed, without waiting. What it wrote can be seen already, and becomes durable as
    /// ever. Does nothing after [#commit].
    @Override
    void close();
}
