/// The Noise handshakes XX and XXhfs (with ML-KEM-768) and their transport messages, for version 2 of the wire.
///
/// Purpose: the state machines of the Noise specification under its own names ([dev.cipherlink.noise.HandshakeState],
/// `SymmetricState`, `CipherState`), and [dev.cipherlink.noise.TransportState], which rekeys by count. Reading order:
/// `Suite` with the patterns, `HandshakeState`, `MlKem768`, `SymmetricState` with its hash, `CipherState` with its cipher,
/// `TransportState`.
///
/// Refuses: any other pattern, pre-shared keys, an all-zero result of X25519, an ML-KEM key out of range, a counter that
/// would repeat, a message out of turn. The first failure of an object is final: it wipes itself and stays unusable.
/// Sockets, packets, key files and trust decisions are elsewhere.
///
/// Threads: a handshake belongs to one thread. A `TransportState` serves one sealing and one opening thread; any thread
/// may close it. A `KeyPair` may serve many handshakes at once. Nothing blocks.
///
/// Secrets: ours are overwritten when they are replaced, on failure and on close. Copies inside the JDK's ciphers and JNA
/// are overwritten where the JDK allows it; the rest cannot be.
///
/// Follows: the Noise specification, revision 34; `docs/protocol.md`, section 1, version 2. Hash and curve come from
/// libsodium, ciphers and ML-KEM (FIPS 203) from the JDK.
package dev.cipherlink.noise;
