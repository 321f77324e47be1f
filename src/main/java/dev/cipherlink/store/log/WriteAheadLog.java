package dev.cipherlink.store.log;

import dev.cipherlink.store.StoreException;
import java.io.IOException;

/// The log of commits, in one order, that the store answers from: a commit is durable when the log says so, and the database gets it
/// later. [CommitLog] keeps it on the disk of one machine; `docs/cluster.md` has the one for several.
///
/// The committing thread calls [#place] and [#append], and no other. Any thread may call the rest. What blocks does so on a platform
/// thread.
///
/// **Failure.** After a `FAILED` of [#append] or [#sync] nobody knows whether the commit is durable: the store takes no writes any more.
public interface WriteAheadLog extends AutoCloseable {

    /// Bytes of changes that the commit which is being put together may have. Grows until that is placed. Takes no lock.
    long freeBytes();

    /// The part of [#freeBytes] that is left to records that belong to accepted changes.
    int marginBytes();

    /// Blocks until [#freeBytes] is so large.
    ///
    /// @throws StoreException `FULL` if there is no space, `FAILED` if the log cannot be made longer; both may pass
    void awaitSpace(long bytes) throws StoreException;

    /// Chooses the place of the next commit; from here on [#freeBytes] is that of the one behind it. Never blocks.
    void place(int changesBytes);

    /// Adds a commit behind the last one. It is durable only after [#sync].
    ///
    /// @param commit  the number after [#appended]
    /// @param changes not changed before the commit is durable
    /// @throws StoreException `FAILED`
    void append(long commit, BatchBuffer changes) throws StoreException;

    /// Blocks until everything that was appended before is durable.
    ///
    /// @return the last commit that is
    /// @throws StoreException `FAILED`
    long sync() throws StoreException;

    /// The number of the last commit that was appended.
    long appended();

    /// The number of the last one that is durable for certain.
    long synced();

    /// Whether [#forget] would free something.
    ///
    /// @param commit the database has everything up to it
    boolean mayForget(long commit);

    /// Frees what is not needed beside a database that has everything up to this commit on the disk. Used by one thread.
    void forget(long commit) throws IOException;

    @Override
    void close() throws IOException;
}
