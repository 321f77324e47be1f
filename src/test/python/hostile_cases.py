"""Section 1 of docs/protocol.md and peers that break it: wrong keys, wild sizes, replay, reflection."""
import contextlib
import os
import struct
import time

import nacl.secret

import cipherlink_v1 as wire
from cipherlink_v1 import ACK, DATA, PACKET_HEADER, SYN, SYN_ACK, Message
from peer_case import PeerCase

SYN_MEMBERS = {"operation_mode": "burst", "max_packet_size": 1024}


class HostileCases(PeerCase):
    """What does not authenticate gets no answer at all."""

    def test_a_wrong_key_is_closed_without_a_byte(self):
        session = self.fresh(key=os.urandom(32))
        session.send_json(SYN, SYN_MEMBERS)
        self.assert_closed_in_silence(session)

    def test_wild_sizes_are_closed_at_the_header(self):
        huge = 0xFFFFFFFF
        for nonce_size, data_size in ((24, huge), (huge, 100), (huge, huge), (24, 2**31), (2**31, 100),
                                      (2**31, 2**31), (24, 5000), (5000, 24), (24, 4096 - 24 + 1),
                                      (24, 2**31 - 1), (24, huge - 32), (24, 0), (24, 15),
                                      (0, 100), (12, 100), (23, 100), (25, 100)):
            with self.subTest(nonce_size=nonce_size, data_size=data_size):
                session = self.fresh()
                session.channel.write(PACKET_HEADER.pack(wire.VERSION, nonce_size, data_size))
                self.assert_closed_in_silence(session)

    def test_the_largest_packet_before_establishment_is_read_whole(self):
        session = self.fresh()
        session.channel.write(PACKET_HEADER.pack(wire.VERSION, 24, 4096 - 24) + bytes(4095))
        session.channel.socket.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            session.channel.socket.recv(1)
        session.channel.write(b"\0")
        self.assert_closed_in_silence(session)

    def test_a_packet_beyond_the_negotiated_size_ends_the_session(self):
        session = self.connect(max_packet_size=1024)
        fitting = b"SET %s " % self.name()
        fitting += b"x" * (1024 - 11 - len(fitting))
        self.ok(session, fitting, b"OK\n")
        session.send(DATA, 2, fitting + b"x")
        self.assert_ended(session)
        self.ok(self.connect(), b"GET " + self.name(), fitting.split()[2] + b"\n")
        session = self.connect(max_packet_size=1024)
        session.channel.write(PACKET_HEADER.pack(wire.VERSION, 24, 16 + 1024 + 1))
        self.assert_ended(session)

    def test_unknown_versions_are_closed_without_a_byte(self):
        for version in (0, 3, 4, 22, 71, 127, 128, 129, 255):
            with self.subTest(version=version):
                session = self.fresh()
                session.channel.write(PACKET_HEADER.pack(version, 24, 100))
                self.assert_closed_in_silence(session)

    def test_other_protocols_are_closed_without_a_byte(self):
        for hello in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                      b"*1\r\n$4\r\nPING\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", bytes(9), b"\xff" * 100):
            with self.subTest(hello=hello[:12]):
                session = self.fresh()
                session.channel.write(hello)
                self.assert_closed_in_silence(session)

    def test_another_version_later_ends_the_session(self):
        session = self.connect()
        session.channel.write(b"\2" + session.packet(DATA, 1, b"SET %s x" % self.name())[1:])
        self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def test_a_flipped_bit_anywhere_ends_the_connection(self):
        for at in (0, 4, 8, 9, 20, 32, 33, 48, 49, -1):
            with self.subTest(at=at):
                session = self.connect()
                packet = bytearray(session.packet(DATA, 1, b"SET %s x" % self.name()))
                packet[at] ^= 0x10
                session.channel.write(packet)
                session.channel.socket.shutdown(1)
                self.assertEqual([], [m for m in self.read_until_closed(session) if m.type != wire.ERROR])
        self.assertFalse(self.exists(self.name()))

    def test_a_plaintext_that_is_not_one_message_ends_the_session(self):
        good = Message(DATA, 1, b"SET %s x" % self.name()).encode()
        for plaintext in (b"", good[:5], good[:10], good[:-1], good + b"x", good + good,
                          struct.pack("!I", 2**32 - 1) + good[4:], struct.pack("!I", 2**31) + good[4:]):
            with self.subTest(plaintext=plaintext[:16]):
                session = self.burst()
                session.channel.write(session.channel.seal(plaintext))
                self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def test_unknown_and_misplaced_message_types_end_the_session(self):
        for kind in (0, SYN, SYN_ACK, 0x0A, 0x10, 0x7F, 0x80, 0x82, 0x84, 0x85, 0x86, 0x8F, 0xFF):
            with self.subTest(type=kind):
                session = self.connect()
                session.send(kind, 1, b"")
                self.assert_ended(session)

    def test_one_byte_at_a_time_is_as_good_as_at_once(self):
        session = self.fresh()
        whole = session.channel.socket.sendall
        session.channel.socket = OneByteSocket(session.channel.socket)
        session.handshake(operation_mode="burst", max_packet_size=1024, window_size=4)
        value = bytes(range(256))
        self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
        self.ok(session, b"GET " + self.name(), value + b"\n")
        whole(session.packet(DATA, session.sequence + 1, b"PING") + session.packet(DATA, session.sequence + 2, b"PING"))
        self.assertEqual([Message(ACK, session.sequence + n, b"PONG\n") for n in (1, 2)],
                         [session.receive(), session.receive()])

    def test_a_packet_cut_anywhere_is_not_run(self):
        for cut in (1, 8, 9, 20, 33, 48, 60, -1):
            session = self.connect()
            session.channel.write(session.packet(DATA, 1, b"SET %s x" % self.name())[:cut])
            session.channel.socket.shutdown(1)
            self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def test_nonces_need_only_be_unique(self):
        session = self.fresh()
        box = nacl.secret.SecretBox(self.key)
        session.channel.seal = lambda plaintext: pynacl_packet(box, plaintext)
        session.handshake(**SYN_MEMBERS)
        self.ok(session, b"SET %s random" % self.name(), b"OK\n")
        self.ok(session, b"GET " + self.name(), b"random\n")

    def test_the_nonces_of_the_server_are_a_prefix_and_a_counter(self):
        prefixes = set()
        for _ in range(2):
            session = self.burst(record=True)
            for reply in session.pipeline([b"PING"] * 100):
                self.assertTrue(reply.ok)
            nonces = [raw[9:33] for raw in session.channel.received]
            self.assertEqual(1, len({nonce[:16] for nonce in nonces}))
            counters = [int.from_bytes(nonce[16:], "big") for nonce in nonces]
            self.assertEqual(list(range(counters[0], counters[0] + 101)), counters)
            prefixes.add(nonces[0][:16])
        self.assertEqual(2, len(prefixes))

    def test_a_reflected_packet_ends_the_connection(self):
        session = self.fresh(record=True)
        session.send_json(SYN, SYN_MEMBERS)
        session.receive()
        session.channel.write(session.channel.received[0])
        self.assert_ended(session)
        session = self.connect(record=True)
        self.ok(session, b"PING", b"PONG\n")
        session.channel.write(session.channel.received[-1])
        self.assert_ended(session)

    def test_a_nonce_with_the_prefix_of_the_server_ends_the_connection(self):
        session = self.connect(record=True)
        prefix = session.channel.received[0][9:25]
        message = Message(DATA, 1, b"SET %s x" % self.name()).encode()
        session.channel.write(session.channel.seal(message, prefix + struct.pack("!Q", 2**40)))
        self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def recording(self):
        """The packets of a whole session that sets the key; the key is gone again."""
        session = self.burst(record=True)
        self.ok(session, b"SET %s replayed" % self.name(), b"OK\n")
        self.ok(session, b"DELETE " + self.name(), b"OK\n")
        sent = list(session.channel.sent)
        session.disconnect()
        return sent

    def test_a_recorded_session_writes_nothing_when_replayed(self):
        sent = self.recording()
        session = self.fresh()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for raw in sent[:3]:
                session.channel.write(raw)
        messages = self.read_until_closed(session)
        self.assertEqual(SYN_ACK, messages[0].type if messages else SYN_ACK)
        self.assertNotIn(ACK, [message.type for message in messages])
        self.assertFalse(self.exists(self.name()))

    def test_a_recorded_session_writes_nothing_when_replayed_at_once_or_inside_another(self):
        sent = self.recording()
        session = self.fresh()
        session.channel.write(b"".join(sent[:3]))
        self.assertNotIn(ACK, [message.type for message in self.read_until_closed(session)])
        session = self.connect()
        session.channel.write(sent[0])
        self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def test_the_server_serves_on_after_a_flood_of_rubbish(self):
        for _ in range(100):
            session = self.fresh()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                session.channel.write(os.urandom(64))
            session.channel.close()
        deadline = time.monotonic() + 10
        while True:
            try:
                self.ok(self.connect(), b"PING", b"PONG\n")
                return
            except (wire.Closed, ConnectionResetError):    # the limit for one address still holds
                self.assertLess(time.monotonic(), deadline, "not served again")
                time.sleep(0.02)


def pynacl_packet(box, plaintext):
    """A packet as PyNaCl's own encrypt() makes it, nonce and all."""
    sealed = box.encrypt(plaintext)
    return PACKET_HEADER.pack(wire.VERSION, len(sealed.nonce), len(sealed.ciphertext)) + sealed


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
