"""What the test cases share: connections to the server under test, and ways to state what must happen."""
import os
import time
import unittest

import peer_session
import wire

HEADER_DEADLINE_SECONDS = 5    # well below the 10 s that the handshake deadline would take


def random_value(size):
    """Random bytes whose last one is not the newline that the protocol would take off."""
    return os.urandom(size - 1) + b"\xff"


class PeerCase(unittest.TestCase):
    """One test against the server that the runner's dialect speaks to."""

    dialect = None    # set by the runner: a SharedKeyDialect or a NoiseDialect

    def setUp(self):
        self.prefix = "py:%s:" % os.urandom(6).hex()

    def name(self, suffix="k"):
        """A key that no other test uses."""
        return (self.prefix + suffix).encode()

    def connect(self, record=False, **wishes):
        """An established session that ends with the test."""
        return peer_session.connect(self.opened(record), **wishes)

    def burst(self, window=64, **wishes):
        """An established session in burst mode."""
        return self.connect(operation_mode="burst", window_size=window, **wishes)

    def raw(self, record=False):
        """A channel on which nothing at all was said yet; it ends with the test."""
        channel = self.dialect.raw(record)
        self.addCleanup(channel.close)
        return channel

    def opened(self, record=False, **how):
        """A channel that is ready for SYN and ends with the test."""
        channel = self.dialect.open(record, **how)
        self.addCleanup(channel.close)
        return channel

    def fresh(self, record=False, **how):
        """A connection on which no message was sent yet."""
        return peer_session.Session(self.opened(record, **how))

    def offered(self, **wishes):
        """A connection between SYN_ACK and ACK, and the SYN_ACK object."""
        session = self.fresh()
        session.send_json(wire.SYN, {"operation_mode": "step-by-step", "max_packet_size": 65_519, **wishes})
        return session, session.receive_offer()

    def ok(self, session, request, payload=None):
        """The request is answered by ACK (with this payload); returns the payload."""
        reply = session.request(request)
        self.assertTrue(reply.ok, (request[:80], reply.payload[:200]))
        if payload is not None:
            self.assertEqual(payload, reply.payload)
        return reply.payload

    def refused(self, session, request, payload=None):
        """The request is answered by `ERROR reason` and a newline."""
        reply = session.request(request)
        self.assertFalse(reply.ok, (request[:80], reply.payload[:200]))
        self.assertRegex(reply.payload, rb"\AERROR [^\n]+\n\Z")
        if payload is not None:
            self.assertEqual(payload, reply.payload)
        return reply.payload

    def exists(self, key):
        """Whether the key exists, asked on a connection of its own."""
        session = self.connect()
        answer = self.ok(session, b"EXISTS " + key)
        session.disconnect()
        return {b"1\n": True, b"0\n": False}[answer]

    def incr(self, session, *sequences):
        """INCR requests with these numbers, each in a packet of its own, as one block of bytes."""
        return b"".join(session.packet(wire.DATA, sequence, b"INCR " + self.name()) for sequence in sequences)

    def counted(self, session):
        """What the INCR requests have added up to, asked on another connection."""
        return int(self.connect().request(b"GET " + self.name()).payload)

    def read_until_closed(self, session):
        """Every message up to the end of the connection. A reset counts as an end."""
        messages = []
        while True:
            try:
                messages.append(session.receive())
            except (wire.Closed, ConnectionResetError):
                return messages
            except TimeoutError:
                self.fail("still open, after %s" % (messages,))

    def assert_failed(self, session, *before):
        """Next come these messages, then ERROR with sequence 0, then the end."""
        messages = self.read_until_closed(session)
        self.assertTrue(messages, "closed without the ERROR that the protocol asks for")
        self.assertEqual((wire.ERROR, 0), messages[-1][:2], messages)
        self.assertRegex(messages[-1].payload, rb"\AERROR [^\n]+\n\Z")
        if before:
            self.assertEqual(list(before), messages[:-1])

    def assert_ended(self, session):
        """The connection ends; at most an ERROR with sequence 0 is said before."""
        for message in self.read_until_closed(session):
            self.assertEqual((wire.ERROR, 0), message[:2])

    def assert_syn_refused(self, session):
        """SYN_ACK with status error and a reason, or ERROR with sequence 0, or neither; then the end."""
        for message in self.read_until_closed(session):
            self.assertEqual(0, message.sequence)
            self.assertIn(message.type, (wire.SYN_ACK, wire.ERROR))
            if message.type == wire.SYN_ACK:
                self.assertRegex(message.payload, rb'"status"\s*:\s*"error"')
                self.assertRegex(message.payload, rb'"reason"\s*:\s*"[^"]+"')

    def assert_closed_in_silence(self, channel):
        """The connection ends soon, without one more byte."""
        began = time.monotonic()
        self.assertEqual(b"", channel.buffer)
        channel.socket.settimeout(HEADER_DEADLINE_SECONDS)
        try:
            self.assertEqual(b"", channel.socket.recv(1))
        except ConnectionResetError:
            pass
        except TimeoutError:
            self.fail("still open after %.1f s" % (time.monotonic() - began))

    def assert_waits_for_the_rest(self, channel, packet):
        """The server reads all but the last byte of the packet and still waits; then it closes in silence."""
        channel.write(packet[:-1])
        channel.socket.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            channel.socket.recv(1)
        channel.write(packet[-1:])
        self.assert_closed_in_silence(channel)


class OneByteSocket:
    """A socket whose sendall makes one segment of every byte."""

    def __init__(self, sock):
        self.socket = sock
        self.recv = sock.recv
        self.close = sock.close

    def sendall(self, raw):
        """Sends the bytes one by one."""
        for at in range(len(raw)):
            self.socket.sendall(raw[at:at + 1])
