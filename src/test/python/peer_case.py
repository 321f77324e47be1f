"""What the test cases share: connections to the server under test, and ways to state what must happen."""
import os
import pathlib
import time
import unittest

import cipherlink_v1 as wire

HEADER_DEADLINE_SECONDS = 5    # well below the 10 s that the handshake deadline would take


def random_value(size):
    """Random bytes whose last one is not the newline that the protocol would take off."""
    return os.urandom(size - 1) + b"\xff"


class PeerCase(unittest.TestCase):
    """One test against the server at CIPHERLINK_SERVER with the key in CIPHERLINK_SHARED_KEY."""

    def setUp(self):
        self.address = wire.parse_address(os.environ["CIPHERLINK_SERVER"])
        self.key = pathlib.Path(os.environ["CIPHERLINK_SHARED_KEY"]).read_bytes()
        self.prefix = "py:%s:" % os.urandom(6).hex()

    def name(self, suffix="k"):
        """A key that no other test uses."""
        return (self.prefix + suffix).encode()

    def connect(self, record=False, **wishes):
        """An established session that ends with the test."""
        session = wire.connect(self.address, self.key, record, **wishes)
        self.addCleanup(session.channel.close)
        return session

    def burst(self, window=64, **wishes):
        """An established session in burst mode."""
        return self.connect(operation_mode="burst", window_size=window, **wishes)

    def fresh(self, key=None, record=False):
        """A connection on which nothing was said yet."""
        session = wire.Session(wire.Channel(wire.dial(self.address), key or self.key, record))
        self.addCleanup(session.channel.close)
        return session

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

    def assert_closed_in_silence(self, session):
        """The connection ends soon, without one byte."""
        began = time.monotonic()
        session.channel.socket.settimeout(HEADER_DEADLINE_SECONDS)
        try:
            self.assertEqual(b"", session.channel.socket.recv(1))
        except ConnectionResetError:
            pass
        except TimeoutError:
            self.fail("still open after %.1f s" % (time.monotonic() - began))
