/// Packets: the outermost layer of the wire, a 9-byte header, a nonce and data that only `channel` understands.
///
/// Purpose: to find packet borders in a byte stream ([dev.cipherlink.packet.PacketReader]) and to put packets on one
/// ([dev.cipherlink.packet.PacketWriter]) with as few system calls as possible.
///
/// Refuses: to allocate or read anything for a header outside [dev.cipherlink.packet.PacketLimits]; to know what is
/// encrypted and how.
///
/// Threads: a reader belongs to one thread, a writer to whoever holds its connection's locks.
///
/// Follows: `docs/protocol.md`, section 1.
package dev.cipherlink.packet;
