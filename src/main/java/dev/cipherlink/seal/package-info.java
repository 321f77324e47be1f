/// What only two ends can read: messages and values sealed from identity to identity, through a server that cannot open them.
///
/// [dev.cipherlink.seal.SealedText] is the text of a direct message, [dev.cipherlink.seal.SealedValue] the value of a key.
/// [dev.cipherlink.seal.KnownPeople] keeps the keys that people were met with, and [dev.cipherlink.seal.AuthenticationWords] are
/// compared aloud. Both envelopes are Noise X ([dev.cipherlink.noise.OneWayMessage]); `docs/protocol.md`, section 8, has their bytes,
/// and `docs/design/sealing.md` what they protect from and what not.
///
/// Refuses an envelope as a whole, with one reason for all: a byte that was changed, another recipient, another key of the store.
package dev.cipherlink.seal;
