"""The packets of version 1, sealed with a shared key: section 1 of docs/protocol.md."""
import os
import struct
import sys

from wire import MAX_PACKET_SIZE, TAG_BYTES, Channel, Violation

try:
    import nacl.exceptions
    import nacl.secret
except ImportError:
    sys.exit("packets_v1: Python cannot import nacl: install the Debian package python3-nacl")

PREFIX_BYTES = 16


class SharedKeyChannel(Channel):
    """Each packet is a secretbox and carries exactly one message."""

    VERSION, NONCE_BYTES = 1, 24

    def __init__(self, sock, key, record=False):
        super().__init__(sock, record)
        self.box = nacl.secret.SecretBox(key)
        self.prefix = os.urandom(PREFIX_BYTES)
        self.counter = 0
        self.limit = MAX_PACKET_SIZE
        self.last_nonce = None

    def data_sizes(self):
        return TAG_BYTES, TAG_BYTES + self.limit

    def establish(self, max_packet_size):
        self.limit = max_packet_size

    def seal(self, plaintext, nonce=None):
        """One packet as bytes; the nonce is the next of our own unless the caller names another."""
        if nonce is None:
            nonce = self.prefix + struct.pack("!Q", self.counter)
            self.counter += 1
        return self.frame(self.box.encrypt(plaintext, nonce).ciphertext, nonce)

    def unseal(self, nonce, data):
        self.last_nonce = nonce
        if nonce.startswith(self.prefix):
            raise Violation("a reflected packet")
        try:
            return self.box.decrypt(data, nonce)
        except nacl.exceptions.CryptoError:
            raise Violation("a packet that does not authenticate") from None
