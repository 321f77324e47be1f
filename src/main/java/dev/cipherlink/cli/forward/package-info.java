/// `forward`: listeners on this machine, a SOCKS proxy, and standard streams, connected to targets behind the server.
///
/// Purpose: [dev.cipherlink.cli.forward.ForwardCommand] is the command.
///
/// Refuses: the relaying itself, which is in `dev.cipherlink.forward`.
///
/// Threads: one virtual thread for each listener and two for each connection.
package dev.cipherlink.cli.forward;
