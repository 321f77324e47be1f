/// Channels: many forwarded connections in one encrypted connection, and longer-lived than it.
///
/// Purpose: [dev.cipherlink.forward.mux.Mux] has the rules: credit, turns, ends, packets that are kept until they are acknowledged.
/// [dev.cipherlink.forward.mux.MuxSession] serves one connection after the other and the sockets of all channels with a selector;
/// [dev.cipherlink.forward.mux.ForwardedChannel] is one channel for other threads.
///
/// Refuses: to know who may open what and how a connection is made; to keep more than a client's share of a budget holds; to let a channel
/// wait for another one's socket.
///
/// Threads: one at a time runs a session, and never blocks but in the selector; others hand it work. No lock is held meanwhile by others.
///
/// Follows: `docs/protocol.md`, section 6.1.
package dev.cipherlink.forward.mux;
