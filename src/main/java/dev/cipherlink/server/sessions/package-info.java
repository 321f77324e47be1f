/// What a session does at the server: its commands, its subscriptions, and its records in the store.
///
/// Purpose: [dev.cipherlink.server.sessions.CommandDispatcher] runs the requests of one session, by [dev.cipherlink.server.sessions.Commands];
/// [dev.cipherlink.server.sessions.SessionRegistry] keeps sessions from one connection to the next;
/// [dev.cipherlink.server.sessions.SessionJournal] records what another process needs to go on with one.
///
/// Refuses: sockets, handshakes, and the decision which client may have a session.
///
/// Threads: a dispatcher and a journal belong to the reading thread of their session.
///
/// Follows: `docs/protocol.md`, sections 5 and 7.
package dev.cipherlink.server.sessions;
