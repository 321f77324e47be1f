/// Messages: what packets carry, and the JSON objects of the session handshake.
///
/// Purpose: pure codecs, no I/O. [dev.cipherlink.message.Message.MessageCodec] turns a [dev.cipherlink.message.Message] into
/// bytes and back; [dev.cipherlink.message.HandshakeJson] does the same for SYN, SYN_ACK and the last ACK.
///
/// Refuses: to know sequence rules (they are in `session`) or what a payload means (that is in `command`).
///
/// Threads: a codec belongs to one session and is used under its lock; records are immutable, but a
/// [dev.cipherlink.message.Message.Payload] is a view of a buffer that is reused: copy what is kept.
///
/// Follows: `docs/protocol.md`, sections 2 and 3.
package dev.cipherlink.message;
