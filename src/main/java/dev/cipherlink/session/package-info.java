/// Sessions: numbered requests and answers between two peers, on top of a secure channel.
///
/// Purpose: [dev.cipherlink.session.Session] is the protocol's state machine, the same code on both sides, without
/// sockets, threads or clocks: a `Sender` numbers, sends again and matches answers, a `Receiver` runs each request once.
/// [dev.cipherlink.session.SessionHandshake] establishes or resumes one on a fresh channel, and
/// [dev.cipherlink.session.Link] attaches it to that: it reads, answers, pushes and keeps alive. A session outlives its
/// links; at the server the `SessionRegistry` keeps it from one to the next.
///
/// Refuses: to know what a payload means (a [dev.cipherlink.session.RequestHandler] does), to run a request that changes
/// something twice, to buffer more than the negotiated window, to be used by two connections at once.
///
/// Threads: a session's state is guarded by the lock of its [dev.cipherlink.session.Outbox]; no network call is ever
/// made under it. A second lock in the link orders the writes.
///
/// Follows: `docs/protocol.md`, sections 3 to 5; serial-number arithmetic is RFC 1982, the timeout before something is sent
/// again RFC 6298.
package dev.cipherlink.session;
