/// Sessions: numbered requests and answers between two peers, on top of a secure channel.
///
/// Purpose: [dev.cipherlink.session.Session] is the protocol's state machine, the same code on both sides, without
/// sockets, threads or clocks. [dev.cipherlink.session.Link] attaches a session to a channel: it reads, answers, pushes
/// and keeps alive. [dev.cipherlink.session.SessionHandshake] establishes one on a fresh channel.
///
/// Refuses: to know what a payload means (a [dev.cipherlink.session.RequestHandler] does), to run a request twice, to
/// buffer more than the negotiated window.
///
/// Threads: a session's state is guarded by the lock of its [dev.cipherlink.session.Outbox]; no network call is ever
/// made under it. A second lock in the link orders the writes.
///
/// Follows: `docs/protocol.md`, sections 3 and 4; serial-number arithmetic is RFC 1982.
package dev.cipherlink.session;
