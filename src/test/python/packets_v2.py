"""The packets of version 2: the Noise handshake and what it seals, section 1 of docs/protocol.md."""
import noise
from wire import TAG_BYTES, Channel, Violation

SUITES = {1: ("XX_25519", "AESGCM"), 2: ("XX_25519", "ChaChaPoly"),
          3: ("XXhfs_25519+MLKEM768", "AESGCM"), 4: ("XXhfs_25519+MLKEM768", "ChaChaPoly")}
HYBRID = (3, 4)
PACKET_SIZES = {1: (33, 96, 64), 2: (33, 96, 64), 3: (1217, 1200, 64), 4: (1217, 1200, 64)}
MAX_UNESTABLISHED_BYTES = 4_096
MESSAGES_A_KEY = 65_536


class ServerKeyRejected(Exception):
    """The server's static key is not the one that the client expects."""


def prologue(suite):
    """What both sides mix in before the first message."""
    return b"cipherlink" + bytes((NoiseChannel.VERSION, suite))


class NoiseChannel(Channel):
    """A connection of version 2. What it carries is up to the handshake first, and then to `begin_transport`."""

    VERSION, NONCE_BYTES = 2, 0
    MANY_MESSAGES = NUMBERS_WRAP = True

    def __init__(self, sock, record=False):
        super().__init__(sock, record)
        self.sizes = (0, 0)
        self.sending = self.receiving = None
        self.remote_key = None

    def data_sizes(self):
        return self.sizes

    def establish(self, max_packet_size):
        self.sizes = (TAG_BYTES, noise.MAX_MESSAGE_BYTES)

    def begin_transport(self, handshake):
        """The three packets have passed."""
        self.sending, self.receiving = handshake.split()
        self.remote_key = handshake.rs
        self.sizes = (TAG_BYTES, MAX_UNESTABLISHED_BYTES)

    def seal(self, plaintext):
        data = self.sending.encrypt(b"", plaintext)
        if self.sending.n % MESSAGES_A_KEY == 0:
            self.sending.rekey()
        return self.frame(data)

    def unseal(self, nonce, data):
        try:
            plaintext = self.receiving.decrypt(b"", data)
        except noise.HandshakeFailure:
            raise Violation("a packet that does not authenticate") from None
        if self.receiving.n % MESSAGES_A_KEY == 0:
            self.receiving.rekey()
        return plaintext


class Opening:
    """The client's side of the three handshake packets, a step at a time, so that tests can go wrong at each."""

    def __init__(self, channel, identity, suite):
        self.channel = channel
        self.suite = suite
        self.handshake = noise.Handshake(SUITES[suite], True, prologue(suite), identity)
        channel.sizes = PACKET_SIZES[suite][1:2] * 2

    def packet_1(self):
        """The first packet as bytes."""
        return self.channel.frame(bytes((self.suite,)) + self.handshake.write())

    def take_packet_2(self, server_key=None):
        """Reads the server's packet and looks at its key, if one is expected."""
        try:
            payload = self.handshake.read(self.channel.receive_data()[1])
        except noise.HandshakeFailure as failure:
            raise Violation("packet 2: %s" % failure) from None
        if payload:
            raise Violation("packet 2 has a payload")
        if server_key is not None and self.handshake.rs != server_key:
            raise ServerKeyRejected(self.handshake.rs.hex())

    def packet_3(self):
        """The third packet as bytes; the channel is ready for transport."""
        packet = self.channel.frame(self.handshake.write())
        self.channel.begin_transport(self.handshake)
        return packet

    def run(self, server_key=None):
        """All three packets; returns the channel."""
        self.channel.write(self.packet_1())
        self.take_packet_2(server_key)
        self.channel.write(self.packet_3())
        return self.channel
