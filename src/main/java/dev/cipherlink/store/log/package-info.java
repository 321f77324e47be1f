/// The write-ahead log of the store on disk.
///
/// Purpose: [dev.cipherlink.store.log.WriteAheadLog] is what the store knows of a log.
/// [dev.cipherlink.store.log.CommitLog], that of one machine, appends one checksummed record for each commit,
/// [dev.cipherlink.store.log.CommitLogReader] reads them again after a crash, and
/// [dev.cipherlink.store.log.LastCommit] notes beside the database how far both must reach.
///
/// Refuses: to know what is in a commit; RocksDB.
///
/// Threads: one thread appends, any may wait for the disk. Everything blocks on the disk, so only platform threads
/// call this package.
///
/// Follows: `docs/architecture.md`, "The store on disk".
package dev.cipherlink.store.log;
