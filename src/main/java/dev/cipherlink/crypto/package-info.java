/// Primitives and keys.
///
/// Purpose: the native library behind one class ([dev.cipherlink.crypto.Sodium]), the secrets of this program as
/// objects that wipe themselves ([dev.cipherlink.crypto.SharedKey], [dev.cipherlink.crypto.Identity]), and public keys as
/// people meet them ([dev.cipherlink.crypto.Fingerprint], [dev.cipherlink.crypto.PublicKeyLine]).
///
/// Refuses: protocols (they are in `channel` and `noise`), sockets, printing a secret, reading a key file that others
/// may read.
///
/// Threads: everything here may be used from any thread; nothing blocks except reading and writing key files.
///
/// Follows: NaCl's secretbox, RFC 7748 (X25519), RFC 7693 (BLAKE2b), RFC 9106 (Argon2id).
package dev.cipherlink.crypto;
