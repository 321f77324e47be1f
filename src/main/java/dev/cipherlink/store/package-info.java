/// Keys and their values.
///
/// Purpose: [dev.cipherlink.store.KeyValueStore] says what every engine promises (atomic per key, versions, expiry,
/// ordered listing, transactions). [dev.cipherlink.store.CellStore] has what each verb does, once for both engines:
/// [dev.cipherlink.store.MemoryStore] keeps it in memory,
/// [dev.cipherlink.store.disk.RocksStore] on disk; `Committer` is the place to read before changing anything about durability.
///
/// Refuses: the text of commands and answers (they are in `command`), sockets, permissions, the rule of what a key may
/// look like, and what is in a record. Sizes of keys and values are checked before they come here; what only the store can
/// know (a value that would grow too large, a full disk) it refuses itself, with a [dev.cipherlink.store.StoreException].
///
/// Time: expiry counts on a monotonic clock that is handed in. The wall clock is read once, when a store on disk is opened.
///
/// Threads: a store is used by all connections at once. Arrays go in and out without a copy, and neither side may change
/// them afterwards. A read of a key that is not on the heap enters native code for a short time; everything that waits for the
/// disk is done by platform threads, for which virtual threads park.
///
/// Follows: `docs/protocol.md` section 7.
package dev.cipherlink.store;
