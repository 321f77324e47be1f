"""Section 3 of docs/protocol.md: SYN, SYN_ACK, ACK and what they negotiate."""
import json
import re

import wire
from peer_case import PeerCase
from peer_session import Refused


class HandshakeCases(PeerCase):
    """Each test is one connection, or a few."""

    def test_step_by_step_takes_the_defaults(self):
        offer = self.connect(operation_mode="step-by-step", window_size=9).answer_to
        self.assertEqual("ok", offer["status"])
        self.assertEqual("step-by-step", offer["operation_mode"])
        self.assertEqual(1, offer["window_size"])
        self.assertEqual("md5", offer["checksum"])
        self.assertIs(False, offer["resumed"])
        self.assertRegex(offer["session_id"], re.compile(r"\A[0-9a-f]{32}\Z", re.IGNORECASE))

    def test_the_example_of_the_document(self):
        session = self.connect(operation_mode="burst", max_packet_size=1024, window_size=5)
        self.assertEqual(("burst", 1024, 5), tuple(
            session.answer_to[name] for name in ("operation_mode", "max_packet_size", "window_size")))
        self.ok(session, b"PING", b"PONG\n")

    def test_burst_without_a_window_gets_64(self):
        self.assertEqual(64, self.connect(operation_mode="burst").answer_to["window_size"])

    def test_a_large_window_is_clamped(self):
        window = self.burst(32_767).answer_to["window_size"]
        self.assertTrue(64 <= window <= 32_767, window)

    def test_a_large_packet_size_is_clamped(self):
        for wish in (65_520, 1_000_000, 2**31, 2**32):
            size = self.connect(max_packet_size=wish).answer_to["max_packet_size"]
            self.assertTrue(1024 <= size <= 65_519, (wish, size))

    def test_unknown_members_are_ignored(self):
        session = self.connect(operation_mode="burst", window_size=3, colour="blue",
                               nested={"a": [1, None, {"b": "\u00e9\u0000"}]}, compression=True)
        self.assertEqual(3, session.answer_to["window_size"])
        self.ok(session, b"PING", b"PONG\n")

    def test_crc32c_is_negotiated_and_used(self):
        session = self.burst(checksum="crc32c")
        self.assertEqual("crc32c", session.answer_to["checksum"])
        value = bytes(range(256)) * 10
        self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
        self.ok(session, b"GET " + self.name(), value + b"\n")

    def test_md5_is_not_taken_once_crc32c_was_negotiated(self):
        session = self.burst(checksum="crc32c")
        session.checksum = wire.md5
        packet = session.packet(wire.DATA, 1, b"SET %s x" % self.name())
        session.checksum = wire.crc32c
        session.channel.write(packet)
        self.assertEqual((wire.RESEND, 1), session.receive()[:2])
        self.assertFalse(self.exists(self.name()))

    def test_two_sessions_have_two_ids(self):
        ids = {self.connect().answer_to["session_id"] for _ in range(5)}
        self.assertEqual(5, len(ids))

    def test_an_unknown_session_is_not_resumed(self):
        session = self.connect(session_id="00" * 16, received=0)
        self.assertIs(False, session.answer_to["resumed"])
        self.assertNotEqual("00" * 16, session.answer_to["session_id"])
        self.ok(session, b"PING", b"PONG\n")

    def test_a_session_goes_on_for_a_peer_that_echoes_what_it_is_told(self):
        session = self.burst()
        name = session.answer_to["session_id"]
        for number in range(1, 6):
            self.ok(session, b"APPEND %s x" % self.name(), b"%d\n" % number)
            session.channel.close()
            sequence, asked = session.sequence, (name, session.answer_to["session_id"])[number % 2]
            session = self.burst(session_id=asked, received=0)
            self.assertIs(True, session.answer_to["resumed"])
            self.assertTrue(session.answer_to["session_id"].startswith(name))
            self.assertEqual(number, session.answer_to["received"])
            session.sequence = sequence

    def test_bad_values_in_syn_are_refused(self):
        good = {"operation_mode": "burst", "max_packet_size": 4096, "window_size": 4}
        for name, value in (("operation_mode", None), ("operation_mode", "turbo"), ("operation_mode", 1),
                            ("operation_mode", "stream"), ("max_packet_size", None),
                            ("max_packet_size", 1023), ("max_packet_size", 0), ("max_packet_size", -1),
                            ("max_packet_size", "4096"), ("window_size", 0), ("window_size", -5),
                            ("window_size", "many"), ("checksum", "sha1"), ("client_id", 5)):
            with self.subTest(member=name, value=value):
                session = self.fresh()
                session.send_json(wire.SYN, {**good, name: value})
                self.assert_syn_refused(session)

    def test_missing_required_members_are_refused_with_a_reason(self):
        for members in ({}, {"operation_mode": "burst"}, {"max_packet_size": 4096}):
            with self.subTest(members=members):
                session = self.fresh()
                session.send_json(wire.SYN, members)
                with self.assertRaises(Refused) as refusal:
                    session.receive_offer()
                self.assertTrue(str(refusal.exception))
                self.assertEqual([], self.read_until_closed(session))

    def test_a_syn_that_is_no_json_object_is_refused(self):
        deep = b"[" * 1000 + b"]" * 1000
        for payload in (b"", b"{", b"null", b"[]", b'"SYN"', b"{}{}", b"\xff\xfe", b"{'operation_mode':1}",
                        b'{"operation_mode":"burst","max_packet_size":4096', deep, b'{"x":' + deep + b"}",
                        b'{"operation_mode":"burst","max_packet_size":NaN}',
                        b'{"operation_mode":"burst","max_packet_size":4096} trailing'):
            with self.subTest(payload=payload[:60]):
                session = self.fresh()
                session.send(wire.SYN, 0, payload)
                self.assert_syn_refused(session)

    def test_a_syn_of_2048_bytes_is_taken_and_one_byte_more_is_not(self):
        members = {"operation_mode": "burst", "max_packet_size": 4096, "filler": ""}
        filler = 2048 - len(json.dumps(members))
        session = self.fresh()
        session.handshake(**{**members, "filler": "x" * filler})
        self.ok(session, b"PING", b"PONG\n")
        session = self.fresh()
        session.send_json(wire.SYN, {**members, "filler": "x" * (filler + 1)})
        self.assert_syn_refused(session)

    def test_a_syn_with_a_sequence_number_or_a_bad_checksum_is_refused(self):
        members = json.dumps({"operation_mode": "burst", "max_packet_size": 4096}).encode()
        session = self.fresh()
        session.send(wire.SYN, 1, members)
        self.assert_syn_refused(session)
        session = self.fresh()
        session.checksum = wire.crc32c
        session.send(wire.SYN, 0, members)
        session.checksum = wire.md5
        self.assert_syn_refused(session)

    def test_a_wrong_session_id_is_not_accepted(self):
        other = self.connect().answer_to["session_id"]
        for echo in ({"session_id": "00" * 16}, {"session_id": other}, {}, {"session_id": None}, []):
            with self.subTest(echo=echo):
                session, offer = self.offered()
                session.send_json(wire.ACK, echo)
                session.send(wire.DATA, 1, b"SET %s x" % self.name())
                self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def test_data_before_ack_ends_the_connection(self):
        session, _ = self.offered()
        session.send(wire.DATA, 1, b"SET %s x" % self.name())
        self.assert_ended(session)
        session = self.fresh()
        session.send(wire.DATA, 1, b"SET %s x" % self.name())
        self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def test_nothing_but_syn_and_then_ack_is_taken(self):
        for kind in (*range(0, 12), 0x7F, 0x80, 0x81, 0x86, 0xFF):
            payload = b'{"operation_mode":"burst","max_packet_size":4096}'
            if kind != wire.SYN:
                with self.subTest(first=kind):
                    session = self.fresh()
                    session.send(kind, 0, payload)
                    self.assert_syn_refused(session)
            if kind != wire.ACK:
                with self.subTest(second=kind):
                    session, offer = self.offered()
                    session.send_json(kind, {"session_id": offer["session_id"], **json.loads(payload)})
                    self.assert_ended(session)

    def test_a_second_syn_ends_an_established_session(self):
        session = self.connect()
        session.send_json(wire.SYN, {"operation_mode": "burst", "max_packet_size": 4096})
        self.assert_ended(session)
