/// The client library: the public API of this project.
///
/// Purpose: [dev.cipherlink.client.Client] connects, sends requests one by one or pipelined, and delivers what the
/// server pushes. A [dev.cipherlink.client.Request] has its result's type, and a [dev.cipherlink.client.Watch] follows keys. The examples of
/// `docs/library.md` are tests. The `Connector` resumes the session when the
/// connection is lost. [dev.cipherlink.client.TunnelClient] opens connections that are forwarded.
/// A [dev.cipherlink.client.HostKeyVerifier] decides whether the server is the right one: by a known-hosts file
/// ([dev.cipherlink.client.KnownHosts]) or by one fingerprint.
///
/// Refuses: to repeat a request that may have run in a session which the server has lost, unless all of those only read: it
/// fails with [dev.cipherlink.client.RequestException.OutcomeUnknownException]; to fall back to a weaker version of the wire;
/// to send our identity before the server's key is accepted.
///
/// Threads: a client may be used from any thread. Handlers run on the thread that reads its connection.
///
/// Follows: `docs/protocol.md`.
package dev.cipherlink.client;
