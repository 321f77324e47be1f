/// The server's side of a session: its commands, its subscriptions, and its records in the store.
///
/// Purpose: [dev.cipherlink.server.sessions.CommandDispatcher] runs the requests of one session with
/// [dev.cipherlink.server.sessions.Commands]; [dev.cipherlink.server.sessions.SessionRegistry] keeps sessions between
/// connections; [dev.cipherlink.server.sessions.SessionJournal] records the state with which another process can continue
/// one.
///
/// Refuses: sockets, handshakes, and the decision which client may have a session.
///
/// Threads: a dispatcher and a journal belong to the reading thread of their session.
///
/// Follows: `docs/protocol.md`, sections 5 and 7.
package dev.cipherlink.server.sessions;
