/// Packets and secure channels: plaintext in, sealed packets out, and back.
///
/// Purpose: [dev.cipherlink.channel.PacketReader] finds packets in a stream of bytes, and
/// [dev.cipherlink.channel.PacketWriter] writes them with few system calls. A [dev.cipherlink.channel.SecureChannel] is one
/// interface over the versions of the wire: how many messages a packet may carry, and how a packet is sealed.
///
/// Refuses: to allocate or read anything for a header outside [dev.cipherlink.channel.PacketReader.PacketLimits]; to deliver anything
/// that does not authenticate, to answer it, to fall back to another version; to know what a message says.
///
/// Threads: one thread receives. Sending is split in two so that no thread waits for the network while holding the state
/// of a session: [dev.cipherlink.channel.SecureChannel#reserve] and `stage` under one lock, `writeStaged` under another.
///
/// Follows: `docs/protocol.md`, section 1.
package dev.cipherlink.channel;
