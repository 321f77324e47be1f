"""Sealed messages and values of docs/protocol.md, section 8, written from that document and the Noise specification (7.4, pattern X).

    seal.py seal-text SENDER RECIPIENT-PUBLIC MILLIS TEXT      prints the text of the TELL
    seal.py open-text RECIPIENT TEXT                           prints the sender's public key, milliseconds, the text, a line each
    seal.py seal-value AUTHOR KEY VALUE RECIPIENT-PUBLIC...    prints the sealed value, the author being the first recipient
    seal.py open-value RECIPIENT KEY SEALED                    prints the author's public key and the value
    seal.py words PUBLIC PUBLIC                                prints the eight words
    seal.py vectors                                            prints sealed.json

Keys are hexadecimal, private ones but for those called public; so are KEY, VALUE and SEALED. What does not open ends with status 1.
"""
import base64
import hashlib
import json
import os
import sys

import noise

PROTOCOL = "Noise_X_25519_ChaChaPoly_BLAKE2b"
CIPHER = "ChaChaPoly"
OVERHEAD = 32 + 48 + 16
NOTICE = "(a sealed message, which this client is too old to open) "
TEXT_PROLOGUE = b"cipherlink sealed message 1"
VALUE_LABEL = b"cipherlink sealed value 1"
MAGIC = b"\x93SEALED\x01"
BLOCK = 64


def begin(prologue, recipient):
    """The state before `e`: prologue, then the recipient's key, which the sender knows."""
    symmetric = noise.SymmetricState(PROTOCOL, CIPHER)
    symmetric.mix_hash(prologue)
    symmetric.mix_hash(recipient)
    return symmetric


def seal(sender, recipient, prologue, payload, ephemeral=None):
    """-> e, es, s, ss."""
    e = ephemeral or noise.KeyPair()
    symmetric = begin(prologue, recipient)
    symmetric.mix_hash(e.public)
    symmetric.mix_key(e.dh(recipient))
    message = e.public + symmetric.encrypt_and_hash(sender.public)
    symmetric.mix_key(sender.dh(recipient))
    return message + symmetric.encrypt_and_hash(payload)


def unseal(recipient, prologue, message):
    """The sender's public key and the payload."""
    symmetric = begin(prologue, recipient.public)
    symmetric.mix_hash(message[:32])
    symmetric.mix_key(recipient.dh(message[:32]))
    sender = symmetric.decrypt_and_hash(message[32:80])
    symmetric.mix_key(recipient.dh(sender))
    return sender, symmetric.decrypt_and_hash(message[80:])


def seal_text(sender, recipient, millis, text, ephemeral=None):
    """A text for TELL."""
    data = text.encode()
    payload = millis.to_bytes(8, "big") + len(data).to_bytes(2, "big") + data
    payload += bytes(-len(payload) % BLOCK)
    sealed = seal(sender, recipient, TEXT_PROLOGUE, payload, ephemeral)
    return NOTICE + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_text(recipient, text):
    """Sender, milliseconds, text."""
    encoded = text[len(NOTICE):]
    sender, payload = unseal(recipient, TEXT_PROLOGUE, base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    size = int.from_bytes(payload[8:10], "big")
    return sender, int.from_bytes(payload[:8], "big"), payload[10:10 + size].decode()


def value_prologue(key, content):
    """What binds the content's key to the key of the store and to the content."""
    return VALUE_LABEL + hashlib.blake2b(content).digest() + key


def seal_value(author, key, value, recipients, content_key=None, ephemerals=()):
    """A sealed value for the author and these public keys."""
    content_key = content_key or os.urandom(32)
    content = noise.CipherState(CIPHER, content_key).encrypt(b"", value)
    prologue = value_prologue(key, content)
    everybody = [author.public, *recipients]
    ephemerals = ephemerals or [None] * len(everybody)
    locks = b"".join(seal(author, each, prologue, content_key, e) for each, e in zip(everybody, ephemerals))
    return MAGIC + bytes([len(everybody)]) + locks + content


def open_value(recipient, key, sealed):
    """Author and value."""
    size = OVERHEAD + 32
    end = len(MAGIC) + 1 + sealed[len(MAGIC)] * size
    content = sealed[end:]
    for at in range(len(MAGIC) + 1, end, size):
        try:
            author, content_key = unseal(recipient, value_prologue(key, content), sealed[at:at + size])
        except noise.HandshakeFailure:
            continue
        return author, noise.CipherState(CIPHER, content_key).decrypt(b"", content)
    raise noise.HandshakeFailure("sealed for others")


def words(one, other):
    """Eight words of 16 bits."""
    digest = hashlib.blake2b(b"cipherlink words\0" + min(one, other) + max(one, other)).digest()
    for _ in range(65_536):
        digest = hashlib.blake2b(digest).digest()
    consonants, vowels = "bdfghklmnprstvwz", "aeio"
    result = []
    for i in range(0, 16, 2):
        bits = int.from_bytes(digest[i:i + 2], "big")
        result.append(consonants[bits >> 12] + vowels[bits >> 10 & 3] + consonants[bits >> 6 & 15] + vowels[bits >> 4 & 3]
                      + consonants[bits & 15])
    return " ".join(result)


def vectors():
    """Fixed keys: 32 times 1 for ann, 2 for bob, 3 and 4 for ephemerals, 5 for content."""
    ann, bob, e, f = (noise.KeyPair(bytes([i]) * 32) for i in (1, 2, 3, 4))
    text, value, key = "gr\u00fc\u00dfe, bob", b"a value\n\0", b"deploy/token"
    return {"ann": "01" * 32, "bob": "02" * 32, "ephemerals": ["03" * 32, "04" * 32], "prologue": b"prologue".hex(),
            "payload": b"payload".hex(), "message": seal(ann, bob.public, b"prologue", b"payload", e).hex(),
            "millis": "1772362800123", "text": text.encode().hex(), "sealed_text": seal_text(ann, bob.public, 1772362800123, text, e),
            "key": key.hex(), "value": value.hex(), "content_key": "05" * 32,
            "sealed_value": seal_value(ann, key, value, [bob.public], bytes([5]) * 32, [e, f]).hex(),
            "words": words(ann.public, bob.public)}


def main(verb, arguments):
    """Runs one of the lines of the module's text."""
    pair = lambda private: noise.KeyPair(bytes.fromhex(private))
    raw = bytes.fromhex
    if verb == "seal-text":
        print(seal_text(pair(arguments[0]), raw(arguments[1]), int(arguments[2]), arguments[3]))
    elif verb == "open-text":
        sender, millis, text = open_text(pair(arguments[0]), arguments[1])
        print(sender.hex(), millis, text, sep="\n")
    elif verb == "seal-value":
        print(seal_value(pair(arguments[0]), raw(arguments[1]), raw(arguments[2]), [raw(key) for key in arguments[3:]]).hex())
    elif verb == "open-value":
        print(*(part.hex() for part in open_value(pair(arguments[0]), raw(arguments[1]), raw(arguments[2]))), sep="\n")
    elif verb == "words":
        print(words(raw(arguments[0]), raw(arguments[1])))
    else:
        print(json.dumps(vectors(), indent=2))


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except noise.HandshakeFailure as failure:
        sys.exit("seal: " + str(failure))
