/// Keys and their values.
///
/// Purpose: [dev.cipherlink.store.KeyValueStore] says what every engine promises (atomic per key, versions, expiry,
/// ordered listing); [dev.cipherlink.store.MemoryStore] keeps it in memory. An engine on disk implements the same
/// interface, and makes the writes of one packet durable together when `awaitDurable` is called.
///
/// Refuses: the text of commands and answers (they are in `command`), sockets, permissions, the rule of what a key may
/// look like. Sizes of keys and values are checked before they come here; what only the store can know (a value that
/// would grow too large, a full store) it refuses itself, with a [dev.cipherlink.store.StoreException].
///
/// Time: expiry counts on a monotonic clock that is handed in. The wall clock is never read.
///
/// Threads: a store is used by all connections at once. Arrays go in and out without a copy: whoever hands one in or
/// gets one must not change it afterwards.
///
/// Follows: `docs/protocol.md` section 7.
package dev.cipherlink.store;
