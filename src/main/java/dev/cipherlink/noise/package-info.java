/// The Noise handshakes XX and XXhfs (with ML-KEM-768) and their transport messages, for version 2 of the wire.
///
/// Purpose: the state machines of the Noise specification under its own names ([dev.cipherlink.noise.HandshakeState],
/// `SymmetricState`, `CipherState`), and [dev.cipherlink.noise.TransportState], which rekeys by count. In reading
/// order: `Suite`, `HandshakePattern`, `HandshakeState`, `Transcript`, `MlKem768`, `SymmetricState`, `Blake2b`, `CipherState`,
/// `Aead`, `TransportState`.
///
/// Refuses: any other pattern, pre-shared keys, a result of X25519 that is all zero, an ML-KEM key out of range, a counter that would repeat, a
/// message out of turn. The first failure of an object is its last act: it wipes itself and stays unusable. Sockets,
/// packets, key files and the decision whom to trust are elsewhere.
///
/// Threads: a handshake belongs to one thread. A `TransportState` takes one thread that seals and one that opens;
/// any thread may close it. A `KeyPair` may serve many handshakes at once. Nothing blocks.
///
/// Secrets: ours are overwritten as soon as they are replaced, on failure and on close. Copies that the JDK's ciphers
/// and JNA make while they work are overwritten where the JDK gives a way to, and cannot be elsewhere.
///
/// Follows: the Noise specification, revision 34; `docs/protocol.md`, section 1, version 2. Hash and curve from
/// libsodium, ciphers and ML-KEM (FIPS 203) from the JDK.
package dev.cipherlink.noise;
