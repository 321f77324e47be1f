/// Primitives and keys.
///
/// Purpose: the native library behind one class ([dev.cipherlink.crypto.Sodium]); this program's secrets as objects that
/// wipe themselves ([dev.cipherlink.crypto.SharedKey], [dev.cipherlink.crypto.Identity]); public keys in the forms that
/// people use ([dev.cipherlink.crypto.Fingerprint], [dev.cipherlink.crypto.PublicKeyLine]).
///
/// Refuses: protocols (they are in `channel` and `noise`), sockets, printing a secret, reading a key file that other
/// users may read.
///
/// Threads: everything here is thread-safe; nothing blocks except access to key files.
///
/// Follows: NaCl's secretbox, RFC 7748 (X25519), RFC 7693 (BLAKE2b), RFC 9106 (Argon2id).
package dev.cipherlink.crypto;
