"""The Noise handshake of section 1 of docs/protocol.md, and peers that get it wrong at each of its three packets."""
import itertools
import os

import mlkem
import noise
import wire
from noise_cases import vectors
from packets_v1 import SharedKeyChannel
from packets_v2 import HYBRID, PACKET_SIZES, SUITES, prologue
from peer_case import OneByteSocket, PeerCase
from peer_session import Session
from wire import DATA, ERROR, PACKET_HEADER, SYN, Message

LOW_ORDER = tuple(map(bytes.fromhex, vectors("rfc7748_x25519.json")["low_order_u"]))
SYN_MEMBERS = {"operation_mode": "burst", "max_packet_size": 4096}


def with_top_bit(point):
    """The other encoding of the same point: X25519 does not look at the highest bit."""
    return point[:-1] + bytes((point[-1] | 0x80,))


class OpeningCases(PeerCase):
    """A packet of the handshake that is wrong gets no answer at all."""

    def opening(self, identity=None, suite=None, **how):
        """A connection that ends with the test, before packet 1."""
        opening = self.dialect.opening(identity, suite, **how)
        self.addCleanup(opening.channel.close)
        return opening

    def answered(self, identity=None, suite=None):
        """A connection between packets 2 and 3."""
        opening = self.opening(identity, suite)
        opening.channel.write(opening.packet_1())
        opening.take_packet_2(self.dialect.server_key)
        return opening

    def assert_silent_after(self, raw, opening=None):
        """These bytes end the connection, on which nothing was said yet unless one is given."""
        channel = opening.channel if opening else self.raw()
        channel.write(raw)
        self.assert_closed_in_silence(channel)

    # ---- what is right

    def test_all_suites_and_both_modes_open_a_session(self):
        for suite, mode in itertools.product(SUITES, ("step-by-step", "burst")):
            with self.subTest(suite=suite, mode=mode):
                session = self.fresh(suite=suite)
                session.handshake(operation_mode=mode, max_packet_size=65_519)
                value = os.urandom(200_000) + b"\xff"
                self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
                self.ok(session, b"GET " + self.name(), value + b"\n")
                self.assertEqual(self.dialect.server_key, session.channel.remote_key)
                session.disconnect()

    def test_the_handshake_a_byte_at_a_time_is_as_good(self):
        for suite in SUITES:
            opening = self.opening(suite=suite)
            opening.channel.socket = OneByteSocket(opening.channel.socket)
            session = Session(opening.run(self.dialect.server_key))
            session.handshake(**SYN_MEMBERS)
            self.ok(session, b"PING", b"PONG\n")

    def test_syn_may_follow_packet_3_at_once(self):
        opening = self.answered()
        third = opening.packet_3()
        session = Session(opening.channel)
        opening.channel.write(third + session.packet(SYN, 0, b'{"operation_mode":"burst","max_packet_size":4096}'))
        self.assertEqual("ok", session.receive_offer()["status"])

    def test_another_kem_key_in_transit_does_not_go_unnoticed(self):
        opening = self.opening(suite=3)
        packet = bytearray(opening.packet_1())
        packet[9 + 1 + 32:] = mlkem.key_gen()[0]
        opening.channel.write(packet)
        with self.assertRaises(wire.Violation):
            opening.take_packet_2()

    def test_the_ephemeral_key_of_the_server_is_new_each_time(self):
        keys = set()
        for _ in range(4):
            keys.add(self.answered().handshake.re)
        self.assertEqual(4, len(keys))

    # ---- packet 1

    def test_a_packet_1_of_low_order_is_closed_without_a_byte(self):
        self.assertEqual(7, len(LOW_ORDER))
        kem = mlkem.key_gen()[0]
        for suite, point in itertools.product(SUITES, LOW_ORDER):
            for encoding in (point, with_top_bit(point)):
                with self.subTest(suite=suite, point=encoding.hex()):
                    data = bytes((suite,)) + encoding + (kem if suite in HYBRID else b"")
                    self.assert_silent_after(PACKET_HEADER.pack(2, 0, len(data)) + data)

    def test_a_packet_1_of_another_size_is_closed_without_a_byte(self):
        for size, suite in itertools.product((0, 1, 15, 16, 31, 32, 34, 49, 64, 96, 1184, 1216, 1218, 4096, 65_535, 2**31,
                                              2**32 - 1), (1, 3)):
            with self.subTest(size=size, suite=suite):
                data = bytes((suite,)) + os.urandom(min(size, 4096))
                self.assert_silent_after(PACKET_HEADER.pack(2, 0, size) + data[:size])

    def test_a_packet_1_of_the_size_of_another_suite_is_closed_without_a_byte(self):
        for suite, size in ((1, 1217), (2, 1217), (3, 33), (4, 33)):
            with self.subTest(suite=suite):
                self.assertNotEqual(size, PACKET_SIZES[suite][0])
                self.assert_silent_after(PACKET_HEADER.pack(2, 0, size) + bytes((suite,)) + os.urandom(size - 1))

    def test_a_kem_key_with_a_coefficient_that_is_not_reduced_is_closed_without_a_byte(self):
        for index, coefficient in ((0, mlkem.Q), (767, mlkem.Q), (300, 4095)):
            with self.subTest(index=index, coefficient=coefficient):
                key = mlkem.key_gen()[0]
                packed = int.from_bytes(key, "little")
                packed += (coefficient - (packed >> 12 * index & 4095)) << 12 * index
                key = packed.to_bytes(mlkem.ENCAPSULATION_KEY_BYTES, "little")
                with self.assertRaises(mlkem.BadKey):
                    mlkem.encapsulate(key)
                self.assert_silent_after(PACKET_HEADER.pack(2, 0, 1217) + b"\3" + noise.KeyPair().public + key)

    def test_a_packet_1_with_a_payload_is_closed_without_a_byte(self):
        for payload, suite in itertools.product((b"x", b"early data", bytes(1000)), (1, 3)):
            opening = self.opening(suite=suite)
            message = bytes((opening.suite,)) + opening.handshake.write(payload)
            self.assert_silent_after(opening.channel.frame(message), opening)

    def test_a_nonce_in_a_handshake_packet_is_closed_without_a_byte(self):
        for nonce_size in (1, 12, 24, 2**31, 2**32 - 1):
            with self.subTest(nonce_size=nonce_size):
                self.assert_silent_after(PACKET_HEADER.pack(2, nonce_size, 33))
                opening = self.answered()
                self.assert_silent_after(PACKET_HEADER.pack(2, nonce_size, 64), opening)

    def test_an_unknown_suite_is_closed_without_a_byte(self):
        for suite, size in itertools.product((0, 5, 6, 0x7F, 0x80, 0x81, 0xFF), (33, 1217)):
            with self.subTest(suite=suite, size=size):
                self.assert_silent_after(PACKET_HEADER.pack(2, 0, size) + bytes((suite,)) + os.urandom(size - 1))

    def test_a_packet_1_is_read_whole_before_it_is_judged(self):
        channel = self.raw()
        self.assert_waits_for_the_rest(channel, PACKET_HEADER.pack(2, 0, 33) + b"\1" + bytes(32))
        self.assert_waits_for_the_rest(self.raw(), PACKET_HEADER.pack(2, 0, 1217) + b"\3" + bytes(1216))

    def test_a_repeated_packet_1_is_closed_without_a_byte_more(self):
        opening = self.opening()
        first = opening.packet_1()
        opening.channel.write(first)
        opening.take_packet_2()
        self.assert_silent_after(first, opening)

    def test_another_suite_byte_in_transit_does_not_go_unnoticed(self):
        for asked, made_of_it in ((1, 2), (2, 1), (3, 4), (4, 3)):
            opening = self.opening(suite=asked)
            packet = bytearray(opening.packet_1())
            packet[9] = made_of_it
            opening.channel.write(packet)
            with self.assertRaises(wire.Violation):
                opening.take_packet_2()

    def test_another_prologue_does_not_fit(self):
        for wrong in (b"", b"cipherlink", b"cipherlink\2", b"cipherlink\1\1", b"cipherlink\2\2", b"Cipherlink\2\1"):
            with self.subTest(prologue=wrong):
                self.assertNotEqual(prologue(1), wrong)
                opening = self.opening(suite=1)
                opening.handshake = noise.Handshake(SUITES[1], True, wrong, self.dialect.identity)
                opening.channel.write(opening.packet_1())
                with self.assertRaises(wire.Violation):
                    opening.take_packet_2()

    def test_a_version_1_client_is_closed_without_a_byte(self):
        session = Session(SharedKeyChannel(self.raw().socket, os.urandom(32)))
        session.send_json(SYN, SYN_MEMBERS)
        self.assert_closed_in_silence(session.channel)

    # ---- packet 3

    def test_an_altered_packet_3_is_closed_without_a_byte(self):
        for suite, at in itertools.product((1, 2, 3), (0, 1, 15, 31, 32, 40, 47, 48, 56, 63)):
            with self.subTest(suite=suite, at=at):
                opening = self.answered(suite=suite)
                packet = bytearray(opening.packet_3())
                packet[PACKET_HEADER.size + at] ^= 1 << at % 8
                self.assert_silent_after(packet, opening)

    def test_a_packet_3_of_another_size_is_closed_without_a_byte(self):
        for size in (0, 16, 33, 63, 65, 80, 96, 4096, 2**32 - 1):
            with self.subTest(size=size):
                self.assert_silent_after(PACKET_HEADER.pack(2, 0, size), self.answered())

    def test_a_packet_3_with_a_payload_is_closed_without_a_byte(self):
        opening = self.answered()
        self.assert_silent_after(opening.channel.frame(opening.handshake.write(b"x")), opening)

    def test_a_static_key_of_low_order_is_closed_without_a_byte(self):
        for point in LOW_ORDER:
            for encoding in (point, with_top_bit(point)):
                with self.subTest(point=encoding.hex()):
                    opening = self.answered()
                    symmetric = opening.handshake.symmetric
                    message = symmetric.encrypt_and_hash(encoding)
                    symmetric.mix_key(bytes(32))
                    self.assert_silent_after(
                        opening.channel.frame(message + symmetric.encrypt_and_hash(b"")), opening)

    def test_the_public_key_alone_lets_nobody_in(self):
        impostor = noise.KeyPair()
        impostor.public = self.dialect.identity.public
        opening = self.answered(identity=impostor)
        self.assert_silent_after(opening.packet_3(), opening)

    def test_the_servers_own_key_lets_nobody_in(self):
        reflected = noise.KeyPair()
        reflected.public = self.dialect.server_key
        opening = self.answered(identity=reflected)
        self.assert_silent_after(opening.packet_3(), opening)

    def test_a_transport_packet_before_packet_3_is_closed_without_a_byte(self):
        message = Message(SYN, 0, b'{"operation_mode":"burst","max_packet_size":4096}').encode()
        for plaintext in (message, bytes(48)):
            opening = self.answered()
            opening.packet_3()
            packet = opening.channel.seal(plaintext)
            self.assert_silent_after(packet, opening)

    def test_packet_3_of_another_connection_is_closed_without_a_byte(self):
        third = self.answered().packet_3()
        self.assert_silent_after(third, self.answered())

    def test_packet_3_twice_is_closed_without_a_byte(self):
        opening = self.answered()
        third = opening.packet_3()
        self.assert_silent_after(third + third, opening)

    def test_a_recorded_connection_gets_nowhere_when_replayed(self):
        session = self.burst(record=True)
        self.ok(session, b"SET %s replayed" % self.name(), b"OK\n")
        self.ok(session, b"DELETE " + self.name(), b"OK\n")
        opening = self.opening()
        opening.channel.write(session.channel.sent[0])
        opening.channel.receive_data()
        self.assert_silent_after(session.channel.sent[1], opening)
        self.assertFalse(self.exists(self.name()))

    # ---- who comes in

    def assert_not_authorized(self, session):
        """Exactly one ERROR with sequence number 0, and the end."""
        self.assertEqual([Message(ERROR, 0, b"ERROR not authorized\n")], self.read_until_closed(session))

    def test_an_unknown_key_is_told_so_and_nothing_else(self):
        for suite in SUITES:
            self.assert_not_authorized(self.fresh(suite=suite, identity=noise.KeyPair()))

    def test_an_unknown_key_that_has_said_more_is_told_the_same(self):
        opening = self.answered(identity=noise.KeyPair())
        third = opening.packet_3()
        session = Session(opening.channel)
        more = session.packet(SYN, 0, b'{"operation_mode":"burst","max_packet_size":4096}')
        more += session.packet(DATA, 1, b"SET %s x" % self.name())
        session.channel.write(third + more)
        self.assert_not_authorized(session)
        self.assertFalse(self.exists(self.name()))

    def test_another_encoding_of_a_known_key_is_another_key(self):
        twin = noise.KeyPair(self.dialect.identity.private_bytes())
        twin.public = with_top_bit(twin.public)
        self.assert_not_authorized(self.fresh(identity=twin))

    def test_the_name_is_the_servers_whatever_the_client_claims(self):
        name = self.dialect.client_name
        for claims in ({}, {"client_id": ""}, {"client_id": "somebody.else"}, {"client_id": name},
                       {"client_id": "operator"}):
            with self.subTest(**claims):
                session = self.burst(**claims)
                self.assertEqual(name, session.answer_to["client_id"])
                lines = dict(line.split(": ", 1) for line in self.ok(session, b"WHOAMI").decode().splitlines())
                self.assertEqual(["name", "key", "permissions", "session"], list(lines))
                self.assertEqual((name, session.answer_to["session_id"]), (lines["name"], lines["session"]))

    def test_a_client_id_of_other_characters_is_refused(self):
        for claim in ("a b", "-x", "x" * 33, "\u00e9", "a\nb"):
            with self.subTest(client_id=claim):
                session = self.fresh()
                session.send_json(SYN, {**SYN_MEMBERS, "client_id": claim})
                self.assert_syn_refused(session)
