"""What both versions of the wire share: packet headers (section 1 of docs/protocol.md) and messages (section 2)."""
import collections
import hashlib
import struct

TAG_BYTES = 16
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

    @classmethod
    def split(cls, plaintext):
        """The bytes of each message in the plaintext; Violation if it is not one or more whole messages."""
        pieces, at = [], 0
        while at < len(plaintext) or not pieces:
            if len(plaintext) - at < MESSAGE_HEADER.size:
                raise Violation("%d bytes where a message should begin" % (len(plaintext) - at))
            end = at + MESSAGE_HEADER.size + MESSAGE_HEADER.unpack_from(plaintext, at)[0]
            if end > len(plaintext):
                raise Violation("a message of %d bytes in %d" % (end - at, len(plaintext) - at))
            pieces.append(plaintext[at:end])
            at = end
        return pieces


class Channel:
    """Sealed packets over one socket, with what crossed the wire kept when `record` is set.

    A subclass is one version: it gives the constants, `seal`, and `unseal`.
    """

    VERSION = NONCE_BYTES = None
    MANY_MESSAGES = False         # whether a packet may carry more than one
    NUMBERS_WRAP = False          # whether a session goes on after the last sequence number

    def __init__(self, sock, record=False):
        self.socket = sock
        self.buffer = bytearray()
        self.record = record
        self.sent = []
        self.received = []

    def data_sizes(self):
        """The smallest and the largest data of a packet that may come now."""
        raise NotImplementedError

    def establish(self, max_packet_size):
        """Takes up the limits of an established session."""
        raise NotImplementedError

    def seal(self, plaintext):
        """One packet as bytes."""
        raise NotImplementedError

    def unseal(self, nonce, data):
        """The plaintext of a packet's data; Violation if it does not authenticate."""
        raise NotImplementedError

    def frame(self, data, nonce=b""):
        """One packet with this data as it is."""
        return PACKET_HEADER.pack(self.VERSION, len(nonce), len(data)) + nonce + data

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

    def receive_data(self):
        """The nonce and the data of the next packet."""
        self._fill(PACKET_HEADER.size)
        version, nonce_size, data_size = PACKET_HEADER.unpack_from(self.buffer)
        if version != self.VERSION or nonce_size != self.NONCE_BYTES:
            raise Violation("header of version %d, nonce size %d" % (version, nonce_size))
        least, most = self.data_sizes()
        if not least <= data_size <= most:
            raise Violation("data size %d, not %d .. %d" % (data_size, least, most))
        end = PACKET_HEADER.size + nonce_size + data_size
        self._fill(end)
        raw = bytes(self.buffer[:end])
        del self.buffer[:end]
        if self.record:
            self.received.append(raw)
        return raw[PACKET_HEADER.size:PACKET_HEADER.size + nonce_size], raw[PACKET_HEADER.size + nonce_size:]

    def receive(self):
        """The plaintext of the next packet."""
        return self.unseal(*self.receive_data())

    def close(self):
        """Closes the socket."""
        self.socket.close()
