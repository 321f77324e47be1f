"""Noise XX over X25519 and BLAKE2b, written from the Noise specification, revision 34; XXhfs from its extension for hybrid
forward secrecy, with ML-KEM-768.

The names are those of its section 5; nothing here knows of Cipherlink.
"""
import hashlib
import hmac
import sys

import mlkem

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
except ImportError:
    sys.exit("noise: Python cannot import cryptography: install the Debian package python3-cryptography")

DHLEN = KEY_BYTES = 32
HASHLEN = 64
MAX_NONCE = 2**64 - 1
MAX_MESSAGE_BYTES = 65_535
# Section 12: how 64 bits of counter become the 96 bits of the cipher's nonce.
CIPHERS = {"AESGCM": (AESGCM, "big"), "ChaChaPoly": (ChaCha20Poly1305, "little")}
PATTERNS = {"XX_25519": (("e",), ("e", "ee", "s", "es"), ("s", "se")),
            "XXhfs_25519+MLKEM768": (("e", "e1"), ("e", "ee", "ekem1", "s", "es"), ("s", "se"))}


class HandshakeFailure(Exception):
    """A message that is not what the pattern asks for, or does not authenticate."""


def hash_of(data):
    """HASH(data)."""
    return hashlib.blake2b(data).digest()


def hkdf(chaining_key, material):
    """HKDF(chaining_key, material, 2)."""
    temporary = hmac.digest(chaining_key, material, hashlib.blake2b)
    first = hmac.digest(temporary, b"\1", hashlib.blake2b)
    return first, hmac.digest(temporary, first + b"\2", hashlib.blake2b)


class KeyPair:
    """An X25519 key pair. `public` may be overwritten by a test that claims another key than it has."""

    def __init__(self, private=None):
        self.private = X25519PrivateKey.from_private_bytes(private) if private else X25519PrivateKey.generate()
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def private_bytes(self):
        """The 32 bytes that make this pair again."""
        return self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    def dh(self, public):
        """DH(self, public); HandshakeFailure if the result is all zero."""
        try:
            return self.private.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError:
            raise HandshakeFailure("a public key of low order") from None


class CipherState:
    """A key and the counter of the next message; without a key, what goes in comes out."""

    def __init__(self, cipher, key=None):
        self.aead, self.byteorder = CIPHERS[cipher]
        self.n = 0
        self.k = None
        self.cipher = None
        if key is not None:
            self.set_key(key)

    def set_key(self, key):
        """Another key; the counter stays."""
        self.k = key[:KEY_BYTES]
        self.cipher = self.aead(self.k)

    def nonce(self, n):
        """The 12 bytes for message n."""
        return bytes(4) + n.to_bytes(8, self.byteorder)

    def encrypt(self, ad, plaintext):
        """EncryptWithAd."""
        if self.cipher is None:
            return plaintext
        sealed = self.cipher.encrypt(self.nonce(self.n), plaintext, ad)
        self.n += 1
        return sealed

    def decrypt(self, ad, ciphertext):
        """DecryptWithAd; HandshakeFailure if it does not authenticate."""
        if self.cipher is None:
            return ciphertext
        try:
            plaintext = self.cipher.decrypt(self.nonce(self.n), ciphertext, ad)
        except InvalidTag:
            raise HandshakeFailure("wrong tag") from None
        self.n += 1
        return plaintext

    def rekey(self):
        """Rekey(): the next key is what the last counter encrypts 32 zero bytes to."""
        self.set_key(self.cipher.encrypt(self.nonce(MAX_NONCE), bytes(KEY_BYTES), b""))


class SymmetricState:
    """The transcript's hash and the chain of keys."""

    def __init__(self, protocol_name, cipher):
        name = protocol_name.encode()
        self.h = name.ljust(HASHLEN, b"\0") if len(name) <= HASHLEN else hash_of(name)
        self.ck = self.h
        self.cipher = cipher
        self.state = CipherState(cipher)

    def mix_hash(self, data):
        """MixHash."""
        self.h = hash_of(self.h + data)

    def mix_key(self, material):
        """MixKey."""
        self.ck, key = hkdf(self.ck, material)
        self.state = CipherState(self.cipher, key)

    def encrypt_and_hash(self, plaintext):
        """EncryptAndHash."""
        ciphertext = self.state.encrypt(self.h, plaintext)
        self.mix_hash(ciphertext)
        return ciphertext

    def decrypt_and_hash(self, ciphertext):
        """DecryptAndHash."""
        plaintext = self.state.decrypt(self.h, ciphertext)
        self.mix_hash(ciphertext)
        return plaintext

    def split(self):
        """Split: the initiator's sending state, then the responder's."""
        return tuple(CipherState(self.cipher, key) for key in hkdf(self.ck, b""))


class Handshake:
    """One side of a handshake. `kind` names pattern and cipher: keys of PATTERNS and CIPHERS. `s` and `e` are key pairs; e, and
    what ML-KEM takes (`seeds`: d and z of the initiator, m of the responder), are random when they are not given."""

    def __init__(self, kind, initiator, prologue, s, e=None, seeds=()):
        pattern, cipher = kind
        self.symmetric = SymmetricState("Noise_%s_%s_BLAKE2b" % kind, cipher)
        self.symmetric.mix_hash(prologue)
        self.seeds = seeds
        self.e1 = self.re1 = None    # of the initiator: both keys; of the responder: the initiator's encapsulation key
        self.initiator = initiator
        self.s = s
        self.e = e or KeyPair()
        self.rs = self.re = None
        self.pattern = iter(PATTERNS[pattern])

    def _sealed_bytes(self, size):
        """What a field of this size has on the wire at this point."""
        return size + (16 if self.symmetric.state.cipher else 0)

    def _agree(self, token):
        """The shared secret of `ee`, `es` or `se`: the first letter is the initiator's key."""
        ours, theirs = token if self.initiator else reversed(token)
        return getattr(self, ours).dh(getattr(self, "r" + theirs))

    def write(self, payload=b""):
        """WriteMessage."""
        message = b""
        for token in next(self.pattern):
            if token == "e":
                message += self.e.public
                self.symmetric.mix_hash(self.e.public)
            elif token == "s":
                message += self.symmetric.encrypt_and_hash(self.s.public)
            elif token == "e1":
                self.e1 = mlkem.key_gen(*self.seeds)
                message += self.symmetric.encrypt_and_hash(self.e1[0])
            elif token == "ekem1":
                secret, ciphertext = mlkem.encapsulate(self.re1, *self.seeds)
                message += self.symmetric.encrypt_and_hash(ciphertext)
                self.symmetric.mix_key(secret)
            else:
                self.symmetric.mix_key(self._agree(token))
        return message + self.symmetric.encrypt_and_hash(payload)

    def read(self, message):
        """ReadMessage: the payload."""
        at = 0
        for token in next(self.pattern):
            if token == "e":
                self.re, at = message[at:at + DHLEN], at + DHLEN
                self.symmetric.mix_hash(self.re)
            elif token == "s":
                end = at + self._sealed_bytes(DHLEN)
                self.rs, at = self.symmetric.decrypt_and_hash(message[at:end]), end
            elif token == "e1":
                end = at + self._sealed_bytes(mlkem.ENCAPSULATION_KEY_BYTES)
                self.re1, at = self.symmetric.decrypt_and_hash(message[at:end]), end
            elif token == "ekem1":
                end = at + self._sealed_bytes(mlkem.CIPHERTEXT_BYTES)
                ciphertext, at = self.symmetric.decrypt_and_hash(message[at:end]), end
                self.symmetric.mix_key(mlkem.decapsulate(self.e1[1], ciphertext))
            else:
                self.symmetric.mix_key(self._agree(token))
        return self.symmetric.decrypt_and_hash(message[at:])

    def split(self):
        """(sending, receiving) of this side, once all three messages have passed."""
        first, second = self.symmetric.split()
        return (first, second) if self.initiator else (second, first)
