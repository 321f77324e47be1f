/// Secure channels: plaintext in, sealed packets out, and back.
///
/// Purpose: one interface ([dev.cipherlink.channel.SecureChannel]) over the versions of the wire. A channel knows how
/// many messages a packet may carry and how a packet is sealed; it does not know what a message says.
///
/// Refuses: to deliver anything that does not authenticate, to answer it, to fall back to another version.
///
/// Threads: one thread receives. Sending is split in two so that nobody waits for the network while holding the state
/// of a session: [dev.cipherlink.channel.SecureChannel#reserve] and `stage` under one lock, `writeStaged` under another.
///
/// Follows: `docs/protocol.md`, section 1.
package dev.cipherlink.channel;
