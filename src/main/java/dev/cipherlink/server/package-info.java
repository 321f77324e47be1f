/// The server: from a listening socket to an established session or forward.
///
/// Purpose: [dev.cipherlink.server.Server] accepts, [dev.cipherlink.server.Connection] is one connection's whole life,
/// [dev.cipherlink.server.Admission] runs its handshakes. Read them in this order.
/// [dev.cipherlink.server.StreamConnection] is a connection that forwards.
///
/// Refuses: costly work for strangers; connections beyond the configured limit, before accepting them; arguments,
/// environment and terminals.
///
/// Threads: the accept loop owns a `StructuredTaskScope` with one virtual thread for each connection; each connection
/// owns a nested scope, in its link. Nothing outlives [dev.cipherlink.server.Server#stop].
///
/// Follows: `docs/architecture.md`; the wire is `docs/protocol.md`.
package dev.cipherlink.server;
