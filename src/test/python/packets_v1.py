"""The packet and the message layer of the version 1 wire: sections 1 and 2 of docs/protocol.md."""
import collections
import hashlib
import os
import struct
import sys

try:
    import nacl.exceptions
    import nacl.secret
except ImportError:
    sys.exit("packets_v1: Python cannot import nacl: install the Debian package python3-nacl")

VERSION, NONCE_BYTES, TAG_BYTES, PREFIX_BYTES = 1, 24, 16, 16
PACKET_HEADER = struct.Struct("!BII")
MESSAGE_HEADER = struct.Struct("!IBH4s")
PART_HEADER = struct.Struct("!II")
MAX_PACKET_SIZE = 65_519
LAST_SEQUENCE = 65_535

DATA, ACK, ERROR, KEEPALIVE, DISCONNECT, SYN, SYN_ACK, PART, RESEND = range(1, 10)
MORE = 0x80


class Closed(Exception):
    """The other side ended the connection between two packets."""


class Violation(Exception):
    """The other side broke docs/protocol.md."""


def _crc32c_table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        yield value


_CRC32C = tuple(_crc32c_table())


def crc32c(payload):
    """CRC-32C of the payload, 4 bytes big-endian."""
    crc = 0xFFFFFFFF
    for byte in payload:
        crc = crc >> 8 ^ _CRC32C[(crc ^ byte) & 0xFF]
    return struct.pack("!I", crc ^ 0xFFFFFFFF)


def md5(payload):
    """The first 4 bytes of MD5(payload)."""
    return hashlib.md5(payload, usedforsecurity=False).digest()[:4]


CHECKSUMS = {"md5": md5, "crc32c": crc32c}


class Message(collections.namedtuple("Message", "type sequence payload")):
    """One message; the type carries the MORE flag."""

    def encode(self, checksum=md5):
        """The message as bytes."""
        return MESSAGE_HEADER.pack(len(self.payload), self.type, self.sequence,
                                   checksum(self.payload)) + self.payload

    @classmethod
    def decode(cls, plaintext, checksum=md5):
        """The one message that the plaintext of a packet is; Violation if it is anything else."""
        if len(plaintext) < MESSAGE_HEADER.size:
            raise Violation("a plaintext of %d bytes" % len(plaintext))
        length, kind, sequence, check = MESSAGE_HEADER.unpack_from(plaintext)
        payload = bytes(plaintext[MESSAGE_HEADER.size:])
        if length != len(payload):
            raise Violation("payload length %d, but %d bytes follow" % (length, len(payload)))
        if check != checksum(payload):
            raise Violation("wrong checksum in message type %d" % kind)
        return cls(kind, sequence, payload)


class Channel:
    """Sealed packets over one socket, with what crossed the wire kept when `record` is set."""

    def __init__(self, sock, key, record=False):
        self.socket = sock
        self.box = nacl.secret.SecretBox(key)
        self.prefix = os.urandom(PREFIX_BYTES)
        self.counter = 0
        self.limit = MAX_PACKET_SIZE
        self.buffer = bytearray()
        self.record = record
        self.sent = []
        self.received = []
        self.last_nonce = None

    def seal(self, plaintext, nonce=None):
        """One packet as bytes; the nonce is the next of our own unless the caller names another."""
        if nonce is None:
            nonce = self.prefix + struct.pack("!Q", self.counter)
            self.counter += 1
        data = self.box.encrypt(plaintext, nonce).ciphertext
        return PACKET_HEADER.pack(VERSION, len(nonce), len(data)) + nonce + data

    def write(self, raw):
        """Sends these bytes as they are."""
        if self.record:
            self.sent.append(bytes(raw))
        self.socket.sendall(raw)

    def has_whole_packet(self):
        """Whether receive() would return without reading from the socket."""
        if len(self.buffer) < PACKET_HEADER.size:
            return False
        _, nonce_size, data_size = PACKET_HEADER.unpack_from(self.buffer)
        return len(self.buffer) >= PACKET_HEADER.size + nonce_size + data_size

    def _fill(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(262_144)
            if not more:
                if self.buffer:
                    raise Violation("the connection ended inside a packet")
                raise Closed()
            self.buffer += more

    def receive(self):
        """The plaintext of the next packet."""
        self._fill(PACKET_HEADER.size)
        version, nonce_size, data_size = PACKET_HEADER.unpack_from(self.buffer)
        if version != VERSION or nonce_size != NONCE_BYTES:
            raise Violation("header of version %d, nonce size %d" % (version, nonce_size))
        if not TAG_BYTES <= data_size <= TAG_BYTES + self.limit:
            raise Violation("data size %d, limit %d" % (data_size, TAG_BYTES + self.limit))
        end = PACKET_HEADER.size + nonce_size + data_size
        self._fill(end)
        raw = bytes(self.buffer[:end])
        del self.buffer[:end]
        if self.record:
            self.received.append(raw)
        nonce = self.last_nonce = raw[PACKET_HEADER.size:PACKET_HEADER.size + NONCE_BYTES]
        if nonce.startswith(self.prefix):
            raise Violation("a reflected packet")
        try:
            return self.box.decrypt(raw[PACKET_HEADER.size + NONCE_BYTES:], nonce)
        except nacl.exceptions.CryptoError:
            raise Violation("a packet that does not authenticate") from None

    def close(self):
        """Closes the socket."""
        self.socket.close()
