"""Section 1 of docs/protocol.md and peers that break it: wrong keys, wild sizes, replay, reflection. Version 1 only."""
import contextlib
import os
import struct

import nacl.secret

import wire
from peer_case import PeerCase
from wire import ACK, DATA, PACKET_HEADER, SYN, SYN_ACK, Message

VERSION = 1
SYN_MEMBERS = {"operation_mode": "burst", "max_packet_size": 1024}


class SharedKeyCases(PeerCase):
    """What does not authenticate gets no answer at all."""

    def test_a_wrong_key_is_closed_without_a_byte(self):
        session = self.fresh(key=os.urandom(32))
        session.send_json(SYN, SYN_MEMBERS)
        self.assert_closed_in_silence(session.channel)

    def test_version_2_is_not_served_without_an_identity(self):
        channel = self.raw()
        channel.write(PACKET_HEADER.pack(2, 0, 33) + b"\1" + os.urandom(32))
        self.assert_closed_in_silence(channel)

    def test_wild_sizes_are_closed_at_the_header(self):
        huge = 0xFFFFFFFF
        for nonce_size, data_size in ((24, huge), (huge, 100), (huge, huge), (24, 2**31), (2**31, 100),
                                      (2**31, 2**31), (24, 5000), (5000, 24), (24, 4096 - 24 + 1),
                                      (24, 2**31 - 1), (24, huge - 32), (24, 0), (24, 15),
                                      (0, 100), (12, 100), (23, 100), (25, 100)):
            with self.subTest(nonce_size=nonce_size, data_size=data_size):
                session = self.fresh()
                session.channel.write(PACKET_HEADER.pack(VERSION, nonce_size, data_size))
                self.assert_closed_in_silence(session.channel)

    def test_the_largest_packet_before_establishment_is_read_whole(self):
        session = self.fresh()
        self.assert_waits_for_the_rest(session.channel, PACKET_HEADER.pack(VERSION, 24, 4096 - 24) + bytes(4096))

    def test_a_packet_beyond_the_negotiated_size_ends_the_session(self):
        session = self.connect(max_packet_size=1024)
        fitting = b"SET %s " % self.name()
        fitting += b"x" * (1024 - 11 - len(fitting))
        self.ok(session, fitting, b"OK\n")
        session.send(DATA, 2, fitting + b"x")
        self.assert_ended(session)
        self.ok(self.connect(), b"GET " + self.name(), fitting.split()[2] + b"\n")
        session = self.connect(max_packet_size=1024)
        session.channel.write(PACKET_HEADER.pack(VERSION, 24, 16 + 1024 + 1))
        self.assert_ended(session)

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

    def test_nonces_need_only_be_unique(self):
        session = self.fresh()
        box = nacl.secret.SecretBox(self.dialect.key)
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

    def test_the_client_is_known_by_the_name_it_claims(self):
        offer = self.connect(client_id="python-peer").answer_to
        self.assertEqual("python-peer", offer["client_id"])

    def test_the_same_packet_twice_runs_once(self):
        session = self.burst(8)
        packet = self.incr(session, 1)
        session.channel.write(packet + packet)
        self.assertEqual([Message(ACK, 1, b"1\n")] * 2, [session.receive(), session.receive()])
        self.assertEqual(1, self.counted(session))

    def test_a_session_ends_before_its_numbers_wrap(self):
        session = self.burst(2000)
        request = b"INCR " + self.name()
        last = 0
        for reply in session.pipeline(request for _ in range(wire.LAST_SEQUENCE)):
            last = int(reply.payload)
        self.assertEqual((wire.LAST_SEQUENCE, wire.LAST_SEQUENCE), (last, session.sequence))
        session.send(DATA, 0, request)
        self.assert_failed(session)
        self.assertEqual(wire.LAST_SEQUENCE, self.counted(session))


def pynacl_packet(box, plaintext):
    """A packet as PyNaCl's own encrypt() makes it, nonce and all."""
    sealed = box.encrypt(plaintext)
    return PACKET_HEADER.pack(VERSION, len(sealed.nonce), len(sealed.ciphertext)) + sealed
