/// The server: from a listening socket to answered commands.
///
/// Purpose: [dev.cipherlink.server.Server] accepts, [dev.cipherlink.server.Connection] is one connection's whole life,
/// [dev.cipherlink.server.Admission] finds out who it is and which session it gets, and
/// [dev.cipherlink.server.CommandDispatcher] runs what it asks for. Read them in this order.
/// [dev.cipherlink.server.StreamConnection] is a connection that forwards.
/// [dev.cipherlink.server.ChatCommands] hands the chat's commands on, and [dev.cipherlink.server.KeyWatches] tells of
/// changed keys; [dev.cipherlink.server.SessionEvents] is where both reach a session. Records of the store hold what outlives
/// the process: [dev.cipherlink.server.SessionJournal], [dev.cipherlink.server.PlaceJournal], [dev.cipherlink.server.StoredChat].
/// Who may come in is asked of a [dev.cipherlink.server.ClientDirectory]: a file of keys
/// ([dev.cipherlink.server.AuthorizedKeys]), or everybody by name ([dev.cipherlink.server.Enrolment]).
///
/// Refuses: strangers anything that costs much; more connections than configured, before they are accepted; arguments,
/// environment and terminals (they are in `cli`).
///
/// Threads: the accept loop owns a `StructuredTaskScope` with one virtual thread for each connection; each connection
/// owns a nested one, in its link. Nothing outlives [dev.cipherlink.server.Server#stop].
///
/// Follows: `docs/architecture.md`; the wire is `docs/protocol.md`.
package dev.cipherlink.server;
