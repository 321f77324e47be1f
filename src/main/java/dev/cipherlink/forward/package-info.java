/// Forwarding: any TCP connection carried through a secure channel, one tunnel connection for each.
///
/// Purpose: [dev.cipherlink.forward.Relay] moves the bytes of one forwarded connection both ways;
/// [dev.cipherlink.forward.ForwardRules] say what may be reached, and [dev.cipherlink.forward.TargetConnector] connects to
/// it, at the server; [dev.cipherlink.forward.ForwardListener] accepts what is to be forwarded, and
/// [dev.cipherlink.forward.Socks] asks it where to, at the client.
///
/// Refuses: to know how a tunnel is opened and which clients may open one
/// ([dev.cipherlink.forward.TunnelSource] is the client's, [dev.cipherlink.forward.ForwardRules] are the
/// server's), to buffer more than two packets a direction, to call a connection that broke a connection that ended.
///
/// Threads: a relay has two, one a direction; a direction that waits for one socket to be written does not read the
/// other, so that TCP's flow control reaches from end to end. Time limits are enforced by the caller of
/// [dev.cipherlink.forward.Forwards#checkTimes] once a second.
///
/// Follows: `docs/protocol.md`, section 6; SOCKS is RFC 1928 and RFC 1929.
package dev.cipherlink.forward;
