/// The store that outlives the process: a table of cells on the heap, over the write-ahead log and RocksDB.
///
/// Purpose: [dev.cipherlink.store.disk.RocksStore] is the engine. `Committer` makes a group of changes durable and is the
/// place to read before changing anything about durability; `Applier` brings groups into the `Database` later; `Recovery`
/// opens what an earlier process left.
///
/// Refuses: the text of commands, sockets, permissions, and what is in a record.
///
/// Threads: a store is used by all connections at once. Virtual threads never wait for the disk inside native code:
/// platform threads do it for them.
///
/// Follows: `docs/architecture.md`, "The store on disk".
package dev.cipherlink.store.disk;
